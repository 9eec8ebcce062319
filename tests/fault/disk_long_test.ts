/**
 * Tests full and read-only disks: commands fail with a clear error and leave no incomplete file,
 * and daemons continue.
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { systemClock } from "../../src/base/mod.ts";
import { isArchiveName, StateDatabase } from "../../src/store/mod.ts";
import { type Home, newPlace, type Place } from "../support/place.ts";
import { canMount, fillDisk, smallDisk } from "../support/mod.ts";

const MIB = 1 << 20;

/** Makes a package whose archive is slightly larger than `sizeBytes`. */
async function large(place: Place, name: string, sizeBytes: number): Promise<string> {
  const source = await place.source(name, "1.0.0");
  await Deno.writeFile(join(source, "noise"), randomBytes(sizeBytes));
  return source;
}

function filesIn(dir: string): string[] {
  return [...Deno.readDirSync(dir)].map(({ name }) => name).filter((name) => name !== ".lock")
    .sort();
}

const packages = async (home: Home) => JSON.parse(await home.must(["status", "--json"])).packages;

Deno.test({
  name:
    "publish to a full disk fails with a clear error, leaves no files, and works once there is space",
  ignore: !canMount,
  async fn() {
    await using place = await newPlace();
    await using disk = await smallDisk(2 * MIB);
    const home = await place.home();
    const [big, small] = [await large(place, "big", 3 * MIB), await place.source("small", "1.0.0")];
    for (const withDaemon of [false, true]) {
      await using daemon = withDaemon ? await home.daemon(["--dir", disk.path]) : undefined;
      const { code, stdout, stderr } = await home.run(["publish", big, "--dir", disk.path]);
      assert.deepEqual([code, stdout], [1, ""], stderr);
      assert.match(stderr, /^libreseed: .*(full|room|space)/m);
      assert(!stderr.includes("unexpected"), stderr);
      assert.deepEqual(filesIn(disk.path), []);
      if (daemon) assert.equal(await packages(home), 0);
      await home.must(["publish", "-q", small, "--dir", disk.path]);
      if (daemon) {
        assert.equal(await packages(home), 1);
        await daemon.end();
      }
      await home.must(["remove", "-q", "small@1.0.0", "--dir", disk.path]);
    }
  },
});

Deno.test({
  name: "get to a full disk fails with a clear error, leaves no archive, and the daemon goes on",
  ignore: !canMount,
  async fn() {
    await using place = await newPlace();
    await using disk = await smallDisk(2 * MIB);
    const [seeder, home] = [await place.home(), await place.home(null)];
    await using serving = await seeder.daemon();
    await seeder.must([
      ...[
        "publish",
        "-q",
        await large(place, "big", 3 * MIB),
        await place.source("small", "1.0.0"),
      ],
    ]);
    const key = seeder.publicKey;
    for (const withDaemon of [false, true]) {
      await using daemon = withDaemon ? await home.daemon(["--dir", disk.path]) : undefined;
      const { code, stdout, stderr } = await home.run([
        "get",
        `${key}/big@1.0.0`,
        "--dir",
        disk.path,
      ]);
      assert.deepEqual([code, stdout], [1, ""], stderr);
      assert.match(stderr, /^libreseed: .*(full|room|space)/m);
      assert.deepEqual(filesIn(disk.path).filter(isArchiveName), []);
      for (const name of filesIn(disk.path)) await Deno.remove(join(disk.path, name));
      await home.must(["get", `${key}/small@1.0.0`, "--dir", disk.path]);
      if (daemon) {
        assert.equal(await packages(home), 1);
        await daemon.end();
      }
      await home.must(["remove", "-q", "small@1.0.0", "--dir", disk.path]);
    }
    // `get -o` to the full disk fails with the same kind of error.
    const out = join(disk.path, "out");
    const unpacked = await home.run(["get", `${key}/big@1.0.0`, "-o", out]);
    assert.deepEqual([unpacked.code, unpacked.stdout], [1, ""], unpacked.stderr);
    assert.match(unpacked.stderr, /(full|room|space)/);
    assert.deepEqual(filesIn(disk.path), []);
    await serving.end();
  },
});

Deno.test({
  name: "a home on a full disk keeps its records, and commands name the full disk",
  ignore: !canMount,
  async fn() {
    await using place = await newPlace();
    await using disk = await smallDisk(2 * MIB);
    const home = await place.home();
    const seed = ["--home", disk.path, "--dir", join(place.path, "seed")];
    await home.must(["keygen", "--signing-only", "-q", ...seed]);
    await home.must(["publish", "-q", await place.source("first", "1.0.0"), ...seed]);
    const filler = join(disk.path, "filler");
    await fillDisk(filler);
    const full = await home.run(["publish", await place.source("second", "1.0.0"), ...seed]);
    assert.deepEqual([full.code, full.stdout], [1, ""], full.stderr);
    assert.match(full.stderr, /^libreseed: .*(full|room|space)/m);
    assert(!full.stderr.includes("unexpected"), full.stderr);
    await Deno.remove(filler);
    {
      using state = StateDatabase.open(join(disk.path, "state.db"), systemClock);
      assert.equal(state.replaced, undefined);
      assert.equal(state.records.list({ kind: "manifest", name: "first" }).length, 1);
    }
    await home.must(["publish", "-q", await place.source("third", "1.0.0"), ...seed]);

    // A daemon that started before the disk was full continues.
    await using daemon = await home.daemon(seed);
    await fillDisk(filler);
    const announced = await home.run(["announce", "first@1.0.0", ...seed]);
    // Announcing to the DHT succeeds on a full disk. Publishing fails with a clear error.
    assert.match(announced.stdout, /^first@1\.0\.0\tstored on 8 nodes/m, announced.stderr);
    const again = await home.run(["publish", await place.source("fourth", "1.0.0"), ...seed]);
    assert.deepEqual([again.code, again.stdout], [1, ""], again.stderr);
    assert.match(again.stderr, /(full|room|space)/);
    await Deno.remove(filler);
    await home.must(["publish", "-q", await place.source("fifth", "1.0.0"), ...seed]);
    await daemon.end();
  },
});

Deno.test({
  name: "commands on a read-only home name it, and list and verify still work",
  ignore: !canMount,
  async fn() {
    await using place = await newPlace();
    await using disk = await smallDisk(4 * MIB);
    const home = await place.home();
    const flags = ["--home", disk.path];
    await home.must(["keygen", "--signing-only", "-q", ...flags]);
    await home.must(["publish", "-q", await place.source("pkg", "1.0.0"), ...flags]);
    const before = filesIn(disk.path);
    await disk.makeReadOnly();
    const source = await place.source("other", "1.0.0");
    for (
      const args of [
        ...[["publish", source], ["announce"], ["seed"], ["remove", "pkg@1.0.0"], [
          "keygen",
          "--signing-only",
        ]],
        ["resolve", "pkg@1.0.0"],
      ]
    ) {
      const { code, stdout, stderr } = await home.run([...args, ...flags]);
      assert.deepEqual([code, stdout], [1, ""], `${args}: ${stderr}`);
      assert.match(stderr, args[0] === "seed" ? / error /m : /^libreseed: /m);
      assert(stderr.includes(disk.path), stderr);
      assert(!stderr.includes("unexpected"), stderr);
    }
    assert.match(await home.must(["list", ...flags]), /^pkg@1\.0\.0 /);
    await home.must(["verify", join(disk.path, "seed", "pkg-1.0.0.tgz")]);
    assert.equal((await home.run(["status", ...flags])).code, 3);
    assert.deepEqual(filesIn(disk.path), before);
  },
});
