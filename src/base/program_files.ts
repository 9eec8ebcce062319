/**
 * Names of the program file: in a release, and on the disk beside the program that runs.
 *
 * @module
 */

/** Name of the package in which libreseed itself is published. */
export const PROGRAM_PACKAGE = "@libreseed/libreseed";

/** Returns the program's file name in a release. */
export function programFileName(target: string): string {
  return `libreseed-${target}${target.includes("windows") ? ".exe" : ""}`;
}

/** Absolute paths of a program and of the files that an upgrade keeps beside it. */
export interface ProgramFiles {
  /** The program that runs. */
  program: string;
  /** The program before the last upgrade. */
  previous: string;
  /** The note about {@linkcode ProgramFiles.previous}, as JSON. */
  note: string;
}

/** Returns the paths of a program's files. `program` is an absolute path. */
export function programFiles(program: string): ProgramFiles {
  const previous = `${program}.previous`;
  return { program, previous, note: `${previous}.json` };
}
