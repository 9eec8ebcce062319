/**
 * The beginning of a list that may be long, and a button for the rest.
 *
 * @module
 */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { formatCount } from "../parts/mod.ts";

/** Number of rows at first, and of those that each press of the button adds. */
const STEP = 50;

/** Returns the first rows, and a button that shows more of them. */
export function useLimited<Row>(
  rows: readonly Row[],
  noun: string,
): { rows: readonly Row[]; more: ComponentChildren } {
  const [limit, setLimit] = useState(STEP);
  const hidden = rows.length - limit;
  return {
    rows: hidden > 0 ? rows.slice(0, limit) : rows,
    more: hidden <= 0 ? null : (
      <p>
        <button type="button" onClick={() => setLimit(limit + STEP)}>
          Show {Math.min(STEP, hidden)} of {formatCount(hidden, `more ${noun}`)}
        </button>
      </p>
    ),
  };
}
