import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes, utf8 } from "../../../src/base/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import {
  generateKeyPair,
  keyPairFromSeed,
  type Statement,
  statementBytes,
  verifySignature,
} from "../../../src/identity/mod.ts";

const pair = keyPairFromSeed(new Uint8Array(32).fill(9));
const { publicKey } = pair;
const bytesOf = (statement: unknown) => statementBytes(statement as Statement, publicKey);
const latin1 = new TextDecoder("latin1");

const count = fc.maxSafeNat();
const text = fc.string({ unit: "binary", maxLength: 40 }).filter((one) => one.isWellFormed());
/** Bytes that an attacker would choose: the beginnings of the other kinds among any others. */
const hostile = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.tuple(
    fc.constantFrom(
      ...["4:salt1:x3:seqi0e1:v", "3:seqi0e1:v1:x", "libreseed:full-manifest:v1\n{"],
      ...["libreseed:minimal-manifest:v1\n{", "libreseed:name-index-entry:v1\nd1:fi0e", "{}"],
      `libreseed:release-sums:v1\n${"0".repeat(64)}  a\n`,
    ),
    fc.uint8Array({ maxLength: 40 }),
  ).map(([beginning, rest]) => concatBytes(utf8(beginning), rest)),
);
const statements: fc.Arbitrary<Statement> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("full manifest", "minimal manifest"),
    json: hostile.map((rest) => concatBytes(utf8("{"), rest)),
  }),
  fc.record({
    kind: fc.constant("record" as const),
    salt: hostile.map((salt) => salt.subarray(0, 64)),
    seq: count,
    value: hostile.filter(({ length }) => length > 0),
  }),
  fc.record({
    kind: fc.constant("name entry" as const),
    name: text,
    version: text,
    firstSeenMs: count,
    timestampMs: count,
  }),
  fc.record({
    kind: fc.constant("release sums" as const),
    sums: fc.array(fc.stringMatching(/^[0-9a-f]{64} {2}[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/), {
      minLength: 1,
      maxLength: 8,
    }).map((lines) => utf8(lines.map((line) => `${line}\n`).join(""))),
  }),
);

/**
 * Reads the one statement that has these bytes. The branches look at different beginnings, none of
 * which begins another, so bytes have only one reading.
 */
function readStatement(bytes: Uint8Array): Statement {
  // Each character of Latin-1 is one byte, so positions in the text are positions in the bytes.
  const all = latin1.decode(bytes);
  const manifest = /^libreseed:(full|minimal)-manifest:v1\n(?=\{)/.exec(all);
  if (manifest) {
    const kind = manifest[1] === "full" ? "full manifest" : "minimal manifest";
    return { kind, json: bytes.slice(manifest[0].length) };
  }
  const entry = /^libreseed:name-index-entry:v1\nd1:fi(\d+)e1:k32:[^]{32}1:n(\d+):/.exec(all);
  if (entry) {
    const utf8Of = (from: number, length: string) =>
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(
        bytes.subarray(from, from + Number(length)),
      );
    const [beginning, firstSeen, nameLength] = entry as unknown as [string, string, string];
    const name = utf8Of(beginning.length, nameLength);
    const after = beginning.length + Number(nameLength);
    const rest = /^1:ti(\d+)e1:v(\d+):/.exec(all.slice(after))!;
    const version = utf8Of(after + rest[0].length, rest[2]!);
    const [firstSeenMs, timestampMs] = [Number(firstSeen), Number(rest[1])];
    return { kind: "name entry", name, version, firstSeenMs, timestampMs };
  }
  const sums = /^libreseed:release-sums:v1\n/.exec(all);
  if (sums) return { kind: "release sums", sums: bytes.slice(sums[0].length) };
  const salted = /^4:salt(\d+):/.exec(all);
  const saltAt = salted?.[0].length ?? 0;
  const seqAt = saltAt + Number(salted?.[1] ?? 0);
  const record = /^3:seqi(\d+)e1:v/.exec(all.slice(seqAt))!;
  return {
    kind: "record",
    salt: bytes.slice(saltAt, seqAt),
    seq: Number(record[1]),
    value: bytes.slice(seqAt + record[0].length),
  };
}

Deno.test("no two statements have the same bytes: each is read back from its bytes alone", () => {
  fc.assert(
    fc.property(statements, (statement) => {
      assert.deepEqual(readStatement(bytesOf(statement)), { ...statement });
    }),
    { numRuns: 500 },
  );
});

Deno.test("no beginning of a kind begins the bytes of another kind", () => {
  const beginnings = [
    "libreseed:full-manifest:v1\n",
    "libreseed:minimal-manifest:v1\n",
    "libreseed:name-index-entry:v1\n",
    "libreseed:release-sums:v1\n",
    "4:salt",
    "3:seqi",
  ];
  for (const one of beginnings) {
    assert.deepEqual(beginnings.filter((other) => other.startsWith(one)), [one]);
  }
  fc.assert(fc.property(statements, (statement) => {
    const bytes = latin1.decode(bytesOf(statement));
    assert.equal(beginnings.filter((one) => bytes.startsWith(one)).length, 1);
  }));
});

Deno.test("a name entry is the bencoded dictionary that readers verify", () => {
  fc.assert(fc.property(statements, (statement) => {
    if (statement.kind !== "name entry") return;
    const { firstSeenMs: f, name: n, timestampMs: t, version: v } = statement;
    const dictionary = bencode({ f, k: publicKey, n, t, v });
    const prefix = utf8("libreseed:name-index-entry:v1\n");
    assert.deepEqual(bytesOf(statement), concatBytes(prefix, dictionary));
  }));
});

Deno.test("a key pair signs the bytes of a statement", async () => {
  const statement = { kind: "record", seq: 1, value: bencode("x") } as const;
  const signature = await pair.sign(statement);
  assert.ok(verifySignature(publicKey, utf8("3:seqi1e1:v1:x"), signature));
  const other = await generateKeyPair().sign(statement);
  assert.ok(!verifySignature(publicKey, utf8("3:seqi1e1:v1:x"), other));
});

const record = { kind: "record", salt: utf8("salt"), seq: 1, value: utf8("1:x") };
const entry = { kind: "name entry", name: "a", version: "1.0.0", firstSeenMs: 0, timestampMs: 1 };
const sums = (text: string | Uint8Array) => ({
  kind: "release sums",
  sums: typeof text === "string" ? utf8(text) : text,
});
const line = `${"0".repeat(64)}  a\n`;
const refused: Record<string, unknown> = {
  "no line of a release": sums(""),
  "a line of a release without its end": sums(line.slice(0, -1)),
  "a line of a release with a path": sums(line.replace("a", "../a")),
  "other lines in a release": sums(`${line}libreseed:full-manifest:v1\n`),
  "sums of a release as text": { kind: "release sums", sums: line },
  "sums of more than 64 KiB": sums(line.repeat(1_000)),
  "bytes without a kind": { json: utf8("{}") },
  "a kind of its own": { kind: "bytes", bytes: utf8("{}") },
  "a kind that every object has": { kind: "constructor" },
  "a manifest that is no object": { kind: "full manifest", json: utf8("[]") },
  "an empty manifest": { kind: "minimal manifest", json: new Uint8Array(0) },
  "a manifest as text": { kind: "minimal manifest", json: "{}" },
  "a manifest of more than 32 MiB": {
    kind: "full manifest",
    json: new Uint8Array(32 * 1024 * 1024 + 1).fill(0x7b),
  },
  "a salt of 65 bytes": { ...record, salt: new Uint8Array(65) },
  "a salt that is a list of numbers": { ...record, salt: [1, 2] },
  "no value": { ...record, value: undefined },
  "an empty value": { ...record, value: new Uint8Array(0) },
  "a value of 1,001 bytes": { ...record, value: new Uint8Array(1001) },
  "a seq as text, which could carry further pairs": { ...record, seq: "1e1:v1:y" },
  "a negative seq": { ...record, seq: -1 },
  "a seq of minus zero": { ...record, seq: -0 },
  "a seq above 2^53-1": { ...record, seq: 2 ** 53 },
  "a fraction as seq": { ...record, seq: 0.5 },
  "a name that is no text": { ...entry, name: utf8("a") },
  "a name that UTF-8 cannot express": { ...entry, name: "\ud800" },
  "a name of more than 1,000 bytes": { ...entry, name: "é".repeat(501) },
  "a version of more than 1,000 bytes": { ...entry, version: "1".repeat(1001) },
  "a time as text": { ...entry, firstSeenMs: "0e1:k" },
  "a time that is no number": { ...entry, timestampMs: NaN },
};
for (const [what, statement] of Object.entries(refused)) {
  Deno.test(`${what} is not signed`, async () => {
    const isInvalid = { code: "STATEMENT_INVALID", kind: "failed", name: "IdentityError" };
    assert.throws(() => bytesOf(statement), isInvalid);
    await assert.rejects(pair.sign(statement as Statement), isInvalid);
  });
}
