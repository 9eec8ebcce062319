/**
 * Which libraries decide how we behave, and in which versions. Libreseed's own version is in
 * `src/base`.
 *
 * @module
 */

import manifest from "../../../deno.json" with { type: "json" };

/** Libraries that decide how we behave towards others. */
const mainLibraries = ["webtorrent", "bittorrent-dht", "bencode", "tar-stream", "semver"] as const;

/** Name to version of the main libraries. */
export function libraryVersions(): Record<string, string> {
  return Object.fromEntries(
    mainLibraries.map((name) => [name, manifest.imports[name].replace(/^npm:.*@/, "")]),
  );
}
