// A program that reads the records of the test vectors with the library. `programs_test.ts` runs it.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import {
  decodeItem,
  encodeItem,
  readAnnounceRecord,
  readManifestRecord,
  readNameIndex,
  targetOfItem,
  verifyItem,
} from "libreseed";

const bytesOf = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
const { records } = JSON.parse(await readFile("VECTORS", "utf8"));
const counts = {};
for (const { kind, fields, item: row } of records) {
  counts[kind] = (counts[kind] ?? 0) + 1;
  const given = {
    publicKey: bytesOf(row.publicKeyHex),
    salt: bytesOf(row.saltHex),
    seq: row.seq,
    value: bytesOf(row.valueHex),
    signature: bytesOf(row.signatureHex),
  };
  const item = decodeItem(encodeItem(given));
  assert(verifyItem(item));
  assert.equal(Buffer.from(targetOfItem(item)).toString("hex"), row.targetHex);
  if (kind === "announce") {
    const { count, packages } = readAnnounceRecord(item);
    assert.equal(count, fields.count);
    if (packages) assert.equal([...packages.values()].flat().length, count);
  } else if (kind === "name-index") {
    const entries = readNameIndex(fields.name, item);
    assert.equal(entries.length, fields.entries.length);
    assert.equal(readNameIndex("other", item).length, 0);
  } else {
    // The vectors have no real signature of a minimal manifest.
    assert.throws(() => readManifestRecord(item), { code: "RECORD_INVALID", kind: "verification" });
  }
  const forged = { ...item, seq: item.seq + 1 };
  assert.equal(verifyItem(forged), false);
  assert.throws(() => readAnnounceRecord(forged), { code: "SIGNATURE_INVALID" });
}
console.log(Object.entries(counts).map(([kind, count]) => `${count} ${kind}`).join(", "));
