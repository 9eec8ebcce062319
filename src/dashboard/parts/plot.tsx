/**
 * A plot of values over time, drawn by uPlot on a canvas of a fixed height. A sentence beside it says the
 * newest values to people who do not see it.
 *
 * @module
 */

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { browserClock } from "../data/mod.ts";
import { spanOf } from "./plot_span.ts";
import { themeChanges } from "./theme.ts";

/** A line of a plot. */
export interface Line {
  name: string;
  /** CSS variable with the colour, `--up`. */
  color: string;
  /** One value a time; `null` leaves a gap. */
  values: readonly (number | null)[];
}

/** Options of {@linkcode Plot}. */
export interface PlotOptions {
  /** Says in a sentence what the plot shows, with the newest values. */
  label: string;
  /** Unix times in seconds, rising. */
  times: readonly number[];
  lines: readonly Line[];
  /** Formats a value for the axis and the legend. */
  format: (value: number) => string;
  /** Highest value that the axis has at least. */
  least?: number;
  /** Whether the axis is divided at powers of two, as sizes are. */
  isBinary?: boolean;
  /** Least span of time that the plot shows, seconds: a short line does not fill it. Default 60. */
  leastSpan?: number;
  /** Height of the plot without its legend, pixels. */
  height?: number;
}

/** A plot. It takes the width of its parent. */
export function Plot(options: PlotOptions) {
  const { label, times, lines, height = 180 } = options;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const newest = useRef(options);
  newest.current = options;
  const names = lines.map(({ name }) => name).join();
  useEffect(() => {
    const element = place.current!;
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(newest, element), dataOf(newest.current), element);
    };
    make();
    const resized = new ResizeObserver(() => {
      const width = element.clientWidth;
      if (width > 0) plot.current?.setSize({ width, height });
    });
    resized.observe(element);
    const unsubscribe = themeChanges.subscribe(make);
    return () => {
      unsubscribe();
      resized.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [names, height]);
  useEffect(() => plot.current?.setData(dataOf(newest.current)), [times, lines]);
  return (
    <figure class="plot">
      <div
        class="canvas"
        ref={place}
        role="img"
        aria-label={label}
        style={{ height: `${height}px` }}
      />
      <figcaption aria-hidden="true">
        {lines.map(({ name, color, values }) => (
          <span key={name}>
            <i style={{ background: `var(${color})` }} />
            {name}: <b>{lastOf(values, options.format)}</b>
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

/** Steps between the marks of an axis of sizes. */
const powersOfTwo = Array.from({ length: 50 }, (_, exponent) => 2 ** exponent);

function lastOf(values: readonly (number | null)[], format: (value: number) => string): string {
  const value = values.at(-1);
  return value === undefined || value === null ? "–" : format(value);
}

function dataOf({ times, lines }: PlotOptions): uPlot.AlignedData {
  return [times, ...lines.map(({ values }) => values)] as uPlot.AlignedData;
}

function optionsOf(newest: { current: PlotOptions }, element: HTMLElement): uPlot.Options {
  const { lines, height = 180, least = 1, isBinary = false, leastSpan = 60 } = newest.current;
  const style = getComputedStyle(element);
  const colorOf = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colorOf("--quiet"),
    grid: { stroke: colorOf("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  return {
    width: Math.max(1, element.clientWidth),
    height,
    legend: { show: false },
    cursor: { show: false },
    // The last time stands under the right edge, and half of it beyond.
    padding: [8, 28, 0, 0],
    scales: {
      x: {
        // uPlot's own proposal for a single time is the day after it.
        range: ({ data: [times] }) => spanOf(times, leastSpan, browserClock.now() / 1_000),
      },
      y: { range: (_plot, _low, high) => [0, Math.max(least, 1.1 * (high ?? 0))] },
    },
    axes: [
      // 24 hours; the default has AM and PM.
      {
        ...axis,
        size: 28,
        values: (_plot, ticks, _axis, _space, step) =>
          ticks.map((tick) => {
            const date = new Date(tick * 1_000);
            const parts = [date.getHours(), date.getMinutes()];
            if (step < 60) parts.push(date.getSeconds());
            return parts.map((part) => part.toString().padStart(2, "0")).join(":");
          }),
        space: 70,
      },
      {
        ...axis,
        size: 76,
        ...(isBinary && { incrs: powersOfTwo }),
        values: (_plot, ticks) => ticks.map((tick) => newest.current.format(tick)),
      },
    ],
    series: [
      {},
      ...lines.map(({ name, color }) => ({
        label: name,
        stroke: colorOf(color),
        width: 2,
        points: { show: false },
        spanGaps: false,
      })),
    ],
  };
}
