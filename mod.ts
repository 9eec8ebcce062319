/**
 * libreseed for programs: packs directories to signed archives, verifies archives, reads signed records
 * and magnet links, in Deno and Node.js. What is exported here is stable; everything else may change with
 * each release. docs/library.md says how to use it.
 *
 * ```ts
 * import { verifyArchive } from "libreseed";
 *
 * const { name, version } = await verifyArchive("tool-1.0.0.tgz", { publisher });
 * console.log(`${name}@${version} is what ${publisher} has signed`);
 * ```
 *
 * Every error that libreseed throws deliberately is a {@linkcode LibreseedError} with `kind` and `code`.
 *
 * @module
 */

export * from "./src/library/mod.ts";
