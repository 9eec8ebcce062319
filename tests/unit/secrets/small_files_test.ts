/** Many small files that are looked at together. */

import assert from "node:assert/strict";
import { SecretDetector, SmallFiles } from "../../../src/secrets/mod.ts";
import { alnum, base64, pem } from "./made_up.ts";

const detector = new SecretDetector();
const text = (value: string) => new TextEncoder().encode(value);

/** The paths in which secrets are found, and those that are not taken. */
function look(files: Iterable<[path: string, contents: string | Uint8Array]>) {
  const found: string[] = [];
  const left: string[] = [];
  const small = new SmallFiles(detector, (path) => found.push(path));
  for (const [path, contents] of files) {
    const bytes = typeof contents === "string" ? text(contents) : contents;
    if (!small.take(path, bytes)) left.push(path);
    // Whoever reads the files uses the memory again.
    bytes.fill(0);
  }
  small.finish();
  return { found, left };
}

Deno.test("a secret is found in each of many small files that has one, whatever their lengths", () => {
  const files = Array.from({ length: 2_000 }, (_, i): [string, string] => {
    const filler = "const a = b;\n".repeat(i % 97);
    const secret = i % 251 === 0 ? "ghp_" + alnum(36) : "";
    return [`${i}.js`, i % 2 === 0 ? filler + secret : secret + filler];
  });
  const expected = files.filter(([, contents]) => contents.includes("ghp_")).map(([path]) => path);
  assert.equal(expected.length, 8);
  assert.deepEqual(look(files), { found: expected, left: [] });
});

Deno.test("a file ends where it ends: what follows is another one's", () => {
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

Deno.test("what is known by its name or its first bytes, is UTF-16 or long is left to be looked at alone", () => {
  const files: [string, string | Uint8Array][] = [
    [".env", "A=b"],
    ["key.der", Uint8Array.of(0x30, 0x82, 1, 2)],
    ["utf16.txt", Uint8Array.of(0xff, 0xfe, 65, 0)],
    ["long.txt", "x".repeat(70_000)],
    ["a.js", "a"],
  ];
  assert.deepEqual(look(files).left, [".env", "key.der", "utf16.txt", "long.txt"]);
});
