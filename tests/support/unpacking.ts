/**
 * A program that unpacks an archive, for tests of the umask. A separate process is needed, because
 * all concurrent tests in a process share the umask. Usage: `unpacking.ts ARCHIVE MINIMAL_MANIFEST
 * TARGET`.
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
