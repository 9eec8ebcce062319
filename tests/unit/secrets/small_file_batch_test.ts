/** Batches of small files, which are scanned for secrets together. */

import assert from "node:assert/strict";
import { SecretDetector, SmallFileBatch } from "../../../src/secrets/mod.ts";
import { alnum, base64, pem } from "./made_up.ts";

const detector = new SecretDetector();
const text = (value: string) => new TextEncoder().encode(value);

/**
 * Scans files in batches. Returns the paths with secrets, and the paths that the batch did not
 * accept.
 */
function look(files: Iterable<[path: string, contents: string | Uint8Array]>) {
  const found: string[] = [];
  const left: string[] = [];
  const small = new SmallFileBatch(detector, (path) => found.push(path));
  for (const [path, contents] of files) {
    const bytes = typeof contents === "string" ? text(contents) : contents;
    if (!small.take(path, bytes)) left.push(path);
    // Overwrite the bytes, because callers may reuse their buffer.
    bytes.fill(0);
  }
  small.finish();
  return { found, left };
}

Deno.test("a batch finds every file with a secret among small files of many lengths", () => {
  const files = Array.from({ length: 2_000 }, (_, i): [string, string] => {
    const filler = "const a = b;\n".repeat(i % 97);
    const secret = i % 251 === 0 ? "ghp_" + alnum(36) : "";
    return [`${i}.js`, i % 2 === 0 ? filler + secret : secret + filler];
  });
  const expected = files.filter(([, contents]) => contents.includes("ghp_")).map(([path]) => path);
  assert.equal(expected.length, 8);
  assert.deepEqual(look(files), { found: expected, left: [] });
});

Deno.test("a secret does not continue from one file of a batch into the next", () => {
  const begin = "-----BEGIN " + "PRIVATE KEY-----\n";
  const files: [string, string][] = [
    ["a.txt", begin],
    ["b.txt", base64(64) + "\n"],
    ["c.txt", "ghp_"],
    ["d.txt", alnum(36)],
    ["e.txt", ""],
    ["f.txt", pem("ed25519")],
  ];
  assert.deepEqual(look(files).found, ["f.txt"]);
});

Deno.test("a batch refuses files with telling names, binary heads, UTF-16 or long contents", () => {
  const files: [string, string | Uint8Array][] = [
    [".env", "A=b"],
    ["key.der", Uint8Array.of(0x30, 0x82, 1, 2)],
    ["utf16.txt", Uint8Array.of(0xff, 0xfe, 65, 0)],
    ["long.txt", "x".repeat(70_000)],
    ["a.js", "a"],
  ];
  assert.deepEqual(look(files).left, [".env", "key.der", "utf16.txt", "long.txt"]);
});
