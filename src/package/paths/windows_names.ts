/**
 * Finds paths that Windows cannot unpack. The check gives the same answer on every operating
 * system.
 *
 * @see https://learn.microsoft.com/windows/win32/fileio/naming-a-file
 * @module
 */

import { PackageError, quote } from "../errors.ts";

/** Maximum number of paths named in a message. */
const MAX_NAMED = 20;

/**
 * Matches device names. In any directory, Windows opens the device for such a name, even if the
 * name has an extension.
 */
const DEVICE = /^(?:con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³]|conin\$|conout\$)$/i;

/**
 * Returns the reason why Windows cannot unpack a path, for people, such as `con is a device there`.
 *
 * @param path components divided by `/`
 * @returns `undefined` if Windows can unpack the path
 */
export function unusableOnWindows(path: string): string | undefined {
  for (const component of path.split("/")) {
    const character = /[<>:"|?*\\\p{Cc}]/u.exec(component)?.[0];
    if (character !== undefined) return `no name there can have ${JSON.stringify(character)}`;
    // Windows removes dots and spaces at the end of a name, so two different names may collide.
    if (/[. ]$/.test(component)) return "no name there can end with a dot or a space";
    const device = component.split(".")[0]!.trimEnd();
    if (DEVICE.test(device)) return `${device} is a device there`;
  }
  return undefined;
}

/**
 * Lists the paths that Windows cannot unpack, each with the reason, for people. The list names the
 * first {@linkcode MAX_NAMED} paths and states the number of the others.
 *
 * @returns `undefined` if Windows can unpack all paths
 */
export function describeUnusable(paths: Iterable<string>): string | undefined {
  const named: string[] = [];
  let more = 0;
  for (const path of paths) {
    const why = unusableOnWindows(path);
    if (why === undefined) continue;
    if (named.length < MAX_NAMED) named.push(`${quote(path)} (${why})`);
    else more++;
  }
  if (named.length === 0) return undefined;
  return named.join(", ") + (more > 0 ? `, and ${more} more` : "");
}

/**
 * Throws if the operating system cannot hold one of the paths.
 *
 * @param platform the operating system to unpack on
 * @throws {PackageError} `PATH_UNUSABLE`
 */
export function refuseUnusable(paths: Iterable<string>, platform: string): void {
  const unusable = platform === "windows" ? describeUnusable(paths) : undefined;
  if (unusable === undefined) return;
  const message = `The package cannot be unpacked on Windows: ${unusable}. ` +
    `Unpack it on another system, or ask the publisher to rename these files.`;
  throw new PackageError("failed", "PATH_UNUSABLE", message);
}
