/**
 * The versions of the main libraries, printed by `version -v` for bug reports. Libreseed's own
 * version is in `src/base`.
 *
 * @module
 */

import manifest from "../../../deno.json" with { type: "json" };

/** Names of the main libraries: those that affect file formats or network traffic. */
const mainLibraries = ["webtorrent", "bittorrent-dht", "bencode", "tar-stream", "semver"] as const;

/** The version of each main library, keyed by its npm name. */
export function libraryVersions(): Record<string, string> {
  return Object.fromEntries(
    mainLibraries.map((name) => [name, manifest.imports[name].replace(/^npm:.*@/, "")]),
  );
}
