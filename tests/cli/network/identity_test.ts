/**
 * Packages of a publisher whose identity is a root key: what a certified key signs is published, found and
 * verified, and is signed again after the key was replaced.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { toHex } from "../../../src/base/mod.ts";
import { formatPublicKey } from "../../../src/identity/mod.ts";
import { publisherSalt, targetOf } from "../../../src/records/mod.ts";
import { type CertifiedKey, TestIdentity, writeIdentity } from "../../support/identities.ts";
import { magnetIn, newPlace } from "../../support/place.ts";

Deno.test("what a certified key publishes names the identity, and is verified from the magnet link alone", async () => {
  await using place = await newPlace();
  const publisher = new TestIdentity();
  const key = await publisher.certify({ names: ["hello"] });
  const home = await place.home(key.pair);
  const record = await publisher.record({ seq: Date.now(), signingKeys: [key.certificate] });
  await writeIdentity(home.path, key, record);
  const line = await home.must(["publish", await place.source("hello", "1.0.0")]);
  const magnet = magnetIn(line);
  assert(magnet.includes(`x.id=${toHex(publisher.root.publicKey)}`), magnet);
  assert(magnet.includes(`xs=urn:btpk:${toHex(key.publicKey)}`), magnet);
  const target = toHex(targetOf(publisher.root.publicKey, publisherSalt()));
  assert(place.testnet.holders(target).length > 0);

  await using _ = await home.daemon();
  const reader = await place.home(null);
  await reader.must(["get", magnet]);
  const archive = join(reader.seed, "hello-1.0.0.tgz");
  assert.match(await reader.must(["verify", "--key", publisher.text, archive]), /hello@1\.0\.0/);
  const other = await reader.run(["verify", "--key", home.publicKey, archive]);
  assert.equal(other.code, 4, other.stderr);

  const outside = await home.run(["publish", await place.source("other", "1.0.0")]);
  assert.notEqual(outside.code, 0);
  assert.match(outside.stderr, /may not sign other, only hello/);
  assert.deepEqual(home.files().filter((name) => name.startsWith("other")), []);
});

Deno.test("a key that its identity has revoked publishes nothing", async () => {
  await using place = await newPlace();
  const publisher = new TestIdentity();
  const key = await publisher.certify();
  const home = await place.home(key.pair);
  const revoked = await publisher.record({
    seq: Date.now(),
    revokedKeys: [{ key: key.publicKey, sinceMs: 0, reason: "laptop stolen" }],
  });
  await writeIdentity(home.path, key, revoked);
  const { code, stderr } = await home.run(["publish", await place.source("hello", "1.0.0")]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /is revoked \("laptop stolen"\)/);
  assert.deepEqual(home.files(), []);
});

Deno.test("a ready archive of another key of the identity is signed again", async () => {
  await using place = await newPlace();
  const publisher = new TestIdentity();
  const [before, after] = [await publisher.certify(), await publisher.certify()];
  const home = await place.home(before.pair);
  const record = (seq: number, { certificate }: CertifiedKey) =>
    publisher.record({ seq, signingKeys: [certificate] });
  await writeIdentity(home.path, before, await record(Date.now(), before));
  await home.must(["publish", await place.source("hello", "1.0.0")]);
  const archive = join(home.seed, "hello-1.0.0.tgz");
  const bytes = await Deno.readFile(archive);
  await writeIdentity(home.path, after, await record(Date.now() + 1, after));
  const line = await home.must(["publish", archive]);
  const key = toHex(after.publicKey);
  assert(magnetIn(line).includes(`xs=urn:btpk:${key}`), line);
  assert.deepEqual(await Deno.readFile(archive), bytes);
  const minimal = JSON.parse(
    await Deno.readTextFile(join(home.seed, "hello-1.0.0.minimal.json")),
  );
  assert.equal(minimal.signer.key, formatPublicKey(after.publicKey));
  assert.equal(minimal.pubkey, publisher.text);
});
