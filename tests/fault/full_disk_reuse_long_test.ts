/**
 * Tests a disk that becomes full while members are copied from an older version: the command says so, and
 * everything that was there stays as it was.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { noise } from "../support/listed_archives.ts";
import { canMount, smallDisk } from "../support/mod.ts";
import { newPlace, type Place } from "../support/place.ts";

const FILE_BYTES = 250_000;

async function source(place: Place, version: string, numbers: readonly number[]) {
  const path = await place.source("pkg", version);
  for (const [n, number] of numbers.entries()) {
    await Deno.writeFile(join(path, `${n}.bin`), noise(number, FILE_BYTES));
  }
  return path;
}

Deno.test({
  name: "a disk that is full before all is copied fails the update, and the old version stays",
  ignore: !canMount,
  async fn() {
    await using place = await newPlace();
    const publisher = await place.home();
    await using daemon = await publisher.daemon();
    const numbers = Array.from({ length: 12 }, (_, n) => n);
    await publisher.must(["publish", "-q", await source(place, "1.0.0", numbers)]);
    await publisher.must([
      "publish",
      "-q",
      await source(place, "1.1.0", [99, ...numbers.slice(1)]),
    ]);
    const old = await Deno.readFile(join(publisher.seed, "pkg-1.0.0.tgz"));
    // There is room for one version, and for half of another.
    await using disk = await smallDisk(Math.floor(old.length * 1.5));
    const reader = await place.home(null);
    const wanted = `${publisher.publicKey}/pkg`;
    await reader.must(["get", "-q", "--dir", disk.path, `${wanted}@1.0.0`]);
    const { code, stderr } = await reader.run([
      ...["get", "--json", "--dir", disk.path, `${wanted}@1.1.0`],
    ]);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /"code":"DISK_FULL"/);
    const names = [...Deno.readDirSync(disk.path)].map(({ name }) => name);
    assert.ok(!names.includes("pkg-1.1.0.tgz"), names.join());
    assert.deepEqual(await Deno.readFile(join(disk.path, "pkg-1.0.0.tgz")), old);

    // With some room again, the same command succeeds.
    await using larger = await smallDisk(old.length * 3);
    await reader.must(["get", "-q", "--dir", larger.path, `${wanted}@1.0.0`]);
    const again = await reader.must(["get", "--json", "--dir", larger.path, `${wanted}@1.1.0`]);
    assert.ok(JSON.parse(again.trimEnd().split("\n").at(-1)!).reusedBytes > old.length / 2, again);
    await daemon.end();
  },
});
