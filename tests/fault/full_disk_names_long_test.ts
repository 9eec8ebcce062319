/**
 * Tests the error of a command on a full disk. The error names the package that did not fit, the
 * directory, and a remedy.
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { type Home, newPlace, type Place, together } from "../support/place.ts";
import { canMount, fillDisk, smallDisk } from "../support/mod.ts";

const MIB = 1 << 20;

async function large(place: Place): Promise<string> {
  const source = await place.source("big", "1.0.0");
  await Deno.writeFile(join(source, "noise"), randomBytes(3 * MIB));
  return source;
}

/** Runs a command on a full disk, checks its error, and returns the details of the error. */
async function refusedForSpace(home: Home, args: string[], directory: string, what: string) {
  const { code, stderr } = await home.run([...args, "--json"]);
  assert.equal(code, 1, stderr);
  const line = stderr.split("\n").find((line) => line.startsWith('{"error"'))!;
  const { error } = JSON.parse(line);
  assert.equal(error.code, "DISK_FULL", line);
  const { path, package: named, neededBytes, freeBytes } = error.detail;
  assert.deepEqual([path, named], [directory, what]);
  assert.ok(error.message.includes(`No space left in ${directory} for ${what}`), error.message);
  assert.match(error.message, /Free some space/);
  assert.ok(freeBytes < 3 * MIB, `${freeBytes} are free`);
  return { neededBytes, message: error.message as string };
}

Deno.test({
  name: "on a full disk get, publish and pack name the package, the directory and the bytes needed",
  ignore: !canMount,
  async fn() {
    await using place = await newPlace();
    await using disk = await smallDisk(2 * MIB);
    const [seeder, home] = [await place.home(), await place.home(null)];
    await using serving = await seeder.daemon();
    const source = await large(place);
    const published = JSON.parse(await seeder.must(["publish", "--json", source]));
    const what = "big@1.0.0";
    const wanted = `${seeder.publicKey}/${what}`;

    const get = ["get", wanted, "--dir", disk.path];
    const got = await refusedForSpace(home, get, disk.path, what);
    const { size } = await Deno.stat(join(seeder.seed, "big-1.0.0.tgz"));
    assert.equal(got.neededBytes, size, JSON.stringify(published));
    assert.match(got.message, /another directory with --dir/);
    for (const { name } of Deno.readDirSync(disk.path)) await Deno.remove(join(disk.path, name));

    const unpack = ["get", wanted, "-o", join(disk.path, "out")];
    const unpacked = await refusedForSpace(home, unpack, disk.path, what);
    assert.ok(unpacked.neededBytes > 3 * MIB);
    assert.match(unpacked.message, /another directory with -o/);
    assert.deepEqual([...Deno.readDirSync(disk.path)], [], "something is left");

    const pack = ["pack", source, "-o", join(disk.path, "big-1.0.0.tgz")];
    await refusedForSpace(seeder, pack, disk.path, what);
    // In a home of the same publisher, because the daemon of `seeder` has another seed directory.
    const writer = await place.home(seeder.keys);
    await refusedForSpace(writer, ["publish", source, "--dir", disk.path], disk.path, what);
    const archive = join(seeder.seed, "big-1.0.0.tgz");
    const ready = await refusedForSpace(
      writer,
      ["publish", archive, "--dir", disk.path],
      disk.path,
      archive,
    );
    assert.equal(ready.neededBytes, size);
    await serving.end();
  },
});

Deno.test({
  name: "install into a home on a full disk names the package and its unpacked size",
  ignore: !canMount,
  async fn() {
    await using place = await newPlace();
    await using disk = await smallDisk(3 * MIB);
    const [seeder, home] = [await place.home(), await place.home(null)];
    await using serving = await seeder.daemon();
    await seeder.must(["publish", "-q", await large(place)]);
    const flags = ["--home", disk.path, "--dir", home.seed];
    const install = ["install", `${seeder.publicKey}/big@1.0.0`, ...flags];
    const store = join(disk.path, "packages");
    const { neededBytes, message } = await refusedForSpace(home, install, store, "big@1.0.0");
    assert.ok(neededBytes > 3 * MIB);
    assert.match(message, /another home with --home/);
    const left = [...Deno.readDirSync(store)].map(({ name }) => name);
    assert.deepEqual(left.filter((name) => !name.startsWith(".")), [], "something is left");
    await serving.end();
  },
});

Deno.test({
  name: "on a full disk the reader of a long list names the catalog",
  ignore: !canMount,
  async fn() {
    await using place = await newPlace();
    await using disk = await smallDisk(MIB);
    const [seeder, home] = [await place.home(), await place.home(null)];
    await using serving = await seeder.daemon();
    // The names are so many that the list does not fit into a record.
    const names = Array.from({ length: 16 }, (_, number) => `${"long-".repeat(12)}${number}`);
    const sources = await together(names.map((name) => place.source(name, "1.0.0")));
    await seeder.must(["publish", "-q", ...sources]);
    const filler = join(disk.path, "filler");
    await fillDisk(filler);
    const resolve = ["resolve", `${seeder.publicKey}/${names[0]}@^1`, "--dir", disk.path];
    await refusedForSpace(home, resolve, disk.path, `the catalog of ${seeder.publicKey}`);
    await Deno.remove(filler);
    assert.match(await home.must(resolve), /"version":"1\.0\.0"/);
    await serving.end();
  },
});
