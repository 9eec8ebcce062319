/**
 * Names that Windows cannot hold, whatever the system that they are looked at on.
 *
 * @see https://learn.microsoft.com/windows/win32/fileio/naming-a-file
 * @module
 */

import { PackageError, quote } from "./errors.ts";

/** How many paths a message names. */
const MAX_NAMED = 20;

/** Names of devices, which mean the device in every directory, with an extension too. */
const DEVICE = /^(?:con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³]|conin\$|conout\$)$/i;

/**
 * Why a path of a package cannot be unpacked on Windows: `"con" is a device there`.
 *
 * @param path components divided by `/`
 * @returns `undefined` if it can be
 */
export function unusableOnWindows(path: string): string | undefined {
  for (const component of path.split("/")) {
    const character = /[<>:"|?*\\\p{Cc}]/u.exec(component)?.[0];
    if (character !== undefined) return `no name there has ${JSON.stringify(character)} in it`;
    // A dot or a space at the end is dropped, so that two names may become one.
    if (/[. ]$/.test(component)) return "no name there ends with a dot or a space";
    const device = component.split(".")[0]!.trimEnd();
    if (DEVICE.test(device)) return `${device} is a device there`;
  }
  return undefined;
}

/**
 * Those of the paths that cannot be unpacked on Windows, each with the reason, for people.
 *
 * @returns `undefined` if all can be; of many, the first are named and the others counted
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
 * Refuses to unpack what the system cannot hold.
 *
 * @param platform the system that it is unpacked on
 * @throws {PackageError} `PATH_UNUSABLE`
 */
export function refuseUnusable(paths: Iterable<string>, platform: string): void {
  const unusable = platform === "windows" ? describeUnusable(paths) : undefined;
  if (unusable === undefined) return;
  const message = `The package cannot be unpacked on Windows: ${unusable}.`;
  throw new PackageError("failed", "PATH_UNUSABLE", message);
}
