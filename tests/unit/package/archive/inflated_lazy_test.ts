/**
 * Reading a tar lazily, for archives whose bytes are downloaded on demand: the same entries, or an error,
 * as from a complete archive, whatever the bytes and the lengths of the chunks.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { readTar } from "../../../../src/package/archive/mod.ts";
import { defaultArchiveLimits, PackageError } from "../../../../src/package/mod.ts";
import { concatBytes } from "../../../../src/base/mod.ts";
import { mutate, type Random } from "../../../support/mutator.ts";
import { makeTar } from "../../../support/package_archives.ts";
import { seededRandom } from "../../../support/simulated_dht.ts";
import { randomBytes } from "../../../support/torrents.ts";

/** Number of damaged archives that are read in both ways. */
const INPUTS = 300;

/** Reads all entries, and returns what happened as text. */
async function outcome(archive: Uint8Array, isLazy: boolean, random: Random): Promise<string[]> {
  async function* chunks() {
    for (let at = 0; at < archive.length;) {
      const end = at + 1 + Math.floor(random() ** 3 * 20_000);
      yield await Promise.resolve(archive.slice(at, end));
      at = end;
    }
  }
  const limits = { ...defaultArchiveLimits, maxUnpackedBytes: 4 << 20 };
  const lengthBytes = archive.length;
  const seen: string[] = [];
  try {
    for await (const entry of readTar({ chunks: chunks(), lengthBytes, limits, isLazy })) {
      const hash = createHash("sha256");
      for await (const part of entry.contents()) hash.update(part);
      seen.push(`${entry.path} ${entry.executable} ${entry.sizeBytes} ${hash.digest("hex")}`);
    }
    seen.push("end");
  } catch (error) {
    if (!(error instanceof PackageError)) throw error;
    seen.push(error.code);
  }
  return seen;
}

async function sample(): Promise<Uint8Array> {
  const tar = await makeTar([
    { name: "a.txt", contents: "a".repeat(700), mode: 0o644 },
    { name: "b.bin", contents: randomBytes(30_000, 5), mode: 0o755 },
    { name: "empty", contents: "", mode: 0o644 },
    { name: "zeros", contents: new Uint8Array(900_000), mode: 0o644 },
  ]);
  // As archives are made: several gzip members, one after the other.
  return concatBytes(
    ...[0, 1_500, 20_000].map((from, at, all) =>
      gzipSync(tar.slice(from, all[at + 1] ?? tar.length))
    ),
  );
}

Deno.test("a tar that is read lazily has the same entries", async () => {
  const archive = await sample();
  const random = seededRandom(1);
  const whole = await outcome(archive, false, random);
  assert.equal(whole.length, 5);
  assert.equal(whole.at(-1), "end");
  for (let times = 0; times < 20; times++) {
    assert.deepEqual(await outcome(archive, true, random), whole);
  }
});

Deno.test("a damaged tar that is read lazily ends as a complete one does, after the same entries", async () => {
  const archive = await sample();
  const random = seededRandom(2);
  const codes = new Set<string>();
  for (let input = 0; input < INPUTS; input++) {
    const bytes = mutate(archive, [archive], random);
    const [eager, lazy] = [
      await outcome(bytes, false, random),
      await outcome(bytes, true, random),
    ];
    codes.add(eager.at(-1)!);
    // If there are several faults, it depends on the chunks which one is met first, and how many entries
    // precede it: zlib drops what it has inflated.
    assert.equal(lazy.at(-1) === "end", eager.at(-1) === "end", `input ${input}`);
    const shorter = Math.min(lazy.length, eager.length) - 1;
    assert.deepEqual(lazy.slice(0, shorter), eager.slice(0, shorter), `input ${input}`);
  }
  assert.ok(codes.size > 1, [...codes].join());
});
