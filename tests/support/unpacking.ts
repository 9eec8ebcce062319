/**
 * A program that unpacks an archive, for tests of the umask. A test cannot change its own umask,
 * which all concurrent tests share. Usage: `unpacking.ts ARCHIVE MINIMAL_MANIFEST TARGET`.
 *
 * @module
 */

import { parseMinimal, verifyArchive } from "../../src/package/mod.ts";

const [archivePath, minimalPath, unpackTo] = Deno.args as [string, string, string];
await verifyArchive({
  archivePath,
  minimal: parseMinimal(await Deno.readFile(minimalPath)),
  unpackTo,
});
