/**
 * What this program is, from the one place that says so: `deno.json`.
 *
 * @module
 */

import manifest from "../../deno.json" with { type: "json" };

/** Version of libreseed. */
export const version: string = manifest.version;

/** Libraries that decide how we behave towards others. */
const mainLibraries = ["webtorrent", "bittorrent-dht", "bencode", "tar-stream", "semver"] as const;

/** Name to version of the main libraries. */
export function libraryVersions(): Record<string, string> {
  return Object.fromEntries(
    mainLibraries.map((name) => [name, manifest.imports[name].replace(/^npm:.*@/, "")]),
  );
}
