/**
 * Tests resolving packages by name alone, with child processes on a testnet: explanations and
 * refusals. `network/names_test.ts` has the tests with several publishers.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { toHex } from "../../src/base/mod.ts";
import { bencode } from "../../src/bencode/mod.ts";
import { dayOf, nameIndexKeyPair, nameIndexSalt, targetOf } from "../../src/records/mod.ts";
import { TestEngine } from "../support/engines.ts";
import { keysOfSlot } from "../support/names_home.ts";
import { newPlace, type Place } from "../support/place.ts";
import { signedEntry, signedItem } from "../support/signed.ts";

/** Overwrites a slot of the name index of "hello". Any user of the DHT can do so. */
async function vandalize(
  place: Place,
  slot: number,
  value: Parameters<typeof bencode>[0],
  seq = Date.now() + 1_000,
): Promise<void> {
  await using engine = await TestEngine.start({ testnet: place.testnet });
  const item = signedItem(nameIndexKeyPair("hello", dayOf(Date.now())), {
    salt: nameIndexSalt("hello", slot),
    seq,
    value: bencode(value),
  });
  // Overwrites the record on every node, because readers would use an older copy of the record from
  // any other node.
  const manager = engine.manager({ storeNodes: place.testnet.nodes.length });
  await manager.put(item);
  await manager.stop();
  const target = toHex(targetOf(item.publicKey, item.salt));
  const left = place.testnet.holders(target).filter((node) => node.holds(target)!.seq !== seq);
  assert.equal(left.length, 0);
}

Deno.test("resolve -v explains its choice, and distinguishes an unknown name from an unreachable network", async () => {
  await using place = await newPlace();
  const [ann, user] = [await place.home(keysOfSlot(1)), await place.home(null)];
  await ann.must(["publish", await place.source("hello", "1.0.0")]);
  const found = await user.run(["resolve", "hello@^1.0", "-v"]);
  assert.equal(found.code, 0, found.stderr);
  assert.match(found.stderr, /^index of hello: 8 lookups, \d+ of \d+ nodes answered$/m);
  // Ten lookups: four slots on each of two days, the list of the publisher's packages, and the
  // manifest.
  assert.match(
    found.stderr,
    /^11 DHT lookups, \d+ of \d+ nodes answered: \d+ packets and \d+ bytes sent, \d+ packets and \d+ bytes received$/m,
  );

  const stranger = keysOfSlot(1, 1);
  const times = { firstSeenMs: Date.now(), timestampMs: Date.now() };
  const forged = signedEntry(stranger, "goodbye", { version: "6.6.6", ...times });
  const { publicKey: k, version: v, firstSeenMs: f, timestampMs: t, signature: s } = forged;
  await vandalize(place, 1, [{ f, k, s, t, v }]);
  const gone = await user.run(["resolve", "hello", "-v"]);
  assert.deepEqual([gone.code, gone.stdout], [3, ""], gone.stderr);
  assert.match(
    gone.stderr,
    /left out of the index of hello: entry of ed25519:.* 6\.6\.6: bad-signature/,
  );
  assert.match(gone.stderr, /No publisher of hello was found.*write KEY\/hello/);
  await user.must(["resolve", `${ann.publicKey}/hello`]);

  // A home with a publisher's key repairs the name index with `announce`, as a cron job does.
  const announced = await ann.must(["announce", "hello"]);
  assert.match(announced, /^name index of hello\tstored on \d+ nodes \(\d+ new\)$/m);
  await user.must(["resolve", "hello"]);

  const alone = await user.run(["resolve", "hello", "--timeout", "1s"], {
    env: { LIBRESEED_BOOTSTRAP: "127.0.0.1:9", LIBRESEED_HOME: join(place.path, "alone") },
  });
  assert.deepEqual([alone.code, alone.stdout], [5, ""], alone.stderr);
});

Deno.test("with a blocked index publish warns and continues, announce names the cause, and the key still finds the package", async () => {
  await using place = await newPlace();
  const [ann, user] = [await place.home(keysOfSlot(2)), await place.home(null)];
  await vandalize(place, 2, "nobody is here", Number.MAX_SAFE_INTEGER);
  const published = await ann.run(["publish", await place.source("hello", "1.0.0")]);
  assert.equal(published.code, 0, published.stderr);
  assert.match(published.stdout, /^hello@1\.0\.0\tmagnet:/);
  assert.match(
    published.stderr,
    /warning: the slot of this publisher in the index of hello is locked: .*libreseed seed/,
  );
  const announced = await ann.run(["announce"]);
  assert.equal(announced.code, 7, announced.stderr);
  assert.match(
    announced.stderr,
    /^libreseed: name index of hello: failed: Slot 2 of the index of hello is locked/m,
  );
  await user.must(["resolve", `${ann.publicKey}/hello`]);
});

Deno.test("a name's index is kept alive until its last version is removed", async () => {
  await using place = await newPlace();
  const ann = await place.home();
  const sources = [await place.source("hello", "1.0.0"), await place.source("hello", "1.1.0")];
  await ann.must(["publish", ...sources]);
  await ann.must(["remove", "hello@1.1.0"]);
  assert.match(await ann.must(["announce"]), /^name index of hello\t/m);
  await ann.must(["remove", "hello@1.0.0"]);
  const { code, stdout, stderr } = await ann.run(["announce", "hello"]);
  assert.deepEqual([code, stdout], [3, ""], stderr);
});
