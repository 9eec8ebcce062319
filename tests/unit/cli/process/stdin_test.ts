/**
 * Reading lists of paths from standard input.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_STDIN_BYTES, MAX_STDIN_PATHS } from "../../../../src/launcher/mod.ts";
import { readPaths } from "../../../../src/cli/process/stdin.ts";

function stream(...chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return ReadableStream.from(
    chunks.map((chunk) => typeof chunk === "string" ? encoder.encode(chunk) : chunk),
  );
}

function read(separator: "\n" | "\0", ...chunks: (string | Uint8Array)[]): Promise<string[]> {
  return Array.fromAsync(readPaths(stream(...chunks), separator));
}

Deno.test("each line is a path, and the last line needs no line break", async () => {
  assert.deepEqual(await read("\n", "a\nb c\r\n\n-x\nöö"), ["a", "b c", "-x", "öö"]);
  assert.deepEqual(await read("\n", ""), []);
  assert.deepEqual(await read("\n", "\n\n"), []);
});

Deno.test("paths separated by NUL may hold line breaks", async () => {
  assert.deepEqual(await read("\0", "a\nb\0c\r\0\0d"), ["a\nb", "c\r", "d"]);
});

Deno.test("a byte order mark belongs to the first name", async () => {
  assert.deepEqual(await read("\n", "\uFEFFa\n"), ["\uFEFFa"]);
});

Deno.test("paths do not depend on chunk boundaries", async () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 })
    .filter((text) => text.isWellFormed() && !/[\0\n\r]/.test(text));
  await fc.assert(fc.asyncProperty(
    fc.array(name),
    fc.constantFrom("\n" as const, "\0" as const),
    fc.integer({ min: 1, max: 7 }),
    async (names, separator, step) => {
      const bytes = new TextEncoder().encode(names.map((text) => text + separator).join(""));
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += step) chunks.push(bytes.slice(at, at + step));
      assert.deepEqual(await read(separator, ...chunks), names);
    },
  ));
});

Deno.test("a path that is not UTF-8 is refused with its position", async () => {
  const promise = read("\n", "a\n", new Uint8Array([0xff, 0x0a]));
  await assert.rejects(promise, {
    code: "STDIN_INVALID",
    kind: "usage",
    message: /path 2 .*UTF-8/,
  });
});

Deno.test("a NUL in a line is refused, and -0 is suggested", async () => {
  await assert.rejects(read("\n", "a\0b\0"), { code: "STDIN_INVALID", message: /use -0/ });
});

Deno.test("an endless path is refused after a bounded number of bytes", async () => {
  let chunks = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      chunks++;
      controller.enqueue(new Uint8Array(16_384).fill(97));
    },
  });
  await assert.rejects(Array.fromAsync(readPaths(endless, "\n")), { code: "STDIN_INVALID" });
  assert(chunks < 10, `${chunks} chunks were read`);
  await assert.rejects(read("\n", "a".repeat(65_537) + "\n"), { code: "STDIN_INVALID" });
});

Deno.test("a list of too many paths or bytes is refused, and the error names the bound", async () => {
  const most = "a\n\n".repeat(MAX_STDIN_PATHS);
  assert.equal((await read("\n", most)).length, MAX_STDIN_PATHS);
  await assert.rejects(read("\n", most, "a"), {
    code: "STDIN_INVALID",
    message: /names more than 100000 paths; /,
  });
  const line = new Uint8Array(1024).fill(97);
  line[1023] = 10;
  const lines = Array(MAX_STDIN_BYTES / 1024).fill(line);
  assert.equal((await read("\n", ...lines)).length, lines.length);
  await assert.rejects(read("\n", ...lines, "a"), {
    code: "STDIN_INVALID",
    message: /has more than 16777216 bytes; /,
  });
});
