/**
 * Packages of a publisher whose identity is a root key: what a certified key signs is published, found and
 * verified, and is signed again after the key was replaced.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { toHex } from "../../../src/base/mod.ts";
import { formatPublicKey, generateKeyPair } from "../../../src/identity/mod.ts";
import { publisherSalt, targetOf } from "../../../src/records/mod.ts";
import { certifiedPublisher, publisherRecordOf, writeIdentity } from "../../support/certified.ts";
import { magnetIn, newPlace } from "../../support/place.ts";

Deno.test("what a certified key publishes names the identity, and is verified from the magnet link alone", async () => {
  await using place = await newPlace();
  const publisher = await certifiedPublisher(1, { names: ["hello"] });
  const home = await place.home(publisher.signing);
  const record = await publisherRecordOf(publisher, Date.now());
  await writeIdentity(home.path, publisher, record);
  const line = await home.must(["publish", await place.source("hello", "1.0.0")]);
  const identity = formatPublicKey(publisher.root.publicKey);
  const magnet = magnetIn(line);
  assert(magnet.includes(`x.id=${toHex(publisher.root.publicKey)}`), magnet);
  assert(magnet.includes(`xs=urn:btpk:${toHex(publisher.signing.publicKey)}`), magnet);
  const target = toHex(targetOf(publisher.root.publicKey, publisherSalt()));
  assert(place.testnet.holders(target).length > 0);

  await using _ = await home.daemon();
  const reader = await place.home(null);
  await reader.must(["get", magnet]);
  const archive = join(reader.seed, "hello-1.0.0.tgz");
  assert.match(await reader.must(["verify", "--key", identity, archive]), /hello@1\.0\.0/);
  const other = await reader.run(["verify", "--key", home.publicKey, archive]);
  assert.equal(other.code, 4, other.stderr);

  const outside = await home.run(["publish", await place.source("other", "1.0.0")]);
  assert.notEqual(outside.code, 0);
  assert.match(outside.stderr, /may not sign other, only hello/);
  assert.deepEqual(home.files().filter((name) => name.startsWith("other")), []);
});

Deno.test("a key that its identity has revoked publishes nothing", async () => {
  await using place = await newPlace();
  const publisher = await certifiedPublisher(2);
  const home = await place.home(publisher.signing);
  const revoked = await publisherRecordOf(publisher, Date.now(), {
    signingKeys: [],
    revokedKeys: [{ key: publisher.signing.publicKey, sinceMs: 0, reason: "laptop stolen" }],
  });
  await writeIdentity(home.path, publisher, revoked);
  const { code, stderr } = await home.run(["publish", await place.source("hello", "1.0.0")]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /is revoked \("laptop stolen"\)/);
  assert.deepEqual(home.files(), []);
});

Deno.test("a ready archive of another key of the identity is signed again", async () => {
  await using place = await newPlace();
  const before = await certifiedPublisher(3);
  const home = await place.home(before.signing);
  await writeIdentity(home.path, before, await publisherRecordOf(before, Date.now()));
  await home.must(["publish", await place.source("hello", "1.0.0")]);
  const archive = join(home.seed, "hello-1.0.0.tgz");
  const bytes = await Deno.readFile(archive);
  const after = await certifiedPublisher(3, { key: generateKeyPair() });
  const record = await publisherRecordOf(after, Date.now() + 1);
  await writeIdentity(home.path, after, record);
  const line = await home.must(["publish", archive]);
  const key = toHex(after.signing.publicKey);
  assert(magnetIn(line).includes(`xs=urn:btpk:${key}`), line);
  assert.deepEqual(await Deno.readFile(archive), bytes);
  const minimal = JSON.parse(
    await Deno.readTextFile(join(home.seed, "hello-1.0.0.minimal.json")),
  );
  assert.equal(minimal.signer.key, formatPublicKey(after.signing.publicKey));
  assert.equal(minimal.pubkey, formatPublicKey(before.root.publicKey));
});
