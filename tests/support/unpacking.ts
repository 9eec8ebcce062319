/**
 * A process that unpacks an archive, with the umask that it was started with: that of a test would be
 * that of all tests which run beside it. `unpacking.ts ARCHIVE MINIMAL_MANIFEST TARGET`.
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
