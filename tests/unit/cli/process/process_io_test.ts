/**
 * The implementation of `Io` for the real process.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { processIo } from "../../../../src/cli/process/process_io.ts";

Deno.test("readFile names an unreadable file and the reason, and returns undefined for a missing one", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const { readFile } = processIo();
    const file = join(directory, "file");
    await Deno.writeTextFile(file, "12345");
    assert.deepEqual(await readFile(file, 5), new TextEncoder().encode("12345"));
    assert.equal(await readFile(join(directory, "none"), 5), undefined);
    await Deno.symlink("loop", join(directory, "loop"));
    const cases: [string, RegExp][] = [
      [directory, /it is not a regular file/],
      [join(file, "below"), /not a directory/i],
      [join(directory, "loop"), /symbolic links/],
    ];
    for (const [path, why] of cases) {
      await assert.rejects(readFile(path, 5), (error: Error & { code?: string }) => {
        assert.equal(error.code, "FILE_INVALID");
        assert(error.message.startsWith(`cannot read ${path}: `), error.message);
        assert.match(error.message, why);
        return true;
      });
    }
    await assert.rejects(readFile(file, 4), /5 bytes, more than 4/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
