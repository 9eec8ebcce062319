/** Tests what readers say of a version whose record a newer libreseed has written, by running the program. */

import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/mod.ts";
import { connectControl } from "../../../src/control/client.ts";
import {
  decodeManifestRecord,
  encodeManifestRecord,
  manifestSalt,
  signItem,
} from "../../../src/records/mod.ts";
import { TestIdentity, writeIdentity } from "../../support/identities.ts";
import { newPlace } from "../../support/place.ts";

Deno.test("a version in a newer format is named as that, and not as one with a bad signature", async () => {
  await using place = await newPlace();
  const publisher = new TestIdentity();
  const key = await publisher.certify();
  const home = await place.home(key.pair);
  const seq = systemClock.now();
  const record = await publisher.record({ seq, signingKeys: [key.certificate] });
  await writeIdentity(home.path, key, record);
  await using _ = await home.daemon();
  await home.must(["publish", "-q", await place.source("hello", "1.0.0")]);
  const { client } = (await connectControl(home.path, { clock: systemClock }))!;
  try {
    const salt = manifestSalt("hello", "1.0.0");
    const { item } = await client.operations.keptItem({ publicKey: key.publicKey, salt });
    const value = encodeManifestRecord({ ...decodeManifestRecord(item!.value), format: 3 });
    const newer = await signItem(key, { salt, seq: item!.seq + 1, value });
    await client.operations.store({
      item: newer,
      record: { kind: "manifest", name: "hello", version: "1.0.0" },
    });
  } finally {
    client.close();
  }
  const reader = await place.home(null);
  for (const command of ["resolve", "get", "info"]) {
    const args = [command, "--json", `${publisher.text}/hello`];
    const { code, stdout, stderr } = await reader.run(args);
    assert.deepEqual([command, code, stdout], [command, 1, ""], stderr);
    const { error } = JSON.parse(stderr.trimEnd().split("\n").at(-1)!);
    assert.equal(error.code, "NEWER_FORMAT");
    assert.match(error.message, /hello@1\.0\.0 in the DHT has the format libreseed\/3.*upgrade it/);
  }
});
