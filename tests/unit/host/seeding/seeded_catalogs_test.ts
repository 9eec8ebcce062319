/**
 * A superseded catalog is seeded for another hour, even after a restart. The number of superseded
 * catalogs is bounded.
 *
 * @module
 */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { toHex, utf8 } from "../../../../src/base/mod.ts";
import type { SeedOrder } from "../../../../src/engine/mod.ts";
import { writeCatalog } from "../../../../src/fetching/catalog_files.ts";
import {
  ANNOUNCED_WITHIN_MS,
  MAX_SUPERSEDED,
  SeededCatalogs,
  SUPERSEDED_MS,
} from "../../../../src/host/seeding/seeded_catalogs.ts";
import { generateKeyPair } from "../../../../src/identity/mod.ts";
import { catalogFileName } from "../../../../src/package/mod.ts";
import { eventually } from "../../../support/engines.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { temporaryHome } from "../../../support/mod.ts";

const { publicKey } = generateKeyPair();
const fileName = catalogFileName(publicKey);

/** Makes a seed directory, and a function that starts daemons which seed its catalogs. */
async function seedDirectory() {
  const home = await temporaryHome();
  const clock = new FakeClock(Date.now());
  const warnings: string[] = [];
  const seeded = new Map<string, SeedOrder>();
  const named = new Set<string>();
  /**
   * Infohashes of the announced catalogs. Each announcement stays pending until the test resolves
   * `reached`.
   */
  const announced: string[] = [];
  const reached = Promise.withResolvers<void>();
  const start = () => {
    seeded.clear();
    return new SeededCatalogs({
      seedDirectory: home.path,
      clock,
      seeder: {
        seed: (orders) => {
          for (const order of orders) seeded.set(order.infoHashHex, order);
          return Promise.resolve();
        },
        unseed: (infoHashHex) => {
          assert(seeded.delete(infoHashHex));
          return Promise.resolve();
        },
        announce: (infoHashHex) => {
          assert(seeded.has(infoHashHex));
          announced.push(infoHashHex);
          return reached.promise;
        },
      },
      records: { namedCatalogs: () => named },
      onWarning: (message) => warnings.push(message),
    });
  };
  /** Writes a catalog that replaces the previous one. Returns its infohash. */
  const write = async (text: string) =>
    toHex(
      await writeCatalog(
        home.path,
        publicKey,
        {
          bytes: utf8(text),
          sameBytes: 0,
        } as Parameters<typeof writeCatalog>[2],
      ),
    );
  const names = () => [...Deno.readDirSync(home.path)].map(({ name }) => name);
  /** Returns the contents of a seeded catalog, as a peer would download them. */
  const served = (infoHashHex: string) => Deno.readTextFile(seeded.get(infoHashHex)!.filePath);
  /** Waits until work that was started by timers has ended. */
  const settled = async (catalogs: SeededCatalogs) => await catalogs.addAll([]);
  const remove = home[Symbol.asyncDispose];
  return {
    ...{ home, clock, seeded, named, announced, reached, warnings, start, write, names, served },
    settled,
    [Symbol.asyncDispose]: remove,
  };
}

Deno.test("a superseded catalog is seeded for one more hour beside the new one", async () => {
  await using place = await seedDirectory();
  const catalogs = place.start();
  const first = await place.write("first\n");
  await catalogs.add(fileName);
  const second = await place.write("second\n");
  await catalogs.add(fileName);
  assert.deepEqual([...place.seeded.keys()], [first, second]);
  assert.equal(await place.served(first), "first\n");
  assert.equal(await place.served(second), "second\n");
  await place.clock.advance(SUPERSEDED_MS - 1);
  await place.settled(catalogs);
  assert.equal(await place.served(first), "first\n");
  await place.clock.advance(1);
  await place.settled(catalogs);
  assert.deepEqual([...place.seeded.keys()], [second]);
  const rest = place.names().filter((name) => name.endsWith(".jsonl")).sort();
  assert.deepEqual(rest, [fileName, basename(place.seeded.get(second)!.filePath)].sort());
  assert.deepEqual(place.warnings, []);
  await catalogs.stop();
});

Deno.test("a restarted daemon seeds catalogs that were superseded within the hour", async () => {
  await using place = await seedDirectory();
  const before = place.start();
  const [old] = [await place.write("old\n")];
  await before.add(fileName);
  const first = await place.write("first\n");
  await before.add(fileName);
  await place.clock.advance(SUPERSEDED_MS / 2);
  const second = await place.write("second\n");
  await before.add(fileName);
  await before.stop();
  await place.clock.advance(SUPERSEDED_MS / 2);
  const after = place.start();
  await after.addAll(place.names());
  assert.deepEqual([...place.seeded.keys()].sort(), [first, second].sort());
  assert(!place.seeded.has(old));
  assert.equal(await place.served(first), "first\n");
  await place.clock.advance(SUPERSEDED_MS / 2);
  await place.settled(after);
  assert.deepEqual([...place.seeded.keys()], [second]);
  await after.stop();
});

Deno.test("a catalog that a record names is seeded as long as that is so, also after a restart", async () => {
  await using place = await seedDirectory();
  const before = place.start();
  const first = await place.write("first\n");
  await before.add(fileName);
  place.named.add(first);
  await before.stop();
  await place.clock.advance(2 * SUPERSEDED_MS);
  // A process is killed after it has written a catalog, and before its record is put.
  const second = await place.write("second\n");
  const after = place.start();
  await after.addAll(place.names());
  await place.clock.advance(2 * SUPERSEDED_MS);
  await place.settled(after);
  assert.deepEqual([...place.seeded.keys()].sort(), [first, second].sort());
  assert.equal(await place.served(first), "first\n");
  place.named.clear();
  await place.clock.advance(SUPERSEDED_MS);
  await place.settled(after);
  assert.deepEqual([...place.seeded.keys()], [second]);
  assert.deepEqual(place.warnings, []);
  await after.stop();
});

Deno.test("a superseded catalog that is published again is current again", async () => {
  await using place = await seedDirectory();
  const catalogs = place.start();
  const first = await place.write("first\n");
  await catalogs.add(fileName);
  await place.write("second\n");
  await catalogs.add(fileName);
  assert.equal(await place.write("first\n"), first);
  await catalogs.add(fileName);
  await place.clock.advance(SUPERSEDED_MS);
  await place.settled(catalogs);
  assert.deepEqual([...place.seeded.keys()], [first]);
  assert.equal(await place.served(first), "first\n");
  await catalogs.stop();
});

Deno.test("only the latest superseded catalogs are kept", async () => {
  await using place = await seedDirectory();
  const catalogs = place.start();
  const written: string[] = [];
  for (let at = 0; at < MAX_SUPERSEDED + 3; at++) {
    written.push(await place.write(`${at}\n`));
    await catalogs.add(fileName);
    await place.clock.advance(1);
  }
  assert.deepEqual([...place.seeded.keys()].sort(), written.slice(-MAX_SUPERSEDED - 1).sort());
  const files = place.names().filter((name) => name.includes("~"));
  assert.equal(files.length, MAX_SUPERSEDED + 1);
  await catalogs.stop();
});

Deno.test("a file under another catalog's infohash is removed and not seeded", async () => {
  await using place = await seedDirectory();
  const name = fileName.replace(".jsonl", `~${"ab".repeat(20)}.jsonl`);
  await Deno.writeTextFile(join(place.home.path, name), "something else\n");
  const catalogs = place.start();
  await catalogs.addAll(place.names());
  assert.deepEqual([[...place.seeded], place.names()], [[], []]);
});

Deno.test("add with announce resolves once the catalog is announced", async () => {
  await using place = await seedDirectory();
  const catalogs = place.start();
  const first = await place.write("first\n");
  let isAdded = false;
  const adding = catalogs.add(fileName, { announce: true }).then(() => isAdded = true);
  await eventually(() => place.announced.length > 0, "an announcement");
  await place.settled(catalogs);
  assert(!isAdded);
  assert.deepEqual(place.announced, [first]);
  place.reached.resolve();
  await adding;
  // Adding the same catalog again does not announce it again.
  await catalogs.add(fileName, { announce: true });
  assert.deepEqual(place.announced, [first]);
  await catalogs.stop();
});

Deno.test("add with announce waits a limited time for a silent DHT", async () => {
  await using place = await seedDirectory();
  const catalogs = place.start();
  await place.write("first\n");
  const adding = catalogs.add(fileName, { announce: true });
  await eventually(() => place.announced.length > 0, "an announcement");
  await place.clock.advance(ANNOUNCED_WITHIN_MS);
  await adding;
  await catalogs.stop();
});

Deno.test("stop while a catalog is hashed leaves no temporary file", async () => {
  await using place = await seedDirectory();
  const catalogs = place.start();
  await place.write("catalog\n");
  // Make the file so long that it is still being hashed when the test calls `stop`.
  await Deno.truncate(join(place.home.path, fileName), 256 << 20);
  const temporaries = () => place.names().filter((name) => name.startsWith(".tmp-"));
  let hasEnded = false;
  const adding = catalogs.addAll([fileName]).finally(() => hasEnded = true);
  await eventually(() => hasEnded || temporaries().length > 0, "a temporary");
  await catalogs.stop();
  assert.deepEqual(temporaries(), []);
  await adding.catch(() => {});
  await assert.rejects(catalogs.add(fileName), { code: "HOST_STOPPING" });
  assert.deepEqual(temporaries(), []);
  assert.deepEqual(place.warnings, []);
});

Deno.test("catalogs are seeded as files with one name, also those of an earlier version", async () => {
  await using place = await seedDirectory();
  const before = place.start();
  const [infoHashHex] = [await place.write("one\n")];
  await before.add(fileName);
  await before.stop();
  const kept = place.seeded.get(infoHashHex)!.filePath;
  const current = join(place.home.path, fileName);
  assert.deepEqual([current, kept].map((path) => Deno.lstatSync(path).nlink), [1, 1]);
  // An earlier version of libreseed made the seeded name as a hard link.
  await Deno.remove(kept);
  await Deno.link(current, kept);
  const after = place.start();
  await after.addAll(place.names());
  await after.stop();
  assert.equal(place.seeded.get(infoHashHex)!.filePath, kept);
  assert.deepEqual([current, kept].map((path) => Deno.lstatSync(path).nlink), [1, 1]);
  assert.equal(await place.served(infoHashHex), "one\n");
  assert.deepEqual(place.warnings, []);
});

Deno.test("a catalog that is a link, symbolic or hard, is not seeded", async () => {
  for (const link of [Deno.symlink, Deno.link]) {
    await using place = await seedDirectory();
    await using elsewhere = await temporaryHome();
    const catalogs = place.start();
    await place.write("mine\n");
    await Deno.rename(join(place.home.path, fileName), join(elsewhere.path, "catalog"));
    await link(join(elsewhere.path, "catalog"), join(place.home.path, fileName));
    await catalogs.addAll(place.names());
    await catalogs.stop();
    assert.equal(place.seeded.size, 0);
    assert.equal(place.warnings.length, 1);
    assert.deepEqual(place.names().filter((name) => name.startsWith(".tmp")), []);
  }
});
