/**
 * The daemon's lookups for followed publishers: contents and times, with a fake DHT and a fake
 * clock.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { toHex } from "../../../../src/base/mod.ts";
import type { Operations } from "../../../../src/control/operations.ts";
import type { ItemKey } from "../../../../src/dht/mod.ts";
import { FollowKeeper } from "../../../../src/host/records/follow_keeper.ts";
import { refreshFollow } from "../../../../src/host/records/follow_refresh.ts";
import { formatPublicKey, keyPairFromSeed } from "../../../../src/identity/mod.ts";
import { defaultArchiveLimits } from "../../../../src/package/mod.ts";
import {
  announceSalt,
  encodeAnnounceRecord,
  manifestSalt,
  type MutableItem,
  publisherSalt,
  targetOf,
} from "../../../../src/records/mod.ts";
import { SeedDirectory, StateDatabase } from "../../../../src/store/mod.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";
import { trustOf } from "../../../support/identities.ts";
import { temporaryHome } from "../../../support/mod.ts";
import { signedItem, signedMinimal, signedRecord } from "../../../support/signed.ts";
import { nobodyMet } from "../../../support/fake_rendezvous.ts";
import { whenAborted } from "../../../support/aborts.ts";

const T = Date.UTC(2026, 5, 1);
const HOUR_MS = 3_600_000;
const keys = keyPairFromSeed(new Uint8Array(32).fill(31));
const { publicKey } = keys;

function minimal(name: string, version: string) {
  return signedMinimal({
    name,
    version,
    archiveSha256: `sha256:${"cd".repeat(32)}`,
    btih: "ab".repeat(20),
    length: 1_000,
    timestamp: T,
  }, keys);
}

/**
 * Makes a home that follows a publisher, and a fake DHT that returns the items that a test puts
 * into it.
 */
async function following() {
  const directory = await temporaryHome();
  const clock = new FakeClock(T);
  const state = StateDatabase.open(join(directory.path, "state.db"), clock);
  const seeds = new SeedDirectory(join(directory.path, "seed"));
  await seeds.ensure();
  const dht = new Map<string, MutableItem>();
  const asked: string[] = [];
  const warnings: string[] = [];
  const put = (item: MutableItem) => dht.set(toHex(targetOf(item.publicKey, item.salt)), item);
  const names = new Map<string, string>();
  const at = {
    ...{ clock, state, dht, asked, warnings, directory: seeds.path },
    /** Whether the nodes of the fake DHT answer. */
    online: true,
    timeoutMs: 1_000,
    mirror: false,
    /**
     * Timeouts in milliseconds of the downloads that were started. No peer sends any data, so each
     * download waits for its whole timeout.
     */
    waitedMs: [] as number[],
    downloads: 0,
    /** Infohashes of the seeded archives, by file name. */
    seeded: new Map<string, string>(),
    /** Puts the publisher's list of packages into the DHT. */
    offer(seq: number, ...versions: [string, string][]) {
      const packages = new Map<string, string[]>();
      for (const [name, version] of versions) {
        packages.set(name, [...packages.get(name) ?? [], version]);
      }
      const value = encodeAnnounceRecord({ packages, timestampMs: T });
      put(signedItem(keys, { salt: announceSalt(publicKey), seq, value }));
    },
    /** Puts the manifest record of a package into the DHT. */
    publish(name: string, version: string) {
      put(signedRecord(minimal(name, version), keys, T));
    },
    seen: () => state.follows.search("", 100).map(({ name, version }) => `${name}@${version}`),
    async [Symbol.asyncDispose]() {
      state.close();
      await directory.remove();
      assert.equal(clock.timers, 0);
    },
  };
  names.set(toHex(targetOf(publicKey, announceSalt(publicKey))), "list");
  names.set(toHex(targetOf(publicKey, publisherSalt())), "keys");
  for (const name of ["a", "b"]) {
    for (const version of ["1.0.0", "1.1.0"]) {
      const target = toHex(targetOf(publicKey, manifestSalt(name, version)));
      names.set(target, `${name}@${version}`);
    }
  }
  const operations = {
    ...nobodyMet,
    lookUp({ salt }: ItemKey) {
      const target = toHex(targetOf(publicKey, salt));
      asked.push(names.get(target)!);
      const item = at.online ? dht.get(target) : undefined;
      const responded = at.online ? 8 : 0;
      const counts = { asked: 8, responded, holding: 0, stale: 0, invalid: 0, errors: {} };
      return Promise.resolve({ ...counts, item, others: [] });
    },
    status: () => Promise.resolve({ daemon: true }),
    download(_request: unknown, { signal }: { signal: AbortSignal }) {
      const beganMs = clock.now();
      at.downloads++;
      return new Promise((_, reject) =>
        whenAborted(signal, () => {
          at.waitedMs.push(clock.now() - beganMs);
          reject(signal.reason);
        })
      );
    },
  } as unknown as Operations;
  const context = {
    operations,
    state,
    trust: trustOf(state, clock),
    clock,
    seedDirectory: seeds.path,
    timeoutMs: 1_000,
    onWarning: (message: string) => warnings.push(message),
  };
  state.follows.add(publicKey, T);
  return Object.assign(at, {
    refresh: () => clock.until(refreshFollow(context, publicKey)),
    keeper: () =>
      new FollowKeeper({
        ...context,
        seeds,
        seedOf: (fileName) => at.seeded.get(fileName),
        timeoutMs: () => at.timeoutMs,
        limits: () => defaultArchiveLimits,
        intervalMs: () => HOUR_MS,
        mirror: () => at.mirror,
        maxDiskBytes: () => 1 << 30,
        uploading: () => Promise.resolve(new Set()),
        evict: () => Promise.reject(new Error("there is room")),
        onNotice: () => {},
      }),
    /** Advances the clock, and lets pending promises settle. */
    async pass(ms: number) {
      await clock.advance(ms);
      for (let i = 0; i < 20; i++) await settle();
    },
    /** Waits for a condition that depends on disk operations, and on timers that are due at once. */
    async until(isThere: () => boolean) {
      for (let tries = 0; !isThere(); tries++) {
        assert(tries < 60_000, `never came about: ${isThere}`);
        await clock.advance(0);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
  });
}

Deno.test("an unchanged list costs the lookups of keys and list, a newer one also those of its new packages", async () => {
  await using at = await following();
  at.publish("a", "1.0.0");
  at.publish("b", "1.0.0");
  at.offer(1, ["a", "1.0.0"], ["b", "1.0.0"]);
  assert.equal(await at.refresh(), true);
  assert.deepEqual(at.seen(), ["a@1.0.0", "b@1.0.0"]);
  assert.deepEqual(at.asked.splice(0), ["keys", "list", "a@1.0.0", "b@1.0.0"]);
  assert.equal(await at.refresh(), false);
  assert.deepEqual(at.asked.splice(0), ["keys", "list"]);

  at.publish("a", "1.1.0");
  at.offer(2, ["a", "1.0.0"], ["a", "1.1.0"]);
  assert.equal(await at.refresh(), true);
  assert.deepEqual([at.seen(), at.asked.splice(0)], [["a@1.0.0", "a@1.1.0"], [
    "keys",
    "list",
    "a@1.1.0",
  ]]);

  // An old list that is put again reports no new packages and removes none.
  at.offer(1, ["b", "1.0.0"]);
  assert.equal(await at.refresh(), false);
  assert.deepEqual(at.seen(), ["a@1.0.0", "a@1.1.0"]);
  assert.deepEqual(at.warnings, []);
});

Deno.test("look checks the followed publishers at once, and once more if a check was running", async () => {
  await using at = await following();
  at.online = false;
  const keeper = at.keeper();
  keeper.start();
  await at.pass(2_000);
  assert.deepEqual(at.seen(), []);
  at.online = true;
  at.publish("a", "1.0.0");
  at.offer(1, ["a", "1.0.0"]);
  keeper.look();
  keeper.look();
  await at.pass(0);
  assert.deepEqual(at.seen(), ["a@1.0.0"]);
  await keeper.stop();
});

Deno.test("a changed timeout applies to the next archive that is mirrored", async () => {
  await using at = await following();
  at.mirror = true;
  at.publish("a", "1.0.0");
  at.offer(1, ["a", "1.0.0"]);
  const keeper = at.keeper();
  keeper.start();
  await at.until(() => at.downloads === 1);
  await at.pass(1_000);
  at.timeoutMs = 7_000;
  keeper.look();
  await at.until(() => at.downloads === 2);
  await at.pass(7_000);
  await keeper.stop();
  assert.deepEqual(at.waitedMs, [1_000, 7_000]);
});

Deno.test("what is seeded is not downloaded, but another archive of the same file name does not count", async () => {
  await using at = await following();
  at.mirror = true;
  at.publish("a", "1.0.0");
  at.publish("b", "1.0.0");
  at.offer(1, ["a", "1.0.0"], ["b", "1.0.0"]);
  at.seeded.set("a-1.0.0.tgz", "ab".repeat(20));
  at.seeded.set("b-1.0.0.tgz", "cd".repeat(20));
  const keeper = at.keeper();
  keeper.start();
  await at.until(() => at.downloads === 1);
  await at.pass(1_000);
  await at.until(() => keeper.unmirrored() !== undefined);
  assert.deepEqual(keeper.unmirrored()?.map((one) => one.package), ["b@1.0.0"]);
  await keeper.stop();
  assert.equal(at.downloads, 1);
});

Deno.test("a file in the seed directory that is no valid archive is not downloaded over", async () => {
  await using at = await following();
  at.mirror = true;
  at.publish("a", "1.0.0");
  at.publish("b", "1.0.0");
  at.offer(1, ["a", "1.0.0"], ["b", "1.0.0"]);
  await Deno.writeTextFile(join(at.directory, "a-1.0.0.tgz"), "not an archive");
  const keeper = at.keeper();
  keeper.start();
  await at.until(() => at.downloads === 1);
  await at.pass(1_000);
  await at.until(() => keeper.unmirrored() !== undefined);
  assert.deepEqual(keeper.unmirrored()?.map((one) => one.package), ["b@1.0.0"]);
  await keeper.stop();
});

Deno.test("a listed package without a record is looked for again although the list is unchanged", async () => {
  await using at = await following();
  at.publish("a", "1.0.0");
  at.offer(1, ["a", "1.0.0"], ["b", "1.0.0"]);
  await at.refresh();
  assert.deepEqual(at.seen(), ["a@1.0.0"]);
  at.asked.length = 0;
  at.publish("b", "1.0.0");
  await at.refresh();
  assert.deepEqual([at.seen(), at.asked.splice(0)], [["a@1.0.0", "b@1.0.0"], [
    "keys",
    "list",
    "b@1.0.0",
  ]]);
  await at.refresh();
  assert.deepEqual(at.asked, ["keys", "list"]);
});

Deno.test("a record of another package or publisher is left out with a warning", async () => {
  await using at = await following();
  at.publish("b", "1.0.0");
  const other = keyPairFromSeed(new Uint8Array(32).fill(32));
  const forged = { ...minimal("a", "1.0.0"), pubkey: formatPublicKey(other.publicKey) };
  const values = {
    "1.0.0": signedRecord({ ...forged, timestamp: T + 1 }, keys, T).value,
    "1.1.0": signedRecord(minimal("b", "1.1.0"), keys, T).value,
  };
  for (const [version, value] of Object.entries(values)) {
    const salt = manifestSalt("a", version);
    at.dht.set(toHex(targetOf(publicKey, salt)), signedItem(keys, { salt, seq: 1, value }));
  }
  at.offer(1, ["a", "1.0.0"], ["a", "1.1.0"], ["b", "1.0.0"]);
  await at.refresh();
  assert.deepEqual(at.seen(), ["b@1.0.0"]);
  assert.deepEqual(at.warnings.length, 2);
  assert.match(at.warnings.join("\n"), /^a@1\.0\.0 was left out: .*not signed by/m);
  assert.match(at.warnings.join("\n"), /^a@1\.1\.0 was left out: .*names b@1\.1\.0 instead/m);
});

Deno.test("a list is read once an interval, and each minute while reading fails", async () => {
  await using at = await following();
  at.publish("a", "1.0.0");
  at.offer(1, ["a", "1.0.0"]);
  at.online = false;
  const keeper = at.keeper();
  keeper.start();
  await at.pass(10 * 60_000);
  assert.deepEqual([at.seen(), at.warnings], [[], []]);
  assert.ok(at.asked.length >= 10, `${at.asked.length} lookups`);
  at.online = true;
  await at.pass(2 * 60_000);
  assert.deepEqual(at.seen(), ["a@1.0.0"]);
  at.asked.length = 0;
  await at.pass(50 * 60_000);
  assert.deepEqual(at.asked, []);
  at.publish("a", "1.1.0");
  at.offer(2, ["a", "1.0.0"], ["a", "1.1.0"]);
  await at.pass(15 * 60_000);
  assert.deepEqual([at.seen(), at.asked], [["a@1.0.0", "a@1.1.0"], ["keys", "list", "a@1.1.0"]]);
  await keeper.stop();
});

Deno.test("a list that was read under a wrong clock is read again once the clock is right", async () => {
  await using at = await following();
  at.publish("a", "1.0.0");
  at.offer(1, ["a", "1.0.0"]);
  const yearMs = 365 * 24 * HOUR_MS;
  at.clock.jump(yearMs);
  const keeper = at.keeper();
  keeper.start();
  await at.pass(1_000);
  assert.deepEqual(at.seen(), ["a@1.0.0"]);
  at.clock.jump(-yearMs);
  at.publish("a", "1.1.0");
  at.offer(2, ["a", "1.0.0"], ["a", "1.1.0"]);
  await at.pass(2 * 60_000);
  assert.deepEqual(at.seen(), ["a@1.0.0", "a@1.1.0"]);
  await keeper.stop();
});

Deno.test("a list that does not decode is a warning, and the packages seen before stay", async () => {
  await using at = await following();
  at.publish("a", "1.0.0");
  at.offer(1, ["a", "1.0.0"]);
  const keeper = at.keeper();
  keeper.start();
  await at.pass(1_000);
  const salt = announceSalt(publicKey);
  const nonsense = signedItem(keys, { salt, seq: 2, value: new TextEncoder().encode("le") });
  at.dht.set(toHex(targetOf(publicKey, salt)), nonsense);
  await at.pass(HOUR_MS + 60_000);
  assert.deepEqual(at.seen(), ["a@1.0.0"]);
  assert.match(at.warnings[0]!, /announce record/);
  await keeper.stop();
});

Deno.test("a publisher whose list cannot be read does not block the others", async () => {
  await using at = await following();
  const other = keyPairFromSeed(new Uint8Array(32).fill(33)).publicKey;
  at.state.follows.add(other, T - 1);
  at.publish("a", "1.0.0");
  at.offer(1, ["a", "1.0.0"]);
  const keeper = at.keeper();
  keeper.start();
  await at.pass(60_000);
  assert.deepEqual(at.seen(), ["a@1.0.0"]);
  const checked = at.state.follows.list().map((one) => [
    formatPublicKey(one.publicKey) === formatPublicKey(publicKey),
    one.checkedMs !== undefined,
  ]);
  assert.deepEqual(checked, [[false, false], [true, true]]);
  await keeper.stop();
});
