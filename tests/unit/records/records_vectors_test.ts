import assert from "node:assert/strict";
import { fromHex, toHex } from "../../../src/base/mod.ts";
import { flagsOf, type FlagsVector } from "../../support/flags.ts";
import { keyPairFromSeed, recordBytes } from "../../../src/identity/mod.ts";
import {
  announceSalt,
  dayOf,
  decodeAnnounceRecord,
  decodeManifestRecord,
  decodeNameIndex,
  encodeAnnounceRecord,
  encodeManifestRecord,
  encodeNameIndex,
  manifestSalt,
  nameIndexKeyPair,
  nameIndexSalt,
  nameIndexSlot,
  signItem,
  signNameIndexEntry,
  targetOf,
  verifyItem,
  verifyNameIndexEntry,
} from "../../../src/records/mod.ts";
import vectors from "../../vectors/records.json" with { type: "json" };

interface Vector<Fields = unknown> {
  kind: string;
  fields: Fields;
  item: (typeof vectors.records)[number]["item"];
}

const bytes = (hex: string) => fromHex(hex)!;

/**
 * Asserts that value, salt, signature and the other derived fields of an item equal those of the
 * test vector.
 */
async function assertItem(
  vector: Vector,
  value: Uint8Array,
  salt: Uint8Array,
): Promise<void> {
  const { item } = vector;
  const pair = keyPairFromSeed(bytes(item.keySeedHex));
  assert.equal(toHex(value), item.valueHex);
  assert.equal(toHex(salt), item.saltHex);
  const signed = await signItem(pair, { salt, seq: item.seq, value });
  assert.equal(toHex(signed.publicKey), item.publicKeyHex);
  assert.equal(toHex(targetOf(signed.publicKey, salt)), item.targetHex);
  assert.equal(toHex(recordBytes(signed)), item.signableHex);
  assert.equal(toHex(signed.signature), item.signatureHex);
  assert.equal(verifyItem(signed), true);
}

function ofKind<Fields>(kind: string): Vector<Fields>[] {
  const found = (vectors.records as Vector[]).filter((record) => record.kind === kind);
  assert.ok(found.length > 0, `no vector of kind ${kind}`);
  return found as Vector<Fields>[];
}

Deno.test("manifest records are as in the vectors, to the byte", async () => {
  for (
    const vector of ofKind<{
      infoHashHex: string;
      archiveSha256Hex: string;
      signatureHex: string;
      lengthBytes: number;
      name: string;
      version: string;
      timestampMs: number;
      webSeeds?: string[];
    }>("manifest")
  ) {
    const { infoHashHex, archiveSha256Hex, signatureHex, ...rest } = vector.fields;
    const record = {
      infoHash: bytes(infoHashHex),
      archiveSha256: bytes(archiveSha256Hex),
      signature: bytes(signatureHex),
      ...rest,
    };
    await assertItem(vector, encodeManifestRecord(record), manifestSalt(rest.name, rest.version));
    assert.deepEqual(decodeManifestRecord(bytes(vector.item.valueHex)), record);
  }
});

Deno.test("announce records are as in the vectors, to the byte", async () => {
  for (
    const vector of ofKind<{
      count: number;
      timestampMs: number;
      packages: Record<string, string[]>;
      catalogInfoHashHex?: string;
      webSeeds?: string[];
      flags?: FlagsVector;
      catalogHasFlags?: true;
    }>("announce")
  ) {
    const fields = vector.fields;
    const { count, timestampMs, webSeeds, catalogHasFlags } = fields;
    const flags = fields.flags && flagsOf(fields.flags);
    const packages = new Map(Object.entries(fields.packages));
    const catalogInfoHash = fields.catalogInfoHashHex && bytes(fields.catalogInfoHashHex);
    const more = { ...(catalogInfoHash && { catalogInfoHash }), ...(webSeeds && { webSeeds }) };
    const value = encodeAnnounceRecord({ packages, timestampMs, ...more, flags });
    await assertItem(vector, value, announceSalt(bytes(vector.item.publicKeyHex)));
    const expected = catalogInfoHash ? more : { packages, ...more };
    const flagged = catalogHasFlags ? { catalogHasFlags } : flags && { flags };
    assert.deepEqual(decodeAnnounceRecord(value), { count, timestampMs, ...expected, ...flagged });
  }
});

Deno.test("name index records are as in the vectors, to the byte", async () => {
  for (
    const vector of ofKind<{
      name: string;
      day: number;
      slot: number;
      entries: {
        keySeedHex: string;
        publicKeyHex: string;
        version: string;
        firstSeenMs: number;
        timestampMs: number;
        signatureHex: string;
      }[];
    }>("name-index")
  ) {
    const { name, day, slot, entries } = vector.fields;
    const signed = await Promise.all(
      entries.map((entry) =>
        signNameIndexEntry(keyPairFromSeed(bytes(entry.keySeedHex)), name, entry)
      ),
    );
    signed.forEach((entry, i) => {
      assert.equal(toHex(entry.publicKey), entries[i]!.publicKeyHex);
      assert.equal(toHex(entry.signature), entries[i]!.signatureHex);
      assert.equal(nameIndexSlot(entry.publicKey), slot);
      assert.equal(verifyNameIndexEntry(name, entry), true);
    });
    await assertItem(vector, encodeNameIndex(signed.toReversed()), nameIndexSalt(name, slot));
    assert.equal(toHex(nameIndexKeyPair(name, day).publicKey), vector.item.publicKeyHex);
    assert.equal(dayOf(signed[0]!.timestampMs), day);
    const read = decodeNameIndex(bytes(vector.item.valueHex));
    assert.deepEqual(read, { entries: signed, malformed: [] });
  }
});
