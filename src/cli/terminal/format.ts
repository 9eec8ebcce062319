/**
 * Formats durations for people, and makes untrusted text safe to print. Pure functions; nothing is
 * written here.
 *
 * @module
 */

/** Formats a duration given in milliseconds: `250ms`, `42s`, `3m05s`, `2h07m`, `3d04h`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / 1_000);
  const two = (value: number) => String(value).padStart(2, "0");
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}

/**
 * Characters that a terminal would interpret instead of showing: control characters (C0, DEL, C1), line
 * and paragraph separators, and the controls of the bidirectional algorithm (UAX #9).
 */
const UNSHOWN = /[\p{Cc}\p{Zl}\p{Zp}\u{61c}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu;

/**
 * Escapes as `\u{...}` the characters that a terminal would interpret instead of showing, except tabs.
 * Package names are untrusted text.
 */
export function printable(text: string): string {
  return text.replace(
    UNSHOWN,
    (letter) => letter === "\t" ? letter : `\\u{${letter.codePointAt(0)!.toString(16)}}`,
  );
}

/**
 * Renders a value as one line of JSON. The characters that a terminal would interpret are escaped as
 * `\uXXXX`, also those that JSON allows in strings, because `--json` may print to a terminal. A JSON parser
 * reads the same value.
 */
export function jsonLine(value: unknown): string {
  // Outside of strings, a line has none of these characters, and none of them is above U+FFFF.
  return JSON.stringify(value).replace(
    UNSHOWN,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
