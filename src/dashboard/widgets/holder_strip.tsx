/**
 * The strip of a record's holders. Height as well as colour tells the kinds of cells apart.
 *
 * @module
 */

import { holderCellsOf, type HolderCounts, holderWords, MAX_CELLS } from "../listing/mod.ts";

/** Width and gap of a cell, and heights by kind, in units of the drawing. */
const CELL = { width: 6, gap: 2 };
const HEIGHTS = { holds: 16, answered: 8, silent: 3 };
const HEIGHT = 16;

/** The strip, with its words for screen readers. */
export function HolderStrip({ counts, weak }: { counts: HolderCounts; weak: boolean }) {
  const cells = holderCellsOf(counts);
  const width = MAX_CELLS * (CELL.width + CELL.gap) - CELL.gap;
  const words = holderWords(counts);
  return (
    <svg
      class={weak ? "strip weak" : "strip"}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label={words}
    >
      <title>{words}</title>
      {cells.map((cell, index) => (
        <rect
          key={index}
          class={cell}
          x={index * (CELL.width + CELL.gap)}
          y={HEIGHT - HEIGHTS[cell]}
          width={CELL.width}
          height={HEIGHTS[cell]}
          rx="1"
        />
      ))}
    </svg>
  );
}
