/**
 * The form of a rule for secrets in text. A rule has anchors, which the fast search looks for, and
 * a regular expression, which is tried where an anchor is found. The expression sees a bounded part
 * of the file and starts at the anchor, so that no input makes it slow.
 *
 * @module
 */

import { isSampleToken } from "./placeholder.ts";

/** A kind of secret that is recognised by its text, in any file. */
export interface Rule {
  /** For error messages: "GitHub token". */
  kind: string;
  /**
   * Anchors in the syntax of `scripts/anchor_windows.ts`: `[…]` is a class of bytes, `^` at the
   * start stands for no character of a word before, `…` at the end for a token.
   */
  anchors: readonly string[];
  /**
   * Sticky expression that is tried at the start of an anchor, and so has to match the anchor
   * first.
   */
  pattern: RegExp;
  /** Whether the rule is wide: its pattern may match thousands of characters. */
  isWide?: boolean;
  /** Whether a match is a secret. */
  accept: (match: RegExpExecArray) => boolean;
}

/**
 * A row of a table of tokens: kind; anchors, with `|` between them; the expression after an anchor;
 * the expression before it. Without the last one, no character of a word may precede the token.
 */
export type TokenRow = readonly [kind: string, anchors: string, tail: string, before?: string];

/**
 * Asserts that no character of a word precedes the token. The last character of an escape sequence,
 * such as `\n`, `\u003d` or `%3D`, is allowed.
 */
const START = "(?:(?<![A-Za-z0-9_])|" +
  "(?<=\\\\[nrtbf]|\\\\u00[0-9a-fA-F]{2}|\\\\x[0-9a-fA-F]{2}|%[0-9A-F]{2}))";

/** Makes the rule of a row. The token without its anchor must not be a placeholder. */
export function tokenRule([kind, anchors, tail, before = START]: TokenRow): Rule {
  const list = anchors.split("|");
  let pattern: RegExp | undefined;
  return {
    kind,
    anchors: before === START ? list.map((anchor) => anchor + "…") : list,
    // Compiled on first use: most rules are never tried, and compiling all of them takes
    // milliseconds.
    get pattern() {
      return pattern ??= new RegExp(`${before}(?:${list.map(literal).join("|")})(${tail})`, "y");
    },
    accept: (match) => !isSampleToken(match[1]!),
  };
}

/** The anchor as a regular expression. */
function literal(anchor: string): string {
  return anchor.replace(/^\^|…$/g, "").replace(/[.*+?^${}()\\/]/g, "\\$&");
}
