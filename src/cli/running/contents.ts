/**
 * Prints the contents of a package: the file list of `--dry-run`, the summary line of `publish`,
 * and warnings about files that some systems cannot unpack.
 *
 * @module
 */

import { formatBytes, formatCount } from "../../base/mod.ts";
import type { Contents, ListedContents } from "../../package/mod.ts";
import type { Output } from "../terminal/output.ts";

/** Maximum number of dependencies of npm that a warning names. */
const MAX_NAMED = 5;

/**
 * Prints the files that a package would contain, one line each: size in bytes, a tab, and the path.
 *
 * @param where the directory or archive with the files, for error messages
 * @throws {PackageError} `SECRET_FOUND` if a file contains a secret; the list is printed first
 */
export function printContents(output: Output, contents: ListedContents, where: string): void {
  const { name, version, files, bytes, leftOut, secrets } = contents;
  for (const path of leftOut) output.detail(`left out ${path}`);
  const lines = files.map((file) => `${file.bytes}\t${file.path}`);
  const found = secrets.found;
  output.result({ name, version, files, bytes, leftOut, secrets: found }, lines.join("\n"));
  printSummary(output, contents);
  secrets.refuse(where);
}

/**
 * Prints a package's summary line, `hello@1.0.0: 42 files, 1.3 MiB`, and warnings about its
 * contents.
 */
export function printSummary(output: Output, contents: Contents): void {
  const { name, version, fileCount, bytes } = contents;
  output.notice(`${name}@${version}: ${formatCount(fileCount, "file")}, ${formatBytes(bytes)}`);
  warnOfContents(output, contents);
}

/**
 * Prints warnings about paths that are invalid on Windows, an ignore file that has no effect,
 * dependencies of npm, and `--allow-secret` flags that match no file.
 */
export function warnOfContents(output: Output, contents: Contents): void {
  const { unusableOnWindows, unusedIgnoreFile, unreadDependencies = [], unmatchedSecrets } =
    contents;
  if (unusableOnWindows !== undefined) {
    output.warning(`cannot be unpacked on Windows: ${unusableOnWindows}`);
  }
  if (unusedIgnoreFile !== undefined) {
    output.warning(`${unusedIgnoreFile} has no effect: \`files\` of package.json decides`);
  }
  if (unreadDependencies.length > 0) {
    const names = unreadDependencies.slice(0, MAX_NAMED).join(", ");
    const more = unreadDependencies.length - MAX_NAMED;
    output.warning(
      `\`dependencies\` of package.json are npm's and are not read: ${names}` +
        `${more > 0 ? ` and ${more} more` : ""}. Packages of libreseed belong into ` +
        "`libreseed.dependencies`; write it as {} if there are none",
    );
  }
  warnOfUnmatched(output, unmatchedSecrets);
}

/**
 * Prints a warning for each `--allow-secret` path that matches no file, which is probably mistyped.
 */
export function warnOfUnmatched(output: Output, paths: readonly string[]): void {
  for (const path of paths) {
    output.warning(
      `--allow-secret ${path} matches no file: give the path of the file in the package`,
    );
  }
}
