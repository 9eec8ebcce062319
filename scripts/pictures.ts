/**
 * Draws the pictures of `docs/architecture.md` from the tables of the layout test: the rooms of `src`
 * and the threads. `deno run -A scripts/pictures.ts` writes them to `docs/pictures/`; a test compares
 * them with the tables.
 *
 * @module
 */

import { join } from "node:path";
import { type Room, rooms, type Runs } from "../tests/support/rooms.ts";
import { channels, threads } from "../tests/support/threads.ts";

/**
 * Fill colours by thread (Okabe and Ito, lightened), which are distinct with red-green blindness
 * too.
 */
const FILLS: Record<Runs, string> = {
  everywhere: "#eeeeee",
  launcher: "#e0dcf4",
  shared: "#cfe8f7",
  command: "#fbe3b5",
  host: "#c8eadd",
  engine: "#f3d3e4",
  gate: "#f6e6da",
  testnet: "#ffffff",
  browser: "#e6f0c9",
};

/** Text of the legend for each fill colour. */
const MEANINGS: Record<Runs, string> = {
  everywhere: "every thread",
  launcher: "the launcher, the main thread",
  shared: "the thread of a command or of the host",
  command: "the thread of a command",
  host: "the thread of the host",
  engine: "the engine's thread",
  gate: "the gate's thread",
  testnet: "the test network's process",
  browser: "the user's browser",
};

/** Width of a character of 12 px monospace, in px. */
const CHARACTER = 7.3;
const LINE = 16;
const GAP = 26;
const ROW_GAP = 44;
const MARGIN = 20;

interface Box {
  id: string;
  lines: readonly string[];
  fill: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Computes the level of each room: one above the highest room that it imports. */
export function levelsOf(table: Record<string, Room>): Map<string, number> {
  const levels = new Map<string, number>();
  for (const [room, { imports }] of Object.entries(table)) {
    levels.set(room, Math.max(-1, ...imports.map((other) => levels.get(other)!)) + 1);
  }
  return levels;
}

/**
 * Returns the transitive reduction: only imports that are not implied by a chain of other imports.
 */
export function drawnImports(table: Record<string, Room>): [from: string, to: string][] {
  const reached = new Map<string, Set<string>>();
  const drawn: [string, string][] = [];
  for (const [room, { imports }] of Object.entries(table)) {
    const implied = new Set(imports.flatMap((other) => [...reached.get(other)!]));
    for (const other of imports) if (!implied.has(other)) drawn.push([room, other]);
    reached.set(room, new Set([...imports, ...implied]));
  }
  return drawn;
}

/**
 * Draws the rooms as SVG: high levels on top, and an arrow for each import that is not implied by
 * others.
 */
export function roomsPicture(): string {
  const levels = levelsOf(rooms);
  const top = Math.max(...levels.values());
  const rows = Array.from(
    { length: top + 1 },
    (_, index) => Object.keys(rooms).filter((room) => levels.get(room) === top - index),
  );
  const { boxes, width, height } = placed(rows.map((row) =>
    row.map((room) => {
      const { inner: all = [], runs } = rooms[room]!;
      const inner = all.filter((name) => !name.includes("/"));
      return { id: room, lines: [room, ...inPairs([...inner].reverse())], fill: FILLS[runs] };
    })
  ));
  const used = new Set(Object.values(rooms).map(({ runs }) => runs));
  const legend = (Object.keys(FILLS) as Runs[]).filter((runs) => used.has(runs));
  const arrows = drawnImports(rooms).map(([from, to]) => arrow(boxes.get(from)!, boxes.get(to)!));
  const key = legend.map((runs, index) => {
    const y = height + index * (LINE + 6);
    return `<rect x="${MARGIN}" y="${y}" width="24" height="14" fill="${FILLS[runs]}" ` +
      `stroke="#333"/>${text(MARGIN + 34, y + 12, MEANINGS[runs])}`;
  });
  return svg(width, height + legend.length * (LINE + 6) + MARGIN, "The rooms of src", [
    ...arrows,
    ...[...boxes.values()].map(drawn),
    ...key,
  ]);
}

/**
 * Draws the threads as SVG: a box per thread, and an arrow for each direction in which messages are
 * sent.
 */
export function threadsPicture(): string {
  const boxOf = (id: string) => {
    const { title, rooms: leading, does, touches } = threads[id]!;
    const lines = [title, ...inPairs(leading), ...does];
    if (touches.length > 0) lines.push("may touch:", ...touches.map((thing) => `  ${thing}`));
    return { id, lines, fill: FILLS[leading[0]! in rooms ? rooms[leading[0]!]!.runs : "shared"] };
  };
  const processes = [...new Set(Object.values(threads).map(({ process }) => process))];
  const { boxes, width, height } = placed(
    processes.map((process) =>
      Object.keys(threads).filter((id) => threads[id]!.process === process).map(boxOf)
    ),
    150,
  );
  const arrows = channels.map(({ from, to, by }) => arrow(boxes.get(from)!, boxes.get(to)!, by));
  return svg(width, height, "The threads", [...arrows, ...[...boxes.values()].map(drawn)]);
}

/** Positions rows of boxes in the picture. Each row is centred. */
function placed(
  rows: readonly (readonly Pick<Box, "id" | "lines" | "fill">[])[],
  gap = GAP,
): { boxes: Map<string, Box>; width: number; height: number } {
  const widthOf = (lines: readonly string[]) =>
    Math.ceil(Math.max(...lines.map((line) => line.length)) * CHARACTER) + 20;
  const widths = rows.map((row) =>
    row.reduce((sum, { lines }) => sum + widthOf(lines), gap * (row.length - 1))
  );
  const width = Math.max(...widths) + 2 * MARGIN;
  const boxes = new Map<string, Box>();
  let y = MARGIN;
  for (const [index, row] of rows.entries()) {
    let x = Math.round((width - widths[index]!) / 2);
    const height = Math.max(...row.map(({ lines }) => lines.length)) * LINE + 12;
    for (const { id, lines, fill } of row) {
      const own = lines.length * LINE + 12;
      boxes.set(id, { id, lines, fill, x, y, width: widthOf(lines), height: own });
      x += widthOf(lines) + gap;
    }
    y += height + ROW_GAP;
  }
  return { boxes, width, height: y };
}

/** Joins names in pairs, one pair per line, so that boxes stay narrow. */
function inPairs(names: readonly string[]): string[] {
  const lines: string[] = [];
  for (let index = 0; index < names.length; index += 2) {
    lines.push(names.slice(index, index + 2).join(", "));
  }
  return lines;
}

function drawn({ id, lines, fill, x, y, width, height }: Box): string {
  const rect = `<rect id="${id}" x="${x}" y="${y}" width="${width}" height="${height}" rx="4" ` +
    `fill="${fill}" stroke="#333"/>`;
  return rect +
    lines.map((line, index) =>
      text(x + 10, y + 18 + index * LINE, line, index === 0 ? ' font-weight="bold"' : "")
    ).join("");
}

/**
 * Draws an arrow from the edge of one box to the edge of another: downwards, or sideways within a
 * row.
 */
function arrow(from: Box, to: Box, label = ""): string {
  const sideways = from.y === to.y;
  const [x1, y1] = sideways
    ? [from.x + from.width, from.y + 30]
    : [from.x + from.width / 2, from.y + from.height];
  const [x2, y2] = sideways ? [to.x, to.y + 30] : [to.x + to.width / 2, to.y];
  const line = `<line x1="${Math.round(x1)}" y1="${y1}" x2="${Math.round(x2)}" y2="${y2}" ` +
    `stroke="#555" marker-end="url(#end)"/>`;
  if (label === "") return line;
  const [x, y] = sideways ? [x1 + 12, y1 - 8] : [(x1 + x2) / 2 + 10, (y1 + y2) / 2 + 6];
  return line + text(Math.round(x), Math.round(y), label);
}

function text(x: number, y: number, value: string, attributes = ""): string {
  const escaped = value.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x}" y="${y}" xml:space="preserve"${attributes}>${escaped}</text>`;
}

function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="12">`,
    `<title>${title}</title>`,
    '<defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" ' +
    'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#555"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

/** All pictures as SVG, by file name. */
export const pictures: Record<string, () => string> = {
  "rooms.svg": roomsPicture,
  "threads.svg": threadsPicture,
};

if (import.meta.main) {
  const directory = join(import.meta.dirname!, "..", "docs", "pictures");
  await Deno.mkdir(directory, { recursive: true });
  for (const [name, draw] of Object.entries(pictures)) {
    await Deno.writeTextFile(join(directory, name), draw());
  }
}
