/**
 * Resolution of a package name without a key in a simulated network: policies, pins, downgrades,
 * fallbacks.
 *
 * @module
 */

import assert from "node:assert/strict";
import { equalBytes } from "../../../src/base/mod.ts";
import type { PublisherPolicy } from "../../../src/config/mod.ts";
import { OfferCache } from "../../../src/fetching/offer_cache.ts";
import { formatPublicKey } from "../../../src/identity/mod.ts";
import { rememberPublisher } from "../../../src/names/pins.ts";
import { resolveByName } from "../../../src/names/resolve_by_name.ts";
import { announceSalt } from "../../../src/records/mod.ts";
import { keysOfSlot } from "../../support/names_home.ts";
import { failure, World } from "../../support/names_world.ts";
import { HOUR_MS, twoPublishers, who } from "./two_publishers.ts";

for (
  const [policy, spec, expected] of [
    ["first-seen", "hello", "ann 1.2.0"],
    ["first-seen", "hello@^1.0", "ann 1.2.0"],
    ["first-seen", "hello@1.1.0", "ann 1.1.0"],
    ["latest-version", "hello", "bob 2.1.0"],
    ["latest-version", "hello@^1.0.0", "ann 1.2.0"],
    ["latest-version", "hello@2.0.0", "bob 2.0.0"],
    ["seeders", "hello", "bob 2.1.0"],
    ["trusted", "hello", "bob 2.1.0"],
  ] as [PublisherPolicy, string, string][]
) {
  Deno.test(`${policy}: ${spec} is ${expected.replace(" ", "'s ")}`, async () => {
    await using world = new World();
    const { ann, bob, user } = await twoPublishers(world);
    for (const port of [1, 2, 3]) {
      await world.run(bob.manager.announcePeer(new Uint8Array(20).fill(0xbb), port));
    }
    await world.run(ann.manager.announcePeer(new Uint8Array(20).fill(0xaa), 1));
    if (policy === "trusted") {
      // Pins for other names must not matter: Ann is pinned on first use for one name, and Bob is
      // explicitly trusted for another.
      const firstSeenMs = world.clock.now();
      user.state.pins.set({ name: "some", publicKey: ann.keys.publicKey, firstSeenMs });
      const { publicKey } = bob.keys;
      user.state.pins.set({ name: "other", publicKey, firstSeenMs, byHand: true });
    }
    assert.equal(who(await world.run(user.resolve(spec, policy)), [ann, bob]), expected);
  });
}

Deno.test("policy trusted without a trusted publisher fails, says how to trust one, and pins nothing", async () => {
  await using world = new World();
  const { user } = await twoPublishers(world);
  const error = await failure(world, user.use("hello", "trusted"));
  assert.deepEqual([error.code, error.kind], ["PUBLISHER_NOT_TRUSTED", "verification"]);
  assert.match(error.message, /2 publishers.*resolve --all hello.*trust add hello KEY/s);
  assert.deepEqual(user.state.pins.list(), []);
});

Deno.test("policy trusted ignores pins of a first use, and trusts this home's own key", async () => {
  await using world = new World();
  const { ann, bob, user } = await twoPublishers(world);
  await world.run(user.use("hello"));
  const error = await failure(world, user.resolve("hello", "trusted"));
  assert.equal(error.code, "PUBLISHER_NOT_TRUSTED");
  // Explicit trust by the user persists when the package is used later.
  const [pin] = user.state.pins.list("hello");
  user.state.pins.set({ ...pin!, byHand: true });
  assert.equal(who(await world.run(user.use("hello", "trusted")), [ann, bob]), "ann 1.2.0");
  assert.equal(user.state.pins.list("hello")[0]!.byHand, true);
  const own = { ...bob.names("trusted"), ownKey: bob.keys.publicKey };
  const { publicKey } = await world.run(resolveByName(own, { name: "hello" }));
  assert.deepEqual(publicKey, bob.keys.publicKey);
});

Deno.test("an unpublished name is not found, also in a home with a key of its own", async () => {
  await using world = new World();
  const { ann } = await twoPublishers(world);
  const own = { ...ann.names(), ownKey: ann.keys.publicKey };
  for (const range of [undefined, "^1", "1.0.0"]) {
    const error = await failure(world, resolveByName(own, { name: "helo", range }));
    assert.deepEqual([error.code, error.kind], ["NAME_NOT_FOUND", "not-found"]);
    assert.match(error.message, /^No publisher of helo was found in \d+ answers of DHT nodes/);
  }
});

Deno.test("a publisher's list is read once per command", async () => {
  await using world = new World();
  const { ann, user } = await twoPublishers(world);
  await world.run(ann.publish("other", "1.0.0"));
  let lists = 0;
  const salt = announceSalt(ann.keys.publicKey);
  const { operations, ...rest } = user.names();
  const counted = {
    ...operations,
    lookUp: (...args: Parameters<typeof operations.lookUp>) => {
      if (equalBytes(args[0].salt, salt)) lists++;
      return operations.lookUp(...args);
    },
  };
  const { publicKey } = ann.keys;
  const command = () => {
    const names = { ...rest, operations: counted, offers: new OfferCache(rest.offers.trust) };
    return Promise.all(["^1.0", "<1.2", "*"].flatMap((range) => [
      resolveByName(names, { publicKey, name: "hello", range }),
      resolveByName(names, { publicKey, name: "other" }),
    ]));
  };
  const versions = (await world.run(command())).map(({ minimal }) => minimal.version);
  assert.deepEqual(versions, ["1.2.0", "1.0.0", "1.1.0", "1.0.0", "1.2.0", "1.0.0"]);
  assert.equal(lists, 1);
  await world.clock.advance(HOUR_MS / 6);
  await world.run(ann.publish("hello", "1.3.0", "aa".repeat(20)));
  assert.equal((await world.run(command()))[0]!.minimal.version, "1.3.0");
  assert.equal(lists, 2);
});

Deno.test("the last version of a pin never sinks, in whatever order versions are got", async () => {
  await using world = new World();
  const { ann, user } = await twoPublishers(world);
  const names = user.names();
  const { publicKey } = ann.keys;
  const last = () => user.state.pins.list("hello").map(({ lastVersion }) => lastVersion);
  const seen: string[] = [];
  for (const version of ["1.0.0", "2.0.0-rc.1", "1.9.9", "2.0.0-alpha", "2.0.0", "0.1.0"]) {
    rememberPublisher(names, { name: "hello", version }, publicKey, "newest");
    seen.push(last().join());
  }
  assert.deepEqual(seen, ["1.0.0", "1.0.0", "1.9.9", "1.9.9", "2.0.0", "2.0.0"]);
  assert.equal(user.state.pins.list("hello")[0]!.lastPrerelease, "2.0.0-rc.1");
  // The high-water mark is not lowered by trusting the key again, by another publisher's package or
  // by other ranges.
  rememberPublisher(names, { name: "hello", version: "3.0.0" }, user.keys.publicKey, "newest");
  rememberPublisher(names, { name: "hello", version: "3.0.0" }, publicKey, "exact");
  rememberPublisher(names, { name: "hello", version: "3.0.0" }, publicKey, "range");
  assert.deepEqual(last(), ["2.0.0"]);
});

Deno.test("the first use pins and reports it once, and later uses take the pinned publisher", async () => {
  await using world = new World();
  const { ann, bob, user } = await twoPublishers(world);
  assert.equal(who(await world.run(user.use("hello")), [ann, bob]), "ann 1.2.0");
  assert.equal(user.notices.length, 2);
  const [chosen, pinned] = user.notices as [string, string];
  const key = formatPublicKey(ann.keys.publicKey);
  assert.match(
    chosen,
    /^2 publishers of hello; .* by first-seen; see `libreseed resolve --all hello`/,
  );
  assert(chosen.includes(key) && pinned.includes(`pinned to ${key}`), user.notices.join("\n"));
  await world.run(user.use("hello@1.1.0"));
  assert.equal(user.notices.length, 2);
  const [pin, ...others] = user.state.pins.list("hello");
  assert.deepEqual([pin!.publicKey, pin!.lastVersion, others], [ann.keys.publicKey, "1.2.0", []]);
});

for (const policy of ["latest-version", "seeders", "trusted"] as const) {
  Deno.test(`policy ${policy} choosing another publisher than the pinned one is refused, with both keys and how to accept`, async () => {
    await using world = new World();
    const { ann, bob, user } = await twoPublishers(world);
    await world.run(user.use("hello"));
    await world.run(bob.manager.announcePeer(new Uint8Array(20).fill(0xbb), 1));
    if (policy === "trusted") {
      const publicKey = bob.keys.publicKey;
      user.state.pins.set({ name: "other", publicKey, firstSeenMs: 0, byHand: true });
    }
    const before = user.state.pins.list();
    const error = await failure(world, user.use("hello", policy));
    assert.deepEqual([error.code, error.kind], ["PUBLISHER_CHANGED", "verification"]);
    const [a, b] = [formatPublicKey(ann.keys.publicKey), formatPublicKey(bob.keys.publicKey)];
    assert(error.message.includes(a), error.message);
    assert(error.message.includes(`libreseed trust add hello ${b}`), error.message);
    assert.deepEqual(user.state.pins.list(), before);
    // After the user trusts the new publisher, the name resolves to that publisher. The first pin
    // remains.
    const firstSeenMs = world.clock.now();
    user.state.pins.set({ name: "hello", publicKey: bob.keys.publicKey, firstSeenMs });
    assert.equal(who(await world.run(user.use("hello", policy)), [ann, bob]), "bob 2.1.0");
    user.state.pins.delete("hello", bob.keys.publicKey);
    assert.equal((await failure(world, user.use("hello", policy))).code, "PUBLISHER_CHANGED");
  });
}

Deno.test("if only another publisher is left in the DHT, the error is a changed publisher, not a missing package", async () => {
  await using world = new World();
  const { ann, bob, user } = await twoPublishers(world);
  const { publicKey } = keysOfSlot(3, 99);
  user.state.pins.set({ name: "hello", publicKey, firstSeenMs: world.clock.now() });
  const error = await failure(world, user.use("hello"));
  assert.deepEqual([error.code, error.kind], ["PUBLISHER_CHANGED", "verification"]);
  assert(error.message.includes(formatPublicKey(publicKey)), error.message);
  const offered = [ann, bob].map(({ keys }) => formatPublicKey(keys.publicKey));
  assert(offered.some((key) => error.message.includes(`trust add hello ${key}`)), error.message);
  assert.equal(user.state.pins.list().length, 1);
});

Deno.test("a version that the pinned publisher lacks is not found, even if another publisher has it", async () => {
  await using world = new World();
  const { user } = await twoPublishers(world);
  await world.run(user.use("hello"));
  const error = await failure(world, user.resolve("hello@^2.0"));
  assert.deepEqual([error.code, error.kind], ["VERSION_NOT_FOUND", "not-found"]);
  assert.match(error.message, /there is 1\.2\.0, 1\.1\.0, 1\.0\.0/);
});

Deno.test("a package named with the key of another publisher is resolved, and the pin stays", async () => {
  await using world = new World();
  const { ann, bob, user } = await twoPublishers(world);
  await world.run(user.use("hello"));
  const spec = `${formatPublicKey(bob.keys.publicKey)}/hello@^2.0`;
  assert.equal(who(await world.run(user.use(spec)), [ann, bob]), "bob 2.1.0");
  assert.deepEqual(user.state.pins.list().map(({ publicKey }) => publicKey), [ann.keys.publicKey]);
});

Deno.test("the bare name of a package of prereleases means the newest", async () => {
  await using world = new World();
  const ann = await world.home();
  for (const version of ["1.0.0-rc.1", "1.0.0-rc.10", "1.0.0-rc.2"]) {
    await world.run(ann.publish("hello", version));
    await world.clock.advance(1_000);
  }
  const user = await world.home();
  assert.equal((await world.run(user.resolve("hello"))).minimal.version, "1.0.0-rc.10");
});

Deno.test("a choice among several publishers is reported once, before the pin, and not for a pinned name", async () => {
  await using world = new World();
  const { user } = await twoPublishers(world);
  const resolved = await world.run(user.resolve("hello", "latest-version"));
  assert.deepEqual(resolved.chosen, { publishers: 2, policy: "latest-version" });
  assert.equal(user.notices.length, 1);
  assert.match(user.notices[0]!, /^2 publishers of hello; .* by latest-version; see/);
  await world.run(user.use("hello"));
  user.notices.length = 0;
  assert.equal((await world.run(user.resolve("hello"))).chosen, undefined);
  assert.deepEqual(user.notices, []);
});
