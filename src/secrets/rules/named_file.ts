/**
 * The form of a rule that applies to files with certain paths, such as `.env`.
 *
 * @module
 */

/** Number of bytes at the start of a file that a {@linkcode NamedFile} rule examines. */
export const NAMED_BYTES = 256 * 1024;

/** A rule for one kind of file. The path of a file tells whether the rule applies. */
export interface NamedFile {
  /** Name of the kind of file, for messages to users: ".env with values". */
  kind: string;
  /**
   * Texts in lower case, separated by spaces. Each path that matches `path` contains at least one
   * of these texts, in upper or lower case. Searching for texts first is ten times as fast as
   * matching the regular expressions, and saves the milliseconds of compiling the regular
   * expressions.
   */
  hints: string;
  /** Pattern for the path of a file, with `/` between its parts. */
  path: RegExp;
  /** Whether the first {@linkcode NAMED_BYTES} bytes of a file, as text, contain a secret. */
  holds: (text: string) => boolean;
}
