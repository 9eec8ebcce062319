/**
 * Keeps what updates were measured to fetch, and draws it: `deno run -A scripts/bench/update_picture.ts
 * --into FILE [--picture FILE] [--rounds N] [ROW…]`. The rows named are measured, and replace those that
 * FILE has; the picture is of all that FILE has then. Without rows, nothing is measured.
 */

import { parseScriptArgs } from "../arguments.ts";
import { scaleLinear } from "d3-scale";
import { killDescendantsOnSignal } from "./process_tree.ts";
import { measure, type Measured, report, summary } from "./harness.ts";
import { rows } from "./update.ts";

/** The medians of one program for one update. */
export interface UpdateFigure {
  /** Name of the benchmark. */
  row: string;
  /** Name and both versions of the updated package. */
  what: string;
  who: string;
  /** Bytes sent, as a share of libreseed's archive, in percent. */
  share: number;
  /** Bytes sent, in units of 1,000 bytes. */
  kilobytes: number;
  /** From the start of the program to its end. */
  seconds: number;
}

/** Programs in the picture, each with its colour (Okabe and Ito). */
const COLOURS: Record<string, string> = {
  "libreseed get": "#0072b2",
  "casync": "#e69f00",
  "zsync": "#56b4e9",
};

const WIDTH = 720;
const LEFT = 110;
const RIGHT = 110;
const TOP = 76;
const BAR = 14;
const TITLE = 24;
const GAP = 18;
const BOTTOM = 12;

/** Takes the medians of a measured row. */
export function figuresOf({ row, figures }: Measured): UpdateFigure[] {
  const what = row.title.replace(/^An update: /, "");
  return [...figures].filter(([, rounds]) => rounds.length > 0).map(([who, rounds]) => {
    const median = (key: "share" | "kilobytes" | "seconds", digits: number) =>
      Number(summary(rounds.map((round) => round[key]!)).median.toFixed(digits));
    return {
      ...{ row: row.id, what, who, share: median("share", 2) },
      ...{ kilobytes: median("kilobytes", 0), seconds: median("seconds", 2) },
    };
  });
}

/** Length of the archive of the newer version, of the figure that was rounded least. */
function archiveKilobytes(figures: readonly UpdateFigure[], row: string): number {
  const [{ kilobytes, share }] = figures.filter((one) => one.row === row)
    .toSorted((a, b) => b.share - a.share) as [UpdateFigure];
  return kilobytes / share * 100;
}

/** Formats figures as Markdown. */
export function tableOf(figures: readonly UpdateFigure[]): string {
  const lines = [
    "| update | who | sent, % of the archive | sent, kB | start to end, s |",
    "| --- | --- | ---: | ---: | ---: |",
  ];
  let last = "";
  for (const { what, who, share, kilobytes, seconds } of figures) {
    const cells = [share.toPrecision(3), kilobytes.toLocaleString("en"), seconds.toFixed(2)];
    lines.push(`| ${what === last ? "" : what} | ${who} | ${cells.join(" | ")} |`);
    last = what;
  }
  return lines.join("\n");
}

/** Draws a bar for each program and update. */
export function pictureOf(figures: readonly UpdateFigure[]): string {
  const shown = figures.filter(({ who }) => who in COLOURS);
  const mostShare = Math.max(100, ...shown.map(({ share }) => share));
  const x = scaleLinear().domain([0, mostShare]).range([LEFT, WIDTH - RIGHT]);
  const parts: string[] = [];
  let y = TOP;
  for (const [row, ofRow] of Map.groupBy(shown, ({ row }) => row)) {
    if (y > TOP) y += GAP;
    const { what } = ofRow[0]!;
    const megabytes = (archiveKilobytes(figures, row) / 1_000).toFixed(1);
    parts.push(
      `<text x="${LEFT}" y="${y + 14}" font-weight="bold">${what}, ${megabytes} MB</text>`,
    );
    y += TITLE;
    for (const one of ofRow) {
      parts.push(barOf(one, y));
      y += BAR + 3;
    }
  }
  const axis = [0, 25, 50, 75, 100].map((tick) =>
    `<path d="M${round(x(tick))} ${TOP - 6}V${y}" stroke="#ddd"/>` +
    `<text x="${round(x(tick))}" y="${TOP - 12}" text-anchor="middle">${tick} %</text>`
  );
  const height = y + BOTTOM;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ` +
    `font-family="sans-serif" font-size="12">\n` +
    `<rect width="100%" height="100%" fill="#fff"/>\n` +
    `<text x="${LEFT}" y="22" font-size="15">What an update fetches, of the new archive</text>\n` +
    `<text x="${LEFT}" y="40" fill="#666">100 %: what a BitTorrent client fetches that has no ` +
    `use for the old version</text>\n${[...axis, ...parts].join("\n")}\n</svg>\n`;

  function barOf({ who, share, kilobytes }: UpdateFigure, top: number): string {
    const end = round(x(share));
    return `<text x="${LEFT - 8}" y="${top + 11}" text-anchor="end">${who}</text>` +
      `<path d="M${LEFT} ${top}H${end}v${BAR}H${LEFT}z" fill="${COLOURS[who]}"/>` +
      `<text x="${end + 6}" y="${top + 11}">${share.toFixed(1)} %, ` +
      `${kilobytes.toLocaleString("en")} kB</text>`;
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

if (import.meta.main) {
  const { values: { into, picture, rounds }, positionals } = parseScriptArgs({
    options: {
      into: { type: "string" },
      picture: { type: "string" },
      rounds: { type: "string", default: "3" },
    },
    allowPositionals: true,
  });
  const unknown = positionals.filter((name) => !rows.some(({ id }) => id === name));
  if (into === undefined || unknown.length > 0 || !/^[1-9]\d*$/.test(rounds)) {
    console.error(
      `usage: --into FILE [--picture FILE] [--rounds N] [${rows.map(({ id }) => id).join("|")}]…`,
    );
    Deno.exit(2);
  }
  killDescendantsOnSignal();
  const text = await Deno.readTextFile(into).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "[]";
    throw error;
  });
  let kept: UpdateFigure[] = JSON.parse(text);
  let exitCode = 0;
  for (const row of rows.filter(({ id }) => positionals.includes(id))) {
    const measured = await measure({ ...row, rounds: Number(rounds) }, console.error);
    console.log(report(measured));
    if (measured.failed.length > 0) exitCode = 1;
    kept = [...kept.filter((one) => one.row !== row.id), ...figuresOf(measured)];
    const order = rows.map(({ id }) => id);
    kept.sort((a, b) => order.indexOf(a.row) - order.indexOf(b.row));
    await Deno.writeTextFile(into, `${JSON.stringify(kept, undefined, 2)}\n`);
  }
  console.log(tableOf(kept));
  if (picture !== undefined) await Deno.writeTextFile(picture, pictureOf(kept));
  Deno.exit(exitCode);
}
