/**
 * Says what goes into a package: the list of `--dry-run`, the line before publishing, and the names
 * that some systems cannot hold.
 *
 * @module
 */

import type { Contents } from "../daemon/mod.ts";
import type { SelectOptions } from "../package/mod.ts";
import type { CommandRun } from "./command.ts";
import { formatBytes, formatCount } from "./format.ts";
import type { Output } from "./output.ts";

// deno-lint-ignore no-explicit-any -- the flags and arguments do not matter here
type AnyRun = Pick<CommandRun<any, any>, "output">;

/**
 * Lists the files of a directory or archive that would go out: bytes, a tab and the path. Writes
 * nothing and asks nobody.
 */
export async function listContents({ output }: AnyRun, options: SelectOptions): Promise<void> {
  const { contentsOf } = await import("../daemon/mod.ts");
  const contents = await contentsOf(options);
  const { name, version, files, bytes, leftOut } = contents;
  for (const path of leftOut) output.detail(`left out ${path}`);
  const lines = files.map((file) => `${file.bytes}\t${file.path}`);
  output.result({ name, version, files, bytes, leftOut }, lines.join("\n"));
  sayContents(output, contents);
}

/** The line that says how much goes out: `hello@1.0.0: 42 files, 1.3 MiB`, and a warning of names. */
export function sayContents(output: Output, contents: Contents): void {
  const { name, version, fileCount, bytes, unusableOnWindows } = contents;
  output.notice(`${name}@${version}: ${formatCount(fileCount, "file")}, ${formatBytes(bytes)}`);
  warnOfNames(output, unusableOnWindows);
}

/** Warns of paths that cannot be unpacked on Windows. */
export function warnOfNames(output: Output, unusable: string | undefined): void {
  if (unusable !== undefined) output.warning(`cannot be unpacked on Windows: ${unusable}`);
}
