/**
 * The form of a rule for secrets in text. A rule has anchors (short texts), which a fast search
 * finds, and a regular expression, which is tried where an anchor is found. The expression starts
 * at the anchor and sees a limited part of the file, so no input makes it slow.
 *
 * @module
 */

import { isSampleToken } from "./placeholder.ts";

/** A rule for one kind of secret. The secret is recognised by its own text, in any file. */
export interface Rule {
  /** Name of the kind of secret, for error messages: "GitHub token". */
  kind: string;
  /**
   * Anchors: short texts, at least one of which every secret of this kind contains. In an anchor,
   * `[…]` is a class of bytes, `^` at the start means that no word character precedes, and `…` at
   * the end means that a token follows. The syntax is defined in `scripts/anchor_windows.ts`.
   */
  anchors: readonly string[];
  /**
   * Regular expression for the secret, with the flag `y` (sticky). The expression is tried at the
   * first byte of an anchor, so the expression must begin with the anchor.
   */
  pattern: RegExp;
  /**
   * Whether the pattern may match thousands of characters. The number of tries of such a rule is
   * limited.
   */
  isWide?: boolean;
  /** Whether a match of the pattern is really a secret, and not a sample. */
  accept: (match: RegExpExecArray) => boolean;
}

/**
 * A row in a table of tokens. `anchors` are separated by `|`. `tail` and `before` are regular
 * expressions for the text after and before an anchor. Without `before`, the anchor must not follow
 * a word character.
 */
export type TokenRow = readonly [kind: string, anchors: string, tail: string, before?: string];

/**
 * Asserts that no word character precedes the token. The last character of an escape sequence, such
 * as `\n`, `\u003d` or `%3D`, does not count as a word character.
 */
const START = "(?:(?<![A-Za-z0-9_])|" +
  "(?<=\\\\[nrtbf]|\\\\u00[0-9a-fA-F]{2}|\\\\x[0-9a-fA-F]{2}|%[0-9A-F]{2}))";

/**
 * Makes a rule from a row in a table of tokens. The part of a match after the anchor must not be a
 * placeholder.
 */
export function tokenRule([kind, anchors, tail, before = START]: TokenRow): Rule {
  const list = anchors.split("|");
  let pattern: RegExp | undefined;
  return {
    kind,
    anchors: before === START ? list.map((anchor) => anchor + "…") : list,
    // Compile the expression on first use: compiling all expressions takes milliseconds, and most
    // are never used.
    get pattern() {
      return pattern ??= new RegExp(`${before}(?:${list.map(literal).join("|")})(${tail})`, "y");
    },
    accept: (match) => !isSampleToken(match[1]!),
  };
}

/**
 * Converts an anchor to a regular expression. Drops the signs `^` and `…`, whose conditions other
 * parts of the pattern check.
 */
function literal(anchor: string): string {
  return anchor.replace(/^\^|…$/g, "").replace(/[.*+?^${}()\\/]/g, "\\$&");
}
