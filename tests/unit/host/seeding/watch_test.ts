/**
 * The watcher reports archives that have arrived in or left the seed directory. The clock is fake;
 * the files are real.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { WatchMode } from "../../../../src/config/mod.ts";
import { SeedWatcher } from "../../../../src/host/seeding/watch.ts";
import { type DirectoryListing, markOf, stampOf } from "../../../../src/store/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { temporaryHome } from "../../../support/mod.ts";

const REST_MS = 1_000;
const POLL_MS = 2_000;

/** Makes a watcher of an empty directory, and a log of its reports. */
async function watched(mode: WatchMode) {
  const home = await temporaryHome();
  const clock = new FakeClock(Date.now());
  /** Durations in milliseconds of the timers set by the watcher. */
  const waits: number[] = [];
  const after = clock.after.bind(clock);
  clock.after = (delayMs, fire) => {
    waits.push(delayMs);
    return after(delayMs, fire);
  };
  const warnings: string[] = [];
  /** Makes a watcher of the directory. */
  const another = () => {
    const heard: string[] = [];
    const listings: DirectoryListing[] = [];
    const watcher = new SeedWatcher({
      directory: home.path,
      mode,
      clock,
      onWarning: (message) => warnings.push(message),
      target: {
        arrived: (fileName) => Promise.resolve(void heard.push(`+${fileName}`)),
        left: (fileName) => Promise.resolve(void heard.push(`-${fileName}`)),
        listed: (listing) => listings.push(listing),
      },
    });
    return { heard, listings, watcher };
  };
  const first = another();
  const { watcher } = first;
  return {
    ...{ clock, warnings, waits, another, ...first },
    path: (name: string) => join(home.path, name),
    write: (name: string, text: string) => Deno.writeTextFile(join(home.path, name), text),
    /** Advances the clock, and waits until the scan that falls due has ended. */
    async pass(ms: number) {
      await clock.advance(ms);
      // The watcher has no timer while it is scanning.
      while (clock.timers === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    async [Symbol.asyncDispose]() {
      await watcher.stop();
      assert.equal(clock.timers, 0);
      await home.remove();
    },
  };
}

Deno.test("an archive that was at rest before the start arrives at once", async () => {
  await using place = await watched("poll");
  await place.write("a-1.0.0.tgz", "x");
  // Advance by far more than the real time that a busy machine needs to write the file.
  await place.clock.advance(REST_MS + 60_000);
  await place.watcher.start();
  assert.deepEqual(place.heard, ["+a-1.0.0.tgz"]);
});

Deno.test("an archive written just before the start arrives once it is at rest", async () => {
  await using place = await watched("poll");
  await place.write("a-1.0.0.tgz", "x");
  await place.watcher.start();
  assert.deepEqual(place.heard, []);
  await place.pass(REST_MS);
  assert.deepEqual(place.heard, ["+a-1.0.0.tgz"]);
  await place.pass(POLL_MS);
  assert.deepEqual(place.heard, ["+a-1.0.0.tgz"]);
});

Deno.test("a growing archive does not arrive before it is at rest", async () => {
  await using place = await watched("poll");
  await place.write("a-1.0.0.tgz", "x");
  await place.watcher.start();
  for (const text of ["xx", "xxx", "xxxx"]) {
    await place.write("a-1.0.0.tgz", text);
    await place.pass(REST_MS);
  }
  assert.deepEqual(place.heard, []);
  await place.pass(REST_MS);
  assert.deepEqual(place.heard, ["+a-1.0.0.tgz"]);
});

Deno.test("an archive that never rests does not hide the others", async () => {
  await using place = await watched("poll");
  await place.watcher.start();
  await place.write("a-1.0.0.tgz", "whole");
  for (let size = 1; size < 6; size++) {
    await place.write("b-1.0.0.tgz", "x".repeat(size));
    await place.pass(REST_MS);
  }
  assert.deepEqual(place.heard, ["+a-1.0.0.tgz"]);
});

Deno.test("a later manifest and any later change make an archive arrive again", async () => {
  await using place = await watched("poll");
  await place.write("a-1.0.0.tgz", "x");
  await place.watcher.start();
  await place.pass(REST_MS);
  for (const name of ["a-1.0.0.minimal.json", "a-1.0.0.tgz"]) {
    await place.write(name, "other");
    await place.pass(POLL_MS);
    await place.pass(REST_MS);
  }
  assert.deepEqual(place.heard, ["+a-1.0.0.tgz", "+a-1.0.0.tgz", "+a-1.0.0.tgz"]);
});

Deno.test("a removed archive leaves, and arrives again when it returns", async () => {
  await using place = await watched("poll");
  await place.write("a-1.0.0.tgz", "x");
  await place.watcher.start();
  await place.pass(REST_MS);
  await Deno.rename(place.path("a-1.0.0.tgz"), place.path("elsewhere"));
  await place.pass(POLL_MS);
  await Deno.rename(place.path("elsewhere"), place.path("a-1.0.0.tgz"));
  await place.pass(POLL_MS);
  await place.pass(REST_MS);
  assert.deepEqual(place.heard, ["+a-1.0.0.tgz", "-a-1.0.0.tgz", "+a-1.0.0.tgz"]);
});

Deno.test("temporaries, partial downloads and other files are ignored", async () => {
  await using place = await watched("poll");
  for (const name of [".tmp-1-ab.tgz", ".partial-00", "a.torrent", "b.minimal.json", "c.zip"]) {
    await place.write(name, "x");
  }
  await place.clock.advance(REST_MS + 60_000);
  await place.watcher.start();
  await place.pass(POLL_MS);
  assert.deepEqual(place.heard, []);
});

Deno.test("mode off takes in the present archives and then watches nothing until the mode changes", async () => {
  await using place = await watched("off");
  await place.write("a-1.0.0.tgz", "x");
  await place.watcher.start();
  assert.deepEqual(place.heard, ["+a-1.0.0.tgz"]);
  assert.equal(place.clock.timers, 0);
  await place.write("b-1.0.0.tgz", "x");
  place.watcher.mode = "poll";
  await place.pass(POLL_MS);
  await place.pass(REST_MS);
  assert.deepEqual(place.heard, ["+a-1.0.0.tgz", "+b-1.0.0.tgz"]);
  place.watcher.mode = "off";
  assert.equal(place.clock.timers, 0);
});

Deno.test("an unreadable directory is a warning, and is read again", async () => {
  await using place = await watched("poll");
  await place.watcher.start();
  const [directory, aside] = [place.path("."), place.path("../aside-" + crypto.randomUUID())];
  await Deno.rename(directory, aside);
  await place.pass(POLL_MS);
  assert.equal(place.warnings.length, 1);
  assert(place.warnings[0]!.includes("seed directory"), place.warnings[0]);
  await Deno.rename(aside, directory);
  await place.write("a-1.0.0.tgz", "x");
  await place.pass(POLL_MS);
  await place.pass(REST_MS);
  assert.deepEqual(place.heard, ["+a-1.0.0.tgz"]);
});

Deno.test("file events cause a look before the next poll", async () => {
  await using place = await watched("events");
  await place.watcher.start();
  await place.write("a-1.0.0.tgz", "x");
  // File events arrive in real time. The fake clock advances by less than one polling interval, so
  // polling cannot find the file.
  while (!place.waits.includes(REST_MS)) await new Promise((resolve) => setTimeout(resolve, 5));
  for (let seconds = 0; seconds < 50 && place.heard.length === 0; seconds++) {
    await place.pass(REST_MS);
  }
  assert.deepEqual([place.heard, place.warnings], [["+a-1.0.0.tgz"], []]);
});

Deno.test("a symbolic link is reported once", async () => {
  await using place = await watched("poll");
  await Deno.symlink("/etc", place.path("etc"));
  await place.watcher.start();
  await place.pass(3 * POLL_MS);
  await Deno.symlink("/etc/hostname", place.path("a-1.0.0.torrent"));
  await place.pass(3 * POLL_MS);
  assert.deepEqual(place.warnings.map((text) => text.split(" is a symbolic link")[0]), [
    place.path("etc"),
    place.path("a-1.0.0.torrent"),
  ]);
  assert.deepEqual(place.heard, []);
});

Deno.test("a file with several names is reported once, at the start or when it appears", async () => {
  await using place = await watched("poll");
  await place.write("../outside", "x");
  await Deno.link(place.path("../outside"), place.path("a-1.0.0.torrent"));
  await place.watcher.start();
  await place.pass(3 * POLL_MS);
  await Deno.link(place.path("../outside"), place.path("notes"));
  await place.pass(3 * POLL_MS);
  await Deno.remove(place.path("../outside"));
  assert.deepEqual(place.warnings.map((text) => text.split(" names (hard links)")[0]), [
    `${place.path("a-1.0.0.torrent")} has 2`,
    `${place.path("notes")} has 3`,
  ]);
  assert.deepEqual(place.heard, []);
});

Deno.test("the files of archives that are seeded already are not examined for hard links again", async () => {
  await using place = await watched("poll");
  await place.write("../outside", "x");
  for (const name of ["a-1.0.0", "b-1.0.0"]) {
    await place.write(`${name}.tgz`, "x");
    await Deno.link(place.path("../outside"), place.path(`${name}.torrent`));
  }
  await place.watcher.start(new Map([["a-1.0.0.tgz", "1 1 1;none"]]));
  await Deno.remove(place.path("../outside"));
  assert.deepEqual(place.warnings.map((text) => text.split(" names (hard links)")[0]), [
    `${place.path("b-1.0.0.torrent")} has 3`,
  ]);
});

Deno.test("an archive is reported when it gets a second name, and when it loses the name", async () => {
  await using place = await watched("poll");
  await place.write("a-1.0.0.tgz", "x");
  await place.clock.advance(REST_MS + 60_000);
  await place.watcher.start();
  const second = place.path("../second-" + crypto.randomUUID());
  await Deno.link(place.path("a-1.0.0.tgz"), second);
  await place.pass(POLL_MS);
  await place.pass(REST_MS);
  assert.equal(place.heard.length, 2);
  await Deno.remove(second);
  await place.pass(POLL_MS);
  await place.pass(REST_MS);
  assert.deepEqual(place.heard, Array(3).fill("+a-1.0.0.tgz"));
});

Deno.test("known archives are reported by the first scan if they changed or left meanwhile", async () => {
  await using place = await watched("poll");
  const known: [string, string][] = [];
  for (const name of ["a-1.0.0.tgz", "b-1.0.0.tgz", "c-1.0.0.tgz"]) {
    await place.write(name, "x");
    known.push([name, markOf(stampOf(place.path(name))!)]);
  }
  await place.write("b-1.0.0.tgz", "other");
  await Deno.remove(place.path("c-1.0.0.tgz"));
  await place.clock.advance(REST_MS + 60_000);
  await place.watcher.start(known);
  assert.deepEqual(place.heard, ["-c-1.0.0.tgz", "+b-1.0.0.tgz"]);
});

Deno.test("a large directory that has not changed is not listed again, and its archives are looked at", async () => {
  await using place = await watched("poll");
  const names = Array.from({ length: 1_000 }, (_, i) => `p-1.0.${i}.tgz`);
  for (const name of names) await place.write(name, "x");
  await place.write("catalog-0011223344556677.jsonl", "x");
  await place.clock.advance(REST_MS + 60_000);
  await place.watcher.start();
  assert.equal(place.heard.length, 1_000);
  const [listing] = place.listings;
  assert.equal(listing?.archives, 1_000);
  assert.deepEqual(listing?.otherNames, ["catalog-0011223344556677.jsonl"]);

  const known = names.map((name): [string, string] => [name, markOf(stampOf(place.path(name))!)]);
  const later = place.another();
  await Deno.utime(place.path(names[7]!), new Date(), new Date(1_000_000));
  await later.watcher.start(known, listing!.stamp);
  await later.watcher.stop();
  assert.deepEqual(later.heard, [`+${names[7]}`]);
  assert.deepEqual(later.listings, []);

  await Deno.remove(place.path(names[8]!));
  await place.write("new-1.0.0.tgz", "x");
  const last = place.another();
  await last.watcher.start(known, listing!.stamp);
  await last.watcher.stop();
  assert.deepEqual(last.heard, [`-${names[8]}`, "+new-1.0.0.tgz", `+${names[7]}`]);
});
