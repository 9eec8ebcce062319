/** Secrets that arrive in chunks, in other encodings, and far from the beginning of a file. */

import assert from "node:assert/strict";
import { SecretDetector } from "../../../src/secrets/mod.ts";
import { alnum, base64, lower, pem } from "./made_up.ts";

const detector = new SecretDetector();
const token = () => "ghp_" + alnum(36);
const text = (value: string) => new TextEncoder().encode(value);

/** @param sizes sizes of the chunks in bytes, repeated cyclically */
function kindOf(bytes: Uint8Array, path = "a.txt", sizes = [bytes.length], size = true) {
  const scan = detector.file(path, size ? bytes.length : undefined);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const end = at + sizes[turn % sizes.length]!;
    const chunk = bytes.slice(at, end);
    scan.add(chunk);
    // Overwrite the chunk, because callers may reuse its buffer.
    chunk.fill(0);
    at = end;
  }
  return scan.end();
}

/** Makes a text of the given length that contains no secret. */
function filler(length: number): string {
  return "const value = compute(previous, next);\n".repeat(Math.ceil(length / 39)).slice(0, length);
}

Deno.test("the scan finds a token at every offset around a chunk boundary", () => {
  const chunk = 64 * 1024;
  const secret = token();
  for (let at = chunk - 60; at <= chunk + 4; at++) {
    const bytes = text(filler(at - 1) + " " + secret + "\n" + filler(2 * chunk));
    assert.equal(kindOf(bytes, "a.txt", [chunk]), "GitHub token", `at ${at}`);
  }
});

Deno.test("the first secret of a file names its kind, however close the second is", () => {
  const line = "//r/:_authToken=7c9e6679-7425-40de-944b-e07fc1f90ae7\n";
  for (const length of [10, 100_000]) {
    assert.equal(kindOf(text(filler(length) + "\n" + line)), "npm credential", `after ${length}`);
  }
});

Deno.test("the scan finds a key that crosses a chunk boundary", () => {
  const chunk = 64 * 1024;
  const key = pem("rsa");
  for (const before of [10, 40, 100, 800, 4000, 8100, 8500]) {
    const bytes = text(filler(chunk - before) + "\n" + key + filler(chunk));
    assert.equal(kindOf(bytes, "a.txt", [chunk]), "private key", `${before} bytes before`);
    assert.equal(kindOf(bytes, "a.txt", [chunk], false), "private key", "of unknown length");
  }
});

Deno.test("the scan finds a token in chunks of any length", () => {
  const bytes = text(filler(300_000) + "\n" + token() + "\n" + filler(200_000));
  for (
    const sizes of [[1, 2, 3], [997], [65_536, 1], [1, 65_535], [131_072], [70_001, 3, 12_345]]
  ) {
    assert.equal(kindOf(bytes, "a.txt", sizes), "GitHub token", String(sizes));
    assert.equal(kindOf(bytes, "a.txt", sizes, false), "GitHub token", String(sizes));
    assert.equal(kindOf(text(filler(500_000)), "a.txt", sizes), undefined);
  }
});

Deno.test("the scan finds a token at the start and the end of files of any length and alignment", () => {
  for (let pad = 0; pad < 70; pad++) {
    const whole = text("?".repeat(pad) + filler(pad) + " " + token());
    // Test views of memory at unaligned addresses.
    for (let offset = 0; offset < 4; offset++) {
      const memory = new Uint8Array(whole.length + offset);
      memory.set(whole, offset);
      assert.equal(kindOf(memory.subarray(offset)), "GitHub token", `${pad} ${offset}`);
    }
    assert.equal(kindOf(text(token() + " " + filler(pad))), "GitHub token");
  }
});

Deno.test("the scan finds a token at the end of a large file", () => {
  assert.equal(kindOf(text(filler(20_000_000) + "\n" + token()), "a", [1 << 20]), "GitHub token");
});

Deno.test("the scan finds keys and tokens in UTF-16 and UTF-32, with and without a byte order mark", () => {
  const utf16 = (value: string, big: boolean, mark: boolean) => {
    const all = (mark ? "\ufeff" : "") + value;
    const bytes = new Uint8Array(2 * all.length);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < all.length; i++) view.setUint16(2 * i, all.charCodeAt(i), !big);
    return bytes;
  };
  for (const big of [false, true]) {
    for (const mark of [false, true]) {
      const key = utf16(`# Schlüssel\r\n${pem("ec").replaceAll("\n", "\r\n")}`, big, mark);
      assert.equal(kindOf(key), "private key", `${big} ${mark}`);
      const late = utf16(filler(200_000) + "\n" + token(), big, mark);
      // With chunks of odd length, characters of two bytes are split between chunks.
      assert.equal(kindOf(late, "a.txt", [65_537]), "GitHub token", `${big} ${mark}`);
    }
  }
  const utf32 = new Uint8Array([
    0xff,
    0xfe,
    0,
    0,
    ...[...token()].flatMap((c) => [c.charCodeAt(0), 0, 0, 0]),
  ]);
  assert.equal(kindOf(utf32), "GitHub token");
  assert.equal(kindOf(utf16("PASSWORD=hunter2\r\n", false, true), ".env"), ".env with values");
});

Deno.test("a byte order mark and CRLF do not hide the settings of .env", () => {
  assert.equal(kindOf(text("\ufeffTOKEN=abc\r\n"), ".env"), ".env with values");
  assert.equal(kindOf(text("\ufeff# none\r\nTOKEN=\r\n"), ".env"), undefined);
});

Deno.test("hostile texts cause no catastrophic backtracking", () => {
  const begin = "-----BEGIN " + "PRIVATE KEY-----";
  const inputs = [
    begin.repeat(40_000),
    (begin + "\n" + " ".repeat(4000)).repeat(250),
    "ghp_".repeat(250_000),
    "eyJ".repeat(300_000),
    ("postgres://" + "a".repeat(90) + ":" + "b".repeat(190)).repeat(3000),
    '"kty":"RSA'.repeat(100_000),
    "PuTTY-User-Key-File-2: ssh-rsa ".repeat(30_000),
    '_KEY = "'.repeat(120_000),
    "A".repeat(1_000_000),
    ("\\n" + lower(60)).repeat(16_000),
    // Overlapping token candidates: a match extends far past the start of the next candidate.
    ("xoxb-".repeat(100) + "example-").repeat(2000),
    "+AQEa".repeat(200_000),
    // Filler text after the first line of a private key, and after the beginning of a JWK.
    ...["\n", '"', '" ', "\\", "\\r", "."].map((filling) =>
      (begin.repeat(60) + filling.repeat(2400 / filling.length) + "x").repeat(100)
    ),
    ('"kty":"RSA"'.repeat(60) + "\\".repeat(2900)).repeat(100),
  ];
  // A backtracking regular expression would take longer than a year for these inputs.
  for (const input of inputs) kindOf(text(input));
  assert.equal(kindOf(text(inputs.join("\n") + "\n" + token())), "GitHub token");
});

Deno.test("hostile contents of files with telling names cause no catastrophic backtracking", () => {
  const length = 256 * 1024;
  const files: [string, string][] = [
    ...[
      ...["my.cnf", ".pypirc", "credentials", ".aws/config", "gradle.properties", ".muttrc"],
      ...[".npmrc", ".netrc", ".env", "database.json", "auth.json", "wp-config.php"],
    ].flatMap((name): [string, string][] =>
      ["\n", " ", "a", "a.", "password ", "pass\n\n"].map(
        (part) => [name, part.repeat(length / part.length)],
      )
    ),
    ["sitemanager.xml", "<Pass".repeat(length / 5)],
    ["rclone.conf", "pass" + " ".repeat(length)],
    ["secrets.json", ('a="' + "b".repeat(2100)).repeat(length / 2103)],
  ];
  for (const [name, contents] of files) kindOf(text(contents), name);
  assert.equal(kindOf(text("\n\n\t password = " + alnum(12)), "my.cnf"), "MySQL password");
});

Deno.test("one detector scans several files at a time", () => {
  const [one, other] = [detector.file("a", 60), detector.file("b", 100)];
  one.add(text(filler(20)));
  other.add(text('x = "' + token().slice(0, 20)));
  one.add(text(filler(40)));
  other.add(text(token().slice(20) + '"'));
  assert.equal(one.end(), undefined);
  assert.equal(other.end(), "GitHub token");
  assert.equal(kindOf(text(base64(100))), undefined);
});
