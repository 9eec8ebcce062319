/**
 * libreseed for programs: packs directories to signed archives, verifies archives, reads signed records
 * and magnet links, and calls the HTTP API of a daemon, in Deno and Node.js. What is exported here is stable; everything else may change with
 * each release. docs/library.md says how to use it.
 *
 * ```ts
 * import { verifyArchive } from "libreseed";
 *
 * const publisher = "ed25519:cHYC+Sx4qb6WtRtlCpePnBvXKy4GvpHtrc8pfn6W/zE=";
 * const { name, version } = await verifyArchive("tool-1.0.0.tgz", { publisher });
 * console.log(`${name}@${version} is what ${publisher} has signed`);
 * ```
 *
 * Every error that libreseed throws deliberately is a {@linkcode LibreseedError} with `kind` and `code`; the
 * client of the API throws {@linkcode ApiError}, which has the same members.
 *
 * @module
 */

export * from "./src/library/mod.ts";
export {
  ApiError,
  type Client,
  type ClientOptions,
  createClient,
  type EventsOptions,
} from "./src/api_client/mod.ts";
