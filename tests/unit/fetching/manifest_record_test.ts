/** Minimal manifests in DHT records: fields of later versions, and formats that this program does not know. */

import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/mod.ts";
import { manifestRecord, minimalOf } from "../../../src/fetching/manifest_record.ts";
import { type MinimalManifest, signMinimal } from "../../../src/package/mod.ts";
import {
  decodeManifestRecord,
  encodeManifestRecord,
  type ManifestRecord,
  manifestSalt,
  signItem,
} from "../../../src/records/mod.ts";
import { TestIdentity } from "../../support/identities.ts";

const wanted = { name: "hello", version: "1.0.0" };
const fields = {
  ...wanted,
  archiveSha256: `sha256:${"1".repeat(64)}`,
  btih: "2".repeat(40),
  length: 10,
  timestamp: systemClock.now(),
};

async function signed(ext?: MinimalManifest["ext"]) {
  const key = await new TestIdentity().certify();
  const minimal = await signMinimal({ ...fields, ...(ext && { ext }) }, key);
  return { key, minimal, item: await manifestRecord(minimal, key, 1) };
}

/** Signs the record of a manifest with some fields replaced. */
async function changed(ext: MinimalManifest["ext"], change: Partial<ManifestRecord>) {
  const { key, item } = await signed(ext);
  const value = encodeManifestRecord({ ...decodeManifestRecord(item.value), ...change });
  return await signItem(key, { salt: manifestSalt("hello", "1.0.0"), seq: 1, value });
}

Deno.test("a manifest with fields of a later version comes back from its record as it was signed", async () => {
  for (const ext of [undefined, { later: "é", more: 1.5, also: false }]) {
    const { minimal, item } = await signed(ext);
    assert.deepEqual(minimalOf(item, wanted), minimal);
  }
});

Deno.test("a record without ext has no key for it", async () => {
  const { item } = await signed();
  const { extJson, format } = decodeManifestRecord(item.value);
  assert.deepEqual([extJson, format], [undefined, undefined]);
});

Deno.test("ext in another form than the signed one is refused", async () => {
  for (const extJson of ['{ "a":1}', '{"a":2}', "null", "[]", "1", "no json", '{"a":{}}']) {
    const item = await changed({ a: 1 }, { extJson });
    assert.throws(() => minimalOf(item, wanted), { code: "RECORD_INVALID", kind: "verification" });
  }
  const { extJson: _, ...rest } = decodeManifestRecord((await signed({ a: 1 })).item.value);
  const without = await changed({ a: 1 }, { ...rest, extJson: undefined });
  assert.throws(() => minimalOf(without, wanted), { code: "RECORD_INVALID" });
});

Deno.test("a record in a newer format is named as that, and is no failed verification", async () => {
  const item = await changed(undefined, { format: 3 });
  assert.throws(() => minimalOf(item, wanted), {
    code: "NEWER_FORMAT",
    kind: "failed",
    message: /hello@1\.0\.0 in the DHT has the format libreseed\/3.*upgrade it/,
  });
});

Deno.test("the formats that a certificate tells apart have no number in a record", async () => {
  for (const format of [0, 1, 2]) {
    await assert.rejects(changed(undefined, { format }), { code: "BAD_FIELD" });
  }
});
