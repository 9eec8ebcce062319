/**
 * What a rule for secrets is made of, and all rules together. Each rule has anchors, which the fast
 * filter looks for, and a regular expression, which is tried where an anchor is. An expression sees a
 * bounded part of the file and begins at the anchor, so that no input makes it slow.
 *
 * @module
 */

import { isSampleToken } from "./placeholder.ts";

/** A kind of secret that is known by its text, wherever it stands. */
export interface Rule {
  /** For people: "GitHub token". */
  kind: string;
  /** As `AnchorSearch` takes them. */
  anchors: readonly string[];
  /** Tried where an anchor begins, so it has the anchor at its start; sticky. */
  pattern: RegExp;
  /** Whether the pattern sees thousands of characters. */
  isCostly?: boolean;
  /** Whether what matched is a secret. */
  accept: (match: RegExpExecArray) => boolean;
}

/**
 * A row of a table of tokens: kind, anchors (`|` between them), what follows an anchor, and what may
 * stand before it. The last two are regular expressions; nothing that a word is made of may stand
 * before a token unless the row says so.
 */
export type TokenRow = readonly [kind: string, anchors: string, tail: string, before?: string];

/** No character of a word stands before; the last one of an escape (`\\n`, `\\u003d`, `%3D`) may. */
const START = "(?:(?<![A-Za-z0-9_])|" +
  "(?<=\\\\[nrtbf]|\\\\u00[0-9a-fA-F]{2}|\\\\x[0-9a-fA-F]{2}|%[0-9A-F]{2}))";

/** The rule of a row. The token without its anchor must not be a placeholder. */
export function tokenRule([kind, anchors, tail, before = START]: TokenRow): Rule {
  const list = anchors.split("|");
  let pattern: RegExp | undefined;
  return {
    kind,
    anchors: before === START ? list.map((anchor) => anchor + "…") : list,
    // Most are never tried, and making all of them takes some milliseconds.
    get pattern() {
      return pattern ??= new RegExp(`${before}(?:${list.map(literal).join("|")})(${tail})`, "y");
    },
    accept: (match) => !isSampleToken(match[1]!),
  };
}

/** An anchor as a part of a regular expression. */
function literal(anchor: string): string {
  return anchor.replace(/^\^|…$/g, "").replace(/[.*+?^${}()\\/]/g, "\\$&");
}
