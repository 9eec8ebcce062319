/** Tests the tables of pins and flags. */

import assert from "node:assert/strict";
import { NO_FLAGS } from "../../../../src/base/mod.ts";
import { type Pin } from "../../../../src/store/mod.ts";
import { bytes, withState } from "./state_values.ts";

Deno.test("a pin by hand stays one when it is set again", async () => {
  await withState(({ pins }) => {
    const pin: Pin = { name: "a", publicKey: bytes(32, 1), firstSeenMs: 1 };
    pins.set(pin);
    assert.deepEqual(pins.list("a"), [pin]);
    pins.set({ ...pin, byHand: true });
    pins.set({ ...pin, lastVersion: "1.0.0" });
    assert.deepEqual(pins.list("a"), [{ ...pin, lastVersion: "1.0.0", byHand: true }]);
  });
});

Deno.test("others returns pins of all publishers but one, the latest first, up to the limit", async () => {
  await withState(({ pins }) => {
    const [own, ann, bob] = [bytes(32, 1), bytes(32, 2), bytes(32, 3)];
    for (let i = 0; i < 50; i++) pins.set({ name: `own-${i}`, publicKey: own, firstSeenMs: i });
    pins.set({ name: "a", publicKey: ann, firstSeenMs: 7, lastVersion: "1.0.0" });
    pins.set({ name: "b", publicKey: bob, firstSeenMs: 9 });
    const names = (key: Uint8Array | undefined, limit: number) =>
      pins.others(key, limit).map(({ name }) => name);
    assert.deepEqual(names(own, 10), ["b", "a"]);
    assert.deepEqual(names(own, 1), ["b"]);
    assert.equal(pins.others(own, 2)[1]!.lastVersion, "1.0.0");
    assert.equal(names(undefined, 100).length, 52);
  });
});

Deno.test("a pin dated in the future gets the time of the next use", async () => {
  await withState(({ pins }) => {
    const pin = { name: "a", publicKey: bytes(32, 1) };
    const nowMs = 1_800_000_000_000;
    const yearMs = 365 * 86_400_000;
    pins.set({ ...pin, firstSeenMs: nowMs + yearMs });
    pins.set({ ...pin, firstSeenMs: nowMs, lastVersion: "1.0.0" });
    assert.equal(pins.list("a")[0]!.firstSeenMs, nowMs);
    // A difference of some minutes between clocks is tolerated.
    pins.set({ ...pin, firstSeenMs: nowMs - 60_000, lastVersion: "1.0.0" });
    assert.equal(pins.list("a")[0]!.firstSeenMs, nowMs);
  });
});

Deno.test("pins are stored by name and key, and keep the time of their first use", async () => {
  await withState(({ pins }) => {
    const pin = (name: string, fill: number, change: Partial<Pin> = {}): Pin => {
      return { name, publicKey: bytes(32, fill), firstSeenMs: fill, ...change };
    };
    pins.set(pin("a", 2));
    pins.set(pin("a", 1, { lastVersion: "1.0.0" }));
    pins.set(pin("b", 3));
    pins.set(pin("a", 2, { firstSeenMs: 99, lastVersion: "2.0.0" }));
    const [one, two] = [
      pin("a", 1, { lastVersion: "1.0.0" }),
      pin("a", 2, { lastVersion: "2.0.0" }),
    ];
    assert.deepEqual(pins.list("a"), [one, two]);
    assert.deepEqual(pins.list(), [one, two, pin("b", 3)]);
    assert.equal(pins.delete("a", bytes(32, 2)), 1);
    assert.deepEqual(pins.list("a"), [one]);
    assert.equal(pins.delete("b"), 1);
    assert.equal(pins.delete("b"), 0);
    assert.deepEqual(pins.list("b"), []);
  });
});

Deno.test("the newest flags stay, whatever is read later", async () => {
  await withState(({ offers }) => {
    const key = bytes(32, 1);
    const offer = (seq: number, yanked: string[], versions?: string[]) => ({
      seq,
      ...(versions && { versions }),
      flags: { ...NO_FLAGS, yanked: new Map(yanked.map((version) => [version, "why"])) },
    });
    const plain = offer(1, [], ["1.0.0"]);
    assert.equal(offers.settle(key, "hello", plain), plain);
    assert.equal(offers.get(key, "hello"), undefined, "a package without flags has no row");
    const flagged = offer(5, ["1.1.0"], ["1.0.0", "1.1.0"]);
    assert.equal(offers.settle(key, "hello", flagged), flagged);
    assert.deepEqual(offers.settle(key, "hello", offer(4, [], ["1.0.0"])), flagged, "older");
    assert.deepEqual(
      offers.settle(key, "hello", offer(4, ["1.0.0"])),
      flagged,
      "older, without list",
    );
    assert.equal(offers.settle(key, "other", plain), plain, "another name");
    assert.equal(offers.settle(bytes(32, 2), "hello", plain), plain, "another publisher");
    // A newer list without flags takes them back, also for readers that are shown the old one later.
    offers.settle(key, "hello", offer(6, []));
    const last = { ...offer(6, []), versions: ["1.0.0", "1.1.0"] };
    assert.deepEqual(offers.get(key, "hello"), last, "versions stay when the list was not read");
    assert.deepEqual(offers.settle(key, "hello", flagged), last);
  });
});

Deno.test("flags under several keys are settled together: the newest counts under each", async () => {
  await withState(({ offers }) => {
    const [key, identity] = [bytes(32, 1), bytes(32, 2)];
    const tagged = (version: string) => ({ ...NO_FLAGS, tags: new Map([["next", version]]) });
    offers.settle(key, "a", { seq: 5, flags: tagged("5.0.0") });
    offers.settle(identity, "a", { seq: 4, flags: tagged("4.0.0") });
    offers.settle(identity, "b", { seq: 6, flags: tagged("6.0.0") });
    const settled = offers.settleAll([key, identity], 3, new Map([["c", tagged("3.0.0")]]));
    const expected = [["a", "5.0.0"], ["b", "6.0.0"], ["c", "3.0.0"]] as const;
    assert.deepEqual(
      [...settled].map(([name, { tags }]) => [name, tags.get("next")]).sort(),
      expected,
    );
    for (const [name, version] of expected) {
      for (const publicKey of [key, identity]) {
        assert.equal(offers.get(publicKey, name)!.flags.tags.get("next"), version);
      }
    }
    offers.settleAll([key, identity], 7, new Map());
    assert.equal(offers.get(identity, "b")!.flags.tags.size, 0);
  });
});

Deno.test("flags of a package with very many versions are kept without the versions", async () => {
  await withState(({ offers }) => {
    const flags = { ...NO_FLAGS, tags: new Map([["next", "1.0.1"]]) };
    const versions = Array.from({ length: 10_000 }, (_, i) => `1.0.${i}`);
    offers.settle(bytes(32, 1), "hello", { seq: 2, versions, flags });
    assert.deepEqual(offers.get(bytes(32, 1), "hello"), { seq: 2, versions: undefined, flags });
    const read = { seq: 1, versions: ["1.0.0"], flags: NO_FLAGS };
    assert.deepEqual(offers.settle(bytes(32, 1), "hello", read), {
      seq: 2,
      versions: ["1.0.0"],
      flags,
    });
  });
});
