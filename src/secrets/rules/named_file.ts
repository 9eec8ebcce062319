/**
 * The form of a rule for files that are recognised by their path.
 *
 * @module
 */

/** Number of bytes at the start of a file that a {@linkcode NamedFile} rule reads. */
export const NAMED_BYTES = 256 * 1024;

/** A rule for one kind of file. */
export interface NamedFile {
  /** Shown to people: ".env with values". */
  kind: string;
  /**
   * Lower-case texts, separated by spaces. Every matching path contains one of them when in lower
   * case. Searching for texts takes a tenth of the time of the expressions, and compiling the
   * expressions takes some milliseconds.
   */
  hints: string;
  /** Matched against the path, with `/` between its parts. */
  path: RegExp;
  /** Whether the file, or its first {@linkcode NAMED_BYTES}, holds a secret. */
  holds: (text: string) => boolean;
}
