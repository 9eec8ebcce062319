import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { FILE_CUTS, MANIFEST_CUTS } from "../../../../src/package/archive/mod.ts";
import type { CutRule } from "../../../../src/package/archive/member_cuts.ts";
import { cutEntries } from "../../../support/cut_entries.ts";
import { noise } from "../../../support/package_archives.ts";

const KIB = 1024;

const gear = Array.from(
  { length: 256 },
  (_, byte) => createHash("sha256").update(Uint8Array.of(byte)).digest().readUInt32BE(0),
);

/** The rule of docs/protocol.md section 4, byte by byte: hashes everything, and skips nothing. */
function cutPlainly(rule: CutRule, entries: Uint8Array[]): number[] {
  const ends: number[] = [];
  let at = 0;
  let member = 0;
  let isDue = false;
  const end = () => {
    ends.push(at);
    member = 0;
    isDue = false;
  };
  for (const entry of entries) {
    if (isDue || entry.length >= rule.largeBytes && member >= rule.leastBytes) end();
    let hash = 0;
    for (const [index, byte] of entry.entries()) {
      hash = (hash * 2 + gear[byte]!) % 2 ** 32;
      at++;
      member++;
      const left = entry.length - index - 1;
      const isPlace = hash < 2 ** (32 - rule.zeroBits) && member >= rule.leastBytes && !isDue;
      if (isPlace && left < rule.largeBytes || left === 0 && member === rule.mostBytes) {
        isDue = true;
      } else if (isPlace || left > 0 && member === rule.mostBytes) end();
    }
  }
  return ends;
}

const inputs: [string, CutRule, Uint8Array[]][] = [
  ["a large file", FILE_CUTS, [noise(3_000_000, 1)]],
  ["small files", FILE_CUTS, Array.from({ length: 600 }, (_, i) => noise(512 * (1 + i % 40), i))],
  [
    "files about as long as the bounds",
    FILE_CUTS,
    Array.from(
      { length: 30 },
      (_, i) => noise([65_024, 65_536, 114_688, 180_224, 524_288][i % 5]!, i),
    ),
  ],
  ["a file of one byte value", FILE_CUTS, [new Uint8Array(2_000_000), new Uint8Array(512)]],
  ["a file that ends with a full member", FILE_CUTS, [new Uint8Array(1_048_576), noise(1024)]],
  ["a manifest", MANIFEST_CUTS, [noise(300_000, 2)]],
  ["a manifest of one byte value", MANIFEST_CUTS, [new Uint8Array(200_000).fill(97)]],
];

for (const [name, rule, entries] of inputs) {
  Deno.test(`cutting ${name} follows the rule, in whatever parts the bytes are passed`, () => {
    const expected = cutPlainly(rule, entries);
    for (const partBytes of [64 * KIB, 1 << 20, 1000, 13]) {
      assert.deepEqual(
        cutEntries(rule, entries, partBytes),
        expected,
        `parts of ${partBytes} bytes`,
      );
    }
    const total = entries.reduce((sum, { length }) => sum + length, 0);
    const lengths = [...expected, total].map((end, i, all) => end - (all[i - 1] ?? 0));
    assert.ok(lengths.every((length) => length <= rule.mostBytes), "no member is too long");
    assert.ok(lengths.slice(0, -1).every((length) => length >= rule.leastBytes));
  });
}

Deno.test("no run of one byte value ends members of the minimum length", () => {
  for (const { zeroBits } of [FILE_CUTS, MANIFEST_CUTS]) {
    for (const step of gear) assert.ok((2 ** 32 - step) % 2 ** 32 >= 2 ** (32 - zeroBits));
  }
});

/** Returns the members of entries as strings that can be compared. */
function membersOf(entries: Uint8Array[]): string[] {
  const total = entries.reduce((sum, { length }) => sum + length, 0);
  const all = new Uint8Array(total);
  let at = 0;
  for (const entry of entries) {
    all.set(entry, at);
    at += entry.length;
  }
  const ends = [...cutEntries(FILE_CUTS, entries), total];
  return ends.map((end, i) =>
    createHash("sha256").update(all.subarray(ends[i - 1] ?? 0, end)).digest("hex")
  );
}

/** Asserts that all members but a few are the same after a change. */
function assertShared(before: Uint8Array[], after: Uint8Array[], most: number): void {
  const had = new Set(membersOf(before));
  const now = membersOf(after);
  const fresh = now.filter((member) => !had.has(member));
  assert.ok(now.length > 20, `${now.length} members`);
  assert.ok(fresh.length >= 1 && fresh.length <= most, `${fresh.length} of ${now.length} are new`);
}

Deno.test("a byte inserted in a large file changes the members around it", () => {
  const file = noise(5_000_000, 5);
  const other = new Uint8Array(file.length + 1);
  other.set(file.subarray(0, 2_000_000));
  other[2_000_000] = 1;
  other.set(file.subarray(2_000_000), 2_000_001);
  assertShared([file], [other], 3);
});

Deno.test("a small file that is added, changed or removed changes the members around it", () => {
  const files = Array.from({ length: 2000 }, (_, i) => noise(512 * (1 + i * 7 % 9), i));
  const added = files.toSpliced(1000, 0, noise(1024, 99_999));
  assertShared(files, added, 3);
  assertShared(files, files.with(1000, noise(2048, 99_998)), 3);
  assertShared(added, files, 3);
});
