/**
 * Says what goes into a package: the list of `--dry-run`, the line before publishing, and the names
 * that some systems cannot hold.
 *
 * @module
 */

import type { Contents, ListedContents } from "../../package/mod.ts";
import { formatBytes, formatCount } from "../terminal/format.ts";
import type { Output } from "../terminal/output.ts";

/**
 * Prints the files that would go out, bytes, a tab and the path a line.
 *
 * @param where they are, for people
 * @throws {PackageError} `SECRET_FOUND`, after the list
 */
export function printContents(output: Output, contents: ListedContents, where: string): void {
  const { name, version, files, bytes, leftOut, secrets } = contents;
  for (const path of leftOut) output.detail(`left out ${path}`);
  const lines = files.map((file) => `${file.bytes}\t${file.path}`);
  const found = secrets.found;
  output.result({ name, version, files, bytes, leftOut, secrets: found }, lines.join("\n"));
  sayContents(output, contents);
  secrets.refuse(where);
}

/** The line that says how much goes out, `hello@1.0.0: 42 files, 1.3 MiB`, and warnings. */
export function sayContents(output: Output, contents: Contents): void {
  const { name, version, fileCount, bytes } = contents;
  output.notice(`${name}@${version}: ${formatCount(fileCount, "file")}, ${formatBytes(bytes)}`);
  warnOfContents(output, contents);
}

/** Warns of paths that Windows cannot hold, and of an ignore file or a flag that does not count. */
export function warnOfContents(output: Output, contents: Contents): void {
  const { unusableOnWindows, unusedIgnoreFile, unmatchedSecrets } = contents;
  if (unusableOnWindows !== undefined) {
    output.warning(`cannot be unpacked on Windows: ${unusableOnWindows}`);
  }
  if (unusedIgnoreFile !== undefined) {
    output.warning(`${unusedIgnoreFile} does not count: \`files\` of package.json decides`);
  }
  warnOfUnmatched(output, unmatchedSecrets);
}

/** Warns of each `--allow-secret` that names no file: a mistyped path lets nothing in. */
export function warnOfUnmatched(output: Output, paths: readonly string[]): void {
  for (const path of paths) {
    output.warning(
      `--allow-secret ${path} matches no file: give the path of the file in the package`,
    );
  }
}
