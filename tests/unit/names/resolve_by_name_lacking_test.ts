/**
 * Resolution of bare names whose records are old, foreign, invalid or missing.
 *
 * @module
 */

import assert from "node:assert/strict";
import { bencode } from "../../../src/bencode/mod.ts";
import { toHex } from "../../../src/base/mod.ts";
import { formatPublicKey } from "../../../src/identity/mod.ts";
import { announceSalt, manifestSalt, targetOf } from "../../../src/records/mod.ts";
import { NamesHome } from "../../support/names_home.ts";
import { failure, World } from "../../support/names_world.ts";
import { signedEntry, signedItem, signedRecord } from "../../support/signed.ts";
import { HOUR_MS, twoPublishers, who } from "./two_publishers.ts";

/** Replaces Ann's announce record by the old record that lists only 1.0.0. */
async function replayOldAnnouncement(world: World, ann: NamesHome): Promise<void> {
  const key = { publicKey: ann.keys.publicKey, salt: announceSalt(ann.keys.publicKey) };
  const { item } = await world.run(ann.manager.get(key));
  // An attacker who controls all nodes around the target can serve an old record with a lower seq.
  const old = signedItem(ann.keys, {
    salt: key.salt,
    seq: item!.seq - HOUR_MS,
    value: bencode({ c: 1, p: { hello: ["1.0.0"] }, t: world.clock.now() - HOUR_MS }),
  });
  const target = toHex(targetOf(key.publicKey, key.salt));
  for (const node of world.dht.holders(target)) node.forget(target);
  await world.run(ann.manager.put(old));
}

for (const withKey of [false, true]) {
  Deno.test(`an old announce record put again is refused as a downgrade${withKey ? ", also with the key named" : ""}, and the error says how to accept it`, async () => {
    await using world = new World();
    const { ann, bob, user } = await twoPublishers(world);
    await world.run(user.use("hello"));
    await replayOldAnnouncement(world, ann);
    const spec = (withKey ? `${formatPublicKey(ann.keys.publicKey)}/` : "") + "hello";
    const error = await failure(world, user.use(spec));
    assert.deepEqual([error.code, error.kind], ["DOWNGRADE", "verification"]);
    assert(error.message.includes("1.2.0") && error.message.includes("hello@1.0.0"));
    assert.equal(user.state.pins.list("hello")[0]!.lastVersion, "1.2.0");
    assert.equal((await failure(world, user.use(`${spec}@^1.0`))).code, "DOWNGRADE");
    // Requesting an exact lower version is allowed, and does not lower the high-water mark.
    assert.equal(who(await world.run(user.use(`${spec}@1.0.0`)), [ann, bob]), "ann 1.0.0");
    assert.equal((await failure(world, user.use(spec))).code, "DOWNGRADE");
    // A new home has no high-water mark, and accepts the old version.
    const stranger = await world.home();
    assert.equal(who(await world.run(stranger.use("hello")), [ann, bob]), "ann 1.0.0");
  });
}

Deno.test("a range that excludes the last version is no downgrade", async () => {
  await using world = new World();
  const { ann, bob, user } = await twoPublishers(world);
  await world.run(user.use("hello"));
  assert.equal(who(await world.run(user.use("hello@<1.2")), [ann, bob]), "ann 1.1.0");
  assert.equal(user.state.pins.list("hello")[0]!.lastVersion, "1.2.0");
});

Deno.test("a manifest record of another package is refused, with both names", async () => {
  await using world = new World();
  const { ann, user } = await twoPublishers(world);
  const minimal = ann.minimal("goodbye", "1.2.0");
  const { value } = signedRecord(minimal, ann.keys, 1);
  const salt = manifestSalt("hello", "1.2.0");
  await world.run(ann.manager.put(signedItem(ann.keys, { salt, seq: world.clock.now(), value })));
  const error = await failure(world, user.use("hello"));
  assert.deepEqual([error.code, error.kind], ["RECORD_INVALID", "verification"]);
  assert(error.message.includes("hello@1.2.0") && error.message.includes("goodbye@1.2.0"));
  assert.deepEqual(user.state.pins.list(), []);
});

Deno.test("a manifest record whose manifest another key signed is refused", async () => {
  await using world = new World();
  const { ann, bob, user } = await twoPublishers(world);
  const { value } = signedRecord(bob.minimal("hello", "1.2.0"), bob.keys, 1);
  const salt = manifestSalt("hello", "1.2.0");
  await world.run(ann.manager.put(signedItem(ann.keys, { salt, seq: world.clock.now(), value })));
  const error = await failure(world, user.use("hello"));
  assert.deepEqual([error.code, error.kind], ["RECORD_INVALID", "verification"]);
  assert(error.message.includes(formatPublicKey(ann.keys.publicKey)), error.message);
  assert.deepEqual(user.state.pins.list(), []);
});

Deno.test("policy seeders counts zero for a publisher with an invalid record, and counts the others", async () => {
  await using world = new World();
  const { ann, bob, user } = await twoPublishers(world);
  const { value } = signedRecord(bob.minimal("hello", "1.2.0"), bob.keys, 1);
  const salt = manifestSalt("hello", "1.2.0");
  await world.run(ann.manager.put(signedItem(ann.keys, { salt, seq: world.clock.now(), value })));
  await world.run(bob.manager.announcePeer(new Uint8Array(20).fill(0xbb), 1));
  assert.equal(who(await world.run(user.resolve("hello", "seeders")), [ann, bob]), "bob 2.1.0");
  const said = user.details.filter((text) => text.includes(formatPublicKey(ann.keys.publicKey)));
  assert.equal(said.length, 1, user.details.join("\n"));
});

Deno.test("invalid versions are skipped, and a package of nothing else is not found", async () => {
  await using world = new World();
  const { ann, user } = await twoPublishers(world);
  const list = async (versions: string[]) => {
    const salt = announceSalt(ann.keys.publicKey);
    const value = bencode({ c: versions.length, p: { hello: versions }, t: world.clock.now() });
    await world.clock.advance(1_000);
    await world.run(
      ann.manager.put(signedItem(ann.keys, { salt, seq: world.clock.now(), value })),
    );
  };
  await list(["1.1.0", "99", "latest", "\x1b[31m", "v3.0.0"]);
  assert.equal((await world.run(user.resolve("hello"))).minimal.version, "1.1.0");
  await list(["latest", "99"]);
  const error = await failure(world, user.resolve("hello"));
  assert.deepEqual([error.code, error.kind], ["VERSION_NOT_FOUND", "not-found"]);
});

function squatterEntry({ keys, clock }: NamesHome) {
  const nowMs = clock.now();
  return signedEntry(keys, "hello", {
    version: "99.0.0",
    firstSeenMs: nowMs,
    timestampMs: nowMs,
  });
}

Deno.test("if the first publisher has no record, no other replaces it, and the error points to the others", async () => {
  await using world = new World();
  const squatter = await world.home();
  await world.run(squatter.operations.indexName({
    name: "hello",
    entry: squatterEntry(squatter),
  }));
  await world.clock.advance(HOUR_MS);
  const ann = await world.home();
  await world.run(ann.publish("hello", "1.0.0"));
  const user = await world.home();
  const error = await failure(world, user.use("hello"));
  assert.equal(error.kind, "not-found");
  assert(error.message.includes(formatPublicKey(squatter.keys.publicKey)), error.message);
  assert.match(
    error.message,
    /Of 2 publishers of hello.*first-seen.*resolve --all hello.*KEY\/hello/,
  );
  assert.deepEqual(user.state.pins.list(), []);
  const spec = `${formatPublicKey(ann.keys.publicKey)}/hello`;
  assert.equal((await world.run(user.use(spec))).minimal.version, "1.0.0");
  // After one use of the package with the publisher's key, the name alone resolves to the same
  // publisher.
  assert.equal((await world.run(user.use("hello"))).minimal.version, "1.0.0");
});

/** Removes the manifest record of a version from all nodes. */
function hideRecord(world: World, ann: NamesHome, version: string): void {
  const target = toHex(targetOf(ann.keys.publicKey, manifestSalt("hello", version)));
  for (const node of world.dht.holders(target)) node.forget(target);
}

Deno.test("a listed version without a record falls back to the next one, unless it was had before or named", async () => {
  await using world = new World();
  const { ann, bob, user } = await twoPublishers(world);
  const had = await world.home();
  await world.run(had.use("hello"));
  hideRecord(world, ann, "1.2.0");
  const resolved = await world.run(user.resolve("hello"));
  assert.equal(who(resolved, [ann, bob]), "ann 1.1.0");
  assert.deepEqual(
    resolved.skipped.map(({ version, code }) => [version, code]),
    [["1.2.0", "RECORD_NOT_FOUND"]],
  );
  assert.equal((await failure(world, user.resolve("hello@1.2.0"))).code, "RECORD_NOT_FOUND");
  const refused = await failure(world, had.resolve(`${formatPublicKey(ann.keys.publicKey)}/hello`));
  assert.deepEqual([refused.code, refused.detail?.version], ["RECORD_NOT_FOUND", "1.2.0"]);
  assert.equal(who(await world.run(had.resolve("hello@<1.2")), [ann, bob]), "ann 1.1.0");
});
