/**
 * Which libreseed this is, from the one place that says so: `deno.json`.
 *
 * @module
 */

import manifest from "../../deno.json" with { type: "json" };

/** Version of libreseed, a semantic version. */
export const version: string = manifest.version;
