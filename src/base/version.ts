/**
 * The version of libreseed, read from `deno.json`.
 *
 * @module
 */

import manifest from "../../deno.json" with { type: "json" };

/** Version of libreseed in the form of semantic versioning. */
export const version: string = manifest.version;
