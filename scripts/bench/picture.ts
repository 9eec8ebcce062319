/** Draws charts of growth as SVG: one line per series, with logarithmic axes. */

import { scaleLog } from "d3-scale";

/** One line of a chart: a cost, measured for several numbers of packages. */
export interface Series {
  name: string;
  points: readonly (readonly [count: number, cost: number])[];
  /** Exponent shown next to the series. The default is the result of {@linkcode exponentOf}. */
  exponent?: number;
}

const WIDTH = 720;
const HEIGHT = 420;
const LEFT = 70;
const RIGHT = 210;
const TOP = 48;
const BOTTOM = 50;
/** Line colours that are distinct with colour blindness too (Okabe and Ito). */
const COLOURS = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#666666",
  "#000000",
];

/**
 * Fits the cost as `base + share · count ^ exponent`, by least squares of relative errors. Used for
 * costs with a fixed part, which would hide the exponent of the growing part.
 *
 * @param points measured points, including one at count 0; the result is `undefined` for fewer than
 * four points
 */
export function growthOf(
  points: readonly (readonly [count: number, cost: number])[],
): { base: number; share: number; exponent: number } | undefined {
  if (points.length < 4) return undefined;
  let best: { base: number; share: number; exponent: number; error: number } | undefined;
  for (let exponent = 0.05; exponent <= 3; exponent += 0.01) {
    const sums = { w: 0, x: 0, y: 0, xx: 0, xy: 0 };
    for (const [count, cost] of points) {
      const [x, w] = [count ** exponent, 1 / cost ** 2];
      sums.w += w;
      sums.x += w * x;
      sums.y += w * cost;
      sums.xx += w * x * x;
      sums.xy += w * x * cost;
    }
    const share = (sums.w * sums.xy - sums.x * sums.y) / (sums.w * sums.xx - sums.x ** 2);
    const base = (sums.y - share * sums.x) / sums.w;
    const error = points.reduce(
      (sum, [count, cost]) => sum + ((base + share * count ** exponent) / cost - 1) ** 2,
      0,
    );
    if (!best || error < best.error) best = { base, share, exponent, error };
  }
  return best;
}

/**
 * Returns the exponent of the cost's growth: the slope of the regression line through the
 * logarithms.
 */
export function exponentOf({ points }: Series): number {
  const logs = points.map(([count, cost]) => [Math.log(count), Math.log(cost)] as const);
  const mean = (axis: 0 | 1) => logs.reduce((sum, log) => sum + log[axis], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const over = logs.reduce((sum, log) => sum + (log[0] - x) * (log[1] - y), 0);
  return over / logs.reduce((sum, log) => sum + (log[0] - x) ** 2, 0);
}

/** Formats a series' exponent with two decimals, and without the sign of one that rounds to zero. */
export function formatExponent(series: Series): string {
  return (series.exponent ?? exponentOf(series)).toFixed(2).replace(/^-(?=0\.00$)/, "");
}

/**
 * Draws a chart of the given series. Every value must be positive: the axes are logarithmic.
 *
 * @param counted label of the horizontal axis
 */
export function draw(
  title: string,
  unit: string,
  series: readonly Series[],
  counted = "packages",
): string {
  const all = series.flatMap(({ points }) => points);
  const bounds = (axis: 0 | 1): [number, number] => {
    const values = all.map((point) => point[axis]);
    return [Math.min(...values), Math.max(...values)];
  };
  const x = scaleLog().domain(bounds(0)).range([LEFT, WIDTH - RIGHT]);
  const y = scaleLog().domain(bounds(1)).nice().range([HEIGHT - BOTTOM, TOP]);
  const counts = [...new Set(all.map(([count]) => count))];
  const powers: number[] = y.ticks().filter((tick: number) => Number.isInteger(Math.log10(tick)));
  const parts = [
    `<text x="${LEFT}" y="22" font-size="15">${title}</text>`,
    ...powers.map((tick) =>
      `<path d="M${LEFT} ${round(y(tick))}H${WIDTH - RIGHT}" stroke="#ddd"/>` +
      `<text x="${LEFT - 8}" y="${round(y(tick)) + 4}" text-anchor="end">${tick}</text>`
    ),
    ...counts.map((count) =>
      `<path d="M${round(x(count))} ${TOP}V${HEIGHT - BOTTOM}" stroke="#ddd"/>` +
      `<text x="${round(x(count))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">` +
      `${count.toLocaleString("en")}</text>`
    ),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${
      HEIGHT - 10
    }" text-anchor="middle">${counted}</text>`,
    `<text x="8" y="${TOP - 10}">${unit}</text>`,
    ...series.map((one, i) => lineOf(one, COLOURS[i % COLOURS.length]!, i)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" ` +
    `font-family="sans-serif" font-size="12">\n` +
    `<rect width="100%" height="100%" fill="#fff"/>\n${parts.join("\n")}\n</svg>\n`;

  function lineOf(one: Series, colour: string, index: number): string {
    const at = one.points.map(([count, cost]) => `${round(x(count))} ${round(y(cost))}`);
    const top = TOP + 10 + index * 34;
    return `<path d="M${at.join("L")}" fill="none" stroke="${colour}" stroke-width="2"/>` +
      at.map((point) => {
        const [cx, cy] = point.split(" ");
        return `<circle cx="${cx}" cy="${cy}" r="3.5" fill="${colour}"/>`;
      }).join("") +
      `<path d="M${WIDTH - RIGHT + 14} ${top}h18" stroke="${colour}" stroke-width="3"/>` +
      `<text x="${WIDTH - RIGHT + 38}" y="${top + 4}">${one.name}</text>` +
      `<text x="${WIDTH - RIGHT + 38}" y="${top + 18}" fill="#666">exponent ` +
      `${formatExponent(one)}</text>`;
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
