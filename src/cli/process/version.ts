/**
 * The versions of the main libraries, for `version -v` and bug reports. Libreseed's own version is
 * in `src/base`.
 *
 * @module
 */

import manifest from "../../../deno.json" with { type: "json" };

/** Libraries that shape formats and network traffic. */
const mainLibraries = ["webtorrent", "bittorrent-dht", "bencode", "tar-stream", "semver"] as const;

/** The version of each main library, by its name. */
export function libraryVersions(): Record<string, string> {
  return Object.fromEntries(
    mainLibraries.map((name) => [name, manifest.imports[name].replace(/^npm:.*@/, "")]),
  );
}
