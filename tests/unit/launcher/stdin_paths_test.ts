import assert from "node:assert/strict";
import { MAX_STDIN_BYTES, MAX_STDIN_PATHS } from "../../../src/launcher/mod.ts";
import { pathsIn, readStdin } from "../../../src/launcher/stdin_paths.ts";

Deno.test("standard input is read to its end, or one byte past the bound", async () => {
  const mebibyte = new Uint8Array(2 ** 20);
  assert.equal((await readStdin(ReadableStream.from([mebibyte, mebibyte]))).length, 2 ** 21);
  let made = 0;
  const endless = ReadableStream.from((function* () {
    for (;;) {
      made++;
      yield mebibyte;
    }
  })());
  assert.equal((await readStdin(endless)).length, MAX_STDIN_BYTES + 1);
  assert(made < 20, `${made} MiB were read`);
});

Deno.test("a list is split as the command splits it, and one that is too long names no path", () => {
  const bytesOf = (text: string) => new TextEncoder().encode(text);
  assert.deepEqual(pathsIn(bytesOf("a\r\n\nb c\nd\0e"), "\n"), ["a", "b c"]);
  assert.deepEqual(pathsIn(bytesOf("a\nb\0c\r\0"), "\0"), ["a\nb", "c\r"]);
  assert.equal(pathsIn(bytesOf("a\n".repeat(MAX_STDIN_PATHS)), "\n").length, MAX_STDIN_PATHS);
  assert.deepEqual(pathsIn(bytesOf("a\n".repeat(MAX_STDIN_PATHS + 1)), "\n"), []);
  assert.deepEqual(pathsIn(new Uint8Array(MAX_STDIN_BYTES + 1).fill(97), "\n"), []);
});
