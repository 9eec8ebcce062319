import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { compressMembers, outputBytesFor } from "../../../../src/package/archive/gzip_member.ts";
import { seemsRandom } from "../../../../src/package/archive/random_looking.ts";
import { noise } from "../../../support/package_archives.ts";

const KIB = 1024;

/** Compresses parts of the given lengths, and returns their members. */
function membersOf(parts: Uint8Array[]): Uint8Array[] {
  const ends: number[] = [];
  const total = parts.reduce((sum, { length }) => (ends.push(sum + length), sum + length), 0);
  const input = new Uint8Array(total);
  parts.forEach((part, i) => input.set(part, ends[i - 1] ?? 0));
  const output = new Uint8Array(outputBytesFor(total));
  const { bytes, lengths, hashes } = compressMembers(input, ends, output);
  let at = 0;
  const members = lengths.map((length) => bytes.slice(at, at += length));
  assert.equal(at, bytes.length);
  for (const [i, member] of members.entries()) {
    const hash = createHash("sha256").update(member).digest().subarray(0, 16);
    assert.deepEqual(new Uint8Array(hash), hashes.slice(16 * i, 16 * i + 16));
    assert.deepEqual(new Uint8Array(gunzipSync(member)), parts[i]);
  }
  return members;
}

Deno.test("members of any length are unpacked by themselves, and have the hashes of their bytes", () => {
  const lengths = [1, 512, 4096, 65_535, 65_536, 65_537, 131_070, 131_071, 524_288];
  membersOf(lengths.map((length) => noise(length, length)));
  membersOf(lengths.map((length) => new Uint8Array(length).fill(65)));
  membersOf(lengths.map((length) => noise(length, 1).map((byte) => byte & 15)));
});

Deno.test("random bytes become members of stored blocks, which need the fewest bytes", () => {
  for (const [length, blocks] of [[65_537, 2], [131_070, 2], [131_071, 3], [500, 1]] as const) {
    const [member] = membersOf([noise(length, 3)]);
    assert.equal(member!.length, 18 + 5 * blocks + length);
  }
});

Deno.test("many short random members fit the output", () => {
  const parts = Array.from({ length: 1000 }, (_, i) => noise(4096, i));
  assert.equal(membersOf([...parts, noise(1, 1)]).length, 1001);
});

Deno.test("bytes that shrink by more than some percent do not seem random", () => {
  const length = 140_000;
  const random = noise(length, 7);
  assert.equal(seemsRandom(random), true);
  assert.equal(seemsRandom(random.subarray(0, 65_536)), false, "short ones are not judged");
  const ramp = new Uint8Array(length).map((_, i) => i & 255);
  const mixed = random.slice();
  for (let at = 0; at < length; at += 8192) mixed.fill(65, at, at + 1024);
  const floats = new Uint8Array(new Float32Array(35_000).map((_, i) => random[i]! / 7).buffer);
  for (const [name, bytes] of Object.entries({ ramp, mixed, floats })) {
    assert.equal(seemsRandom(bytes), false, name);
    assert.ok(membersOf([bytes])[0]!.length < 0.95 * bytes.length, name);
  }
  assert.equal(seemsRandom(random.map((byte) => byte & 63)), false);
});

Deno.test("random bytes of every length that is judged seem random", () => {
  for (let length = 65_537; length <= 512 * KIB; length += 9973) {
    assert.equal(seemsRandom(noise(length, length)), true, `${length} bytes`);
  }
});
