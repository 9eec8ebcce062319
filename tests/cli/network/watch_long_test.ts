/** Tests the daemon while other programs write to its seed directory. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { eventually, type Home, newPlace, type Place, together } from "../../support/place.ts";

/**
 * Packs an archive of another publisher, with its manifest. Returns the archive's path without its
 * suffix.
 */
async function strangers(
  place: Place,
  names: string[],
): Promise<{ stranger: Home; packed: string }> {
  const stranger = await place.home();
  const packed = join(place.path, "packed");
  await Deno.mkdir(packed);
  await together(names.map(async (name) => {
    const source = await place.source(name, "1.0.0");
    await stranger.must(["pack", "-q", source, "--out", join(packed, `${name}-1.0.0.tgz`)]);
  }));
  return { stranger, packed };
}

interface Listed {
  name: string;
  seeding: boolean;
  problem?: string;
}

async function list(home: Home): Promise<Map<string, Listed>> {
  const lines = (await home.must(["list", "--json"])).trimEnd().split("\n").filter(Boolean);
  return new Map(lines.map((line) => JSON.parse(line)).map((one: Listed) => [one.name, one]));
}

const isSeeded = (home: Home, name: string) => async () =>
  (await list(home)).get(name)?.seeding === true;

Deno.test("the daemon seeds archives that are copied, moved or slowly written into its directory", async () => {
  await using place = await newPlace();
  const { packed } = await strangers(place, ["copied", "moved", "slow"]);
  const home = await place.home(null);
  await using daemon = await home.daemon();
  const paths = (name: string, ending: string) => {
    const file = `${name}-1.0.0.${ending}`;
    return [join(packed, file), join(home.seed, file)] as const;
  };
  for (const ending of ["minimal.json", "torrent", "tgz"]) {
    await Deno.copyFile(...paths("copied", ending));
    await Deno.rename(...paths("moved", ending));
  }
  // The archive is written slowly in pieces, then its manifest, and no `.torrent` file.
  const [from, to] = paths("slow", "tgz");
  const bytes = await Deno.readFile(from);
  for (let at = 0; at < bytes.length; at += bytes.length >> 2) {
    await Deno.writeFile(to, bytes.subarray(at, at + (bytes.length >> 2)), { append: true });
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  await Deno.copyFile(...paths("slow", "minimal.json"));
  for (const name of ["copied", "moved", "slow"]) await eventually(isSeeded(home, name));
  assert.equal(JSON.parse(await home.must(["status", "--json"])).packages, 3);

  // A deleted archive is no longer seeded, and the daemon logs no warning about it.
  await Deno.remove(paths("moved", "tgz")[1]);
  await eventually(async () => JSON.parse(await home.must(["status", "--json"])).packages === 2);
  assert(!daemon.process.stderr.includes("moved"), daemon.process.stderr);
  await daemon.end();
});

Deno.test("invalid archives are named in the log and in status, and not changed", async () => {
  await using place = await newPlace({ nodes: 1 });
  const { packed } = await strangers(place, ["good", "spoilt", "linked", "short"]);
  const home = await place.home(null);
  await using daemon = await home.daemon(["--watch", "poll"]);
  const put = async (name: string, change: (bytes: Uint8Array) => Uint8Array) => {
    const file = `${name}-1.0.0`;
    await Deno.copyFile(
      join(packed, `${file}.minimal.json`),
      join(home.seed, `${file}.minimal.json`),
    );
    const bytes = change(await Deno.readFile(join(packed, `${file}.tgz`)));
    await Deno.writeFile(join(home.seed, `${file}.tgz`), bytes);
    return bytes;
  };
  await put("good", (bytes) => bytes);
  const spoilt = await put("spoilt", (bytes) => {
    bytes[bytes.length >> 1]! ^= 1;
    return bytes;
  });
  await put("short", (bytes) => bytes.slice(1));
  const linked = "linked-1.0.0";
  await Deno.copyFile(
    join(packed, `${linked}.minimal.json`),
    join(home.seed, `${linked}.minimal.json`),
  );
  await Deno.symlink(join(packed, `${linked}.tgz`), join(home.seed, `${linked}.tgz`));
  await Deno.writeTextFile(join(home.seed, "stray.tgz"), "whose?");

  await eventually(isSeeded(home, "good"));
  for (const file of ["spoilt-1.0.0.tgz", "short-1.0.0.tgz", "linked-1.0.0.tgz", "stray.tgz"]) {
    await daemon.process.waitForLine(
      new RegExp(` warn  ${RegExp.escape(file)} is not seeded: .+`),
      "stderr",
    );
  }
  const status = JSON.parse(await home.must(["status", "--json"]));
  assert.equal(status.packages, 1);
  const problems: [string, string][] = status.list
    .filter(({ problem }: Listed) => problem !== undefined)
    .map(({ name, problem }: Listed) => [name, problem]);
  assert.equal(problems.length, 4, JSON.stringify(problems));
  const problem = new Map(problems);
  assert.match(problem.get("spoilt")!, /SHA-256/);
  assert.match(problem.get("short-1.0.0.tgz")!, /bytes/);
  assert.match(problem.get("linked-1.0.0.tgz")!, /link/);
  assert.match(problem.get("stray.tgz")!, /stray\.minimal\.json/);
  const text = await home.must(["status"]);
  for (const name of problem.keys()) {
    assert.match(text, new RegExp(`^problem +${RegExp.escape(name)}`, "m"));
  }
  assert.deepEqual(await Deno.readFile(join(home.seed, "spoilt-1.0.0.tgz")), spoilt);
  assert((await Deno.lstat(join(home.seed, `${linked}.tgz`))).isSymlink);

  // A damaged archive that has been repaired is seeded like any other archive.
  await put("spoilt", (bytes) => bytes);
  await eventually(isSeeded(home, "spoilt"));
  await daemon.end();
});

Deno.test("an archive that is altered is no longer seeded", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await using daemon = await home.daemon();
  await home.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  const path = join(home.seed, "pkg-1.0.0.tgz");
  const bytes = await Deno.readFile(path);
  bytes[bytes.length >> 1]! ^= 1;
  await Deno.writeFile(path, bytes);
  await daemon.process.waitForLine(/ warn +pkg-1\.0\.0\.tgz is not seeded: .*SHA-256/, "stderr");
  const pkg = (await list(home)).get("pkg");
  assert.equal(pkg?.seeding, false);
  assert.match(pkg.problem!, /SHA-256/);
  await daemon.end();
});

Deno.test("a daemon keeps the record of another publisher's package alive", async () => {
  await using place = await newPlace();
  const { stranger, packed } = await strangers(place, ["pkg"]);
  await stranger.must(["publish", "-q", join(packed, "pkg-1.0.0.tgz")]);
  const home = await place.home(null);
  await using daemon = await home.daemon();
  for (const ending of ["minimal.json", "tgz"]) {
    const file = `pkg-1.0.0.${ending}`;
    await Deno.copyFile(join(packed, file), join(home.seed, file));
  }
  await eventually(async () => {
    return /^pkg@1\.0\.0\tstored on/m.test((await home.run(["announce", "pkg@1.0.0"])).stdout);
  });
  for (const node of stranger.holders("pkg", "1.0.0")) node.forget(stranger.target("pkg", "1.0.0"));
  await home.must(["announce"]);
  assert.equal(stranger.holders("pkg", "1.0.0").length, 8);
  await daemon.end();
});

Deno.test("with --watch off only archives from the start are seeded, until a reload changes it", async () => {
  await using place = await newPlace({ nodes: 1 });
  const { packed } = await strangers(place, ["early", "late"]);
  const home = await place.home(null);
  const drop = async (name: string) => {
    for (const ending of ["minimal.json", "tgz"]) {
      const file = `${name}-1.0.0.${ending}`;
      await Deno.copyFile(join(packed, file), join(home.seed, file));
    }
  };
  await Deno.mkdir(home.seed);
  await Deno.writeTextFile(join(home.path, "config.yaml"), "watch: off\n");
  await drop("early");
  await using daemon = await home.daemon();
  await eventually(isSeeded(home, "early"));
  await drop("late");
  await Deno.writeTextFile(join(home.path, "config.yaml"), "watch: poll\n");
  assert.equal((await list(home)).get("late")?.seeding, false);
  assert.equal(await home.must(["reload"]), "in force now: watch\n");
  await eventually(isSeeded(home, "late"));
  await daemon.end();
});
