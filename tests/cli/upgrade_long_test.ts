/** Tests `libreseed outdated` and `libreseed upgrade` with child processes on a testnet. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { toHex } from "../../src/base/mod.ts";
import { announceSalt, targetOf } from "../../src/records/mod.ts";
import { type Home, newPlace, type Place } from "../support/place.ts";

const LOCK = "libreseed.lock.json";

/** Publishes packages, given as `NAME@VERSION` with their dependencies. */
async function publish(
  place: Place,
  publisher: Home,
  packages: Record<string, Record<string, string>>,
): Promise<void> {
  const sources = [];
  for (const [spec, dependencies] of Object.entries(packages)) {
    const [name, version] = spec.split("@") as [string, string];
    const source = await place.source(name, version, `${spec}\n`);
    const about = { name, version, libreseed: { dependencies } };
    await Deno.writeTextFile(join(source, "package.json"), JSON.stringify(about));
    sources.push(source);
  }
  await publisher.must(["publish", "-q", ...sources]);
}

async function project(place: Place): Promise<string> {
  return await Deno.makeTempDir({ dir: place.path, prefix: "project-" });
}

function lockOf(cwd: string): string {
  return Deno.readTextFileSync(join(cwd, LOCK));
}

/** Returns the locked versions as `NAME@VERSION`, and the ranges by name. */
function locked(cwd: string): { packages: string[]; ranges: Record<string, string | undefined> } {
  const { packages, requirements } = JSON.parse(lockOf(cwd));
  const entries = Object.entries(requirements as Record<string, { range?: string }>);
  return {
    packages: Object.keys(packages).map((ref) => ref.slice(ref.lastIndexOf("/") + 1)).sort(),
    ranges: Object.fromEntries(entries.map(([name, { range }]) => [name, range])),
  };
}

const lines = (text: string) => text.trimEnd().split("\n").map((line) => JSON.parse(line));

Deno.test("outdated and upgrade keep to the ranges of a lock file, and --latest goes beyond", async () => {
  await using place = await newPlace();
  const [publisher, user] = [await place.home(), await place.home(null)];
  await using daemon = await publisher.daemon();
  await publish(place, publisher, { "lib@1.0.0": {}, "app@1.0.0": { lib: "^1.0.0" } });
  const cwd = await project(place);
  await user.must(["install", "-q", "--save", "app@^1"], { cwd });
  const none = await user.run(["outdated"], { cwd });
  assert.deepEqual([none.code, none.stdout], [0, ""], none.stderr);
  assert.match(none.stderr, /all packages are up to date/);
  const before = lockOf(cwd);
  await user.must(["upgrade"], { cwd });
  assert.equal(lockOf(cwd), before);

  await publish(place, publisher, {
    "lib@1.1.0": {},
    "app@1.2.0": { lib: "^1.0.0" },
    "app@2.0.0": { lib: "^1.0.0" },
    "app@3.0.0-beta.1": {},
  });
  const { code, stdout } = await user.run(["outdated", "--json"], { cwd });
  assert.equal(code, 1);
  assert.deepEqual(lines(stdout), [{
    name: "app",
    publisher: publisher.publicKey,
    current: "1.0.0",
    wanted: "1.2.0",
    latest: "2.0.0",
    from: "lock-file",
    range: "^1",
  }]);
  const table = await user.run(["outdated", "app"], { cwd });
  assert.equal(table.code, 1);
  assert.match(
    table.stdout,
    /^package +current +wanted +latest +publisher\napp +1\.0\.0 +1\.2\.0 +2\.0\.0 /,
  );
  assert.equal(lockOf(cwd), before, "outdated changes nothing");

  const upgrade = await user.run(["upgrade", "--json"], { cwd });
  assert.equal(upgrade.code, 0, upgrade.stderr);
  const [{ path, fetchedBytes, ...upgraded }] = lines(upgrade.stdout);
  assert.ok(fetchedBytes > 0);
  assert.deepEqual(upgraded, {
    reusedBytes: 0,
    name: "app",
    publisher: publisher.publicKey,
    before: "1.0.0",
    version: "1.2.0",
  });
  assert.equal(await Deno.readTextFile(join(path, "read me.txt")), "app@1.2.0\n");
  assert.match(upgrade.stderr, /beyond the ranges: app 2\.0\.0; --latest takes it/);
  // The dependency is upgraded, too, although the version before satisfies its range.
  assert.deepEqual(locked(cwd), { packages: ["app@1.2.0", "lib@1.1.0"], ranges: { app: "^1" } });

  assert.equal(
    await user.must(["upgrade", "-q", "--latest", "app"], { cwd }),
    "app 1.2.0 → 2.0.0\n",
  );
  assert.deepEqual(locked(cwd), {
    packages: ["app@2.0.0", "lib@1.1.0"],
    ranges: { app: "^2.0.0" },
  });
  await user.must(["outdated"], { cwd });
  await user.must(["install", "--frozen"], { cwd });
  await daemon.end();
});

Deno.test("packages that were installed by name are upgraded to compatible versions", async () => {
  await using place = await newPlace();
  const [publisher, user] = [await place.home(), await place.home(null)];
  await using daemon = await publisher.daemon();
  await publish(place, publisher, { "tool@1.0.0": { lib: "1.0.0" }, "lib@1.0.0": {} });
  const cwd = await project(place);
  const nothing = await user.run(["upgrade"], { cwd });
  assert.deepEqual([nothing.code, nothing.stdout], [0, ""], nothing.stderr);
  await user.must(["install", "-q", "tool"], { cwd });
  await publish(place, publisher, { "tool@1.1.0": {}, "tool@2.0.0": {} });
  const outdated = await user.run(["outdated", "--json"], { cwd });
  assert.equal(outdated.code, 1, outdated.stderr);
  const [{ current, wanted, latest, range, from }] = lines(outdated.stdout);
  assert.deepEqual([current, wanted, latest, range, from], [
    "1.0.0",
    "1.1.0",
    "2.0.0",
    "^1.0.0",
    "store",
  ]);
  assert.equal(await user.must(["upgrade", "-q"], { cwd }), "tool 1.0.0 → 1.1.0\n");
  const stored = async () =>
    lines(await user.must(["store", "list", "--json"])).filter(({ direct }) => direct)
      .map(({ name, version }) => `${name}@${version}`);
  assert.deepEqual(await stored(), ["tool@1.1.0"]);
  assert.equal(await user.must(["upgrade", "-q", "--latest"], { cwd }), "tool 1.1.0 → 2.0.0\n");
  assert.deepEqual(await stored(), ["tool@2.0.0"]);
  await user.must(["store", "prune", "-q"]);
  const left = lines(await user.must(["store", "list", "--json"])).map(({ version }) => version);
  assert.deepEqual(left, ["2.0.0"]);
  // A lock file in the working directory is left out with --installed.
  await Deno.writeTextFile(join(cwd, LOCK), "{}");
  assert.equal((await user.run(["outdated"], { cwd })).code, 1);
  await user.must(["outdated", "--installed"], { cwd });
  await daemon.end();
});

Deno.test("an upgrade that cannot be complete changes nothing", async () => {
  await using place = await newPlace();
  const [publisher, user] = [await place.home(), await place.home(null)];
  const daemon = await publisher.daemon();
  await publish(place, publisher, { "one@1.0.0": {}, "two@1.0.0": {}, "far@1.0.0": {} });
  const cwd = await project(place);
  await user.must(["install", "-q", "--save", "one", "two", "far"], { cwd });
  await publish(place, publisher, {
    "one@1.1.0": {},
    "far@1.1.0": {},
    "two@1.1.0": { gone: "^7" },
  });
  const before = [lockOf(cwd), await user.must(["store", "list"])];
  const same = async () =>
    assert.deepEqual([lockOf(cwd), await user.must(["store", "list"])], before);
  const cases: [args: string[], code: number, message: RegExp][] = [
    [["upgrade"], 3, /gone@\^7, which two@1\.1\.0 needs/],
    [["upgrade", "three"], 3, /does not hold three/],
    [["upgrade", "one@^1"], 2, /one@\^1: give the name without a range/],
    [["outdated", "three"], 3, /does not hold three/],
    [["outdated", "--installed", "three"], 3, /No package three was installed by its name/],
  ];
  for (const [args, code, message] of cases) {
    const result = await user.run(args, { cwd });
    assert.deepEqual([args, result.code, result.stdout], [args, code, ""], result.stderr);
    assert.match(result.stderr, message);
    await same();
  }
  // The first upgrade has downloaded this archive before it failed.
  await user.must(["remove", "far@1.1.0"]);
  await daemon.end();
  // The list is still in the DHT, but no peer has the archive, so the version stays.
  const options = { cwd, env: { LIBRESEED_TIMEOUT: "3s" } };
  const unseeded = await user.run(["upgrade", "far"], options);
  assert.deepEqual([unseeded.code, unseeded.stdout], [0, ""], unseeded.stderr);
  assert.match(unseeded.stderr, /warning: far@1\.1\.0 is listed but unavailable/);
  await same();
  const offline = await user.run(["outdated"], { cwd, env: { LIBRESEED_DHT: "false" } });
  assert.deepEqual([offline.code, offline.stdout], [5, ""], offline.stderr);
});

Deno.test("a yanked version stays where its range has no other, and outdated warns of it", async () => {
  await using place = await newPlace();
  const [publisher, user] = [await place.home(), await place.home(null)];
  await using daemon = await publisher.daemon();
  await publish(place, publisher, { "one@1.0.0": {}, "two@2.0.0": {}, "two@1.0.0": { one: "^1" } });
  const cwd = await project(place);
  await user.must(["install", "-q", "--save", "two@^1"], { cwd });
  await publisher.must(["yank", "one@1.0.0", "--reason", "data loss"]);
  await publisher.must(["yank", "two@1.0.0"]);
  const before = lockOf(cwd);
  const upgraded = await user.run(["upgrade"], { cwd });
  assert.deepEqual([upgraded.code, upgraded.stdout], [0, ""], upgraded.stderr);
  assert.match(upgraded.stderr, /two@1\.0\.0 is yanked/);
  assert.equal(lockOf(cwd), before);
  await publisher.must(["yank", "two@2.0.0"]);
  const outdated = await user.run(["outdated"], { cwd });
  assert.deepEqual([outdated.code, outdated.stdout], [0, ""], outdated.stderr);
  assert.match(outdated.stderr, /two@1\.0\.0 is yanked/);
  await daemon.end();
});

Deno.test("outdated names the packages whose lists cannot be read, and exits with 7", async () => {
  await using place = await newPlace();
  const [one, other, user] = [await place.home(), await place.home(), await place.home(null)];
  await using daemon = await one.daemon();
  await using otherDaemon = await other.daemon();
  await publish(place, one, { "here@1.0.0": {} });
  await publish(place, other, { "lost@1.0.0": {} });
  const cwd = await project(place);
  await user.must(["install", "-q", "--save", "here", "lost"], { cwd });
  await publish(place, one, { "here@1.1.0": {} });
  // The daemons store records, too.
  await otherDaemon.end();
  await daemon.end();
  for (const node of place.testnet.nodes) {
    const { publicKey } = other.keys;
    node.forget(toHex(targetOf(publicKey, announceSalt(publicKey))));
  }
  const options = { cwd, env: { LIBRESEED_TIMEOUT: "2s" } };
  const { code, stdout, stderr } = await user.run(["outdated", "--json"], options);
  assert.equal(code, 7, stderr);
  assert.deepEqual(lines(stdout).map(({ name, wanted }) => [name, wanted]), [["here", "1.1.0"]]);
  assert.match(stderr, /lost: /);
});

Deno.test("upgrade --self and --rollback say what they cannot do from the sources, and what does not go together", async () => {
  await using place = await newPlace({ nodes: 1 });
  const user = await place.home(null);
  const fromSources = Deno.env.get("LIBRESEED_BIN") === undefined;
  const cases: [string[], number, RegExp][] = [
    [["--self", "--rollback"], 2, /do not go together/],
    [["--from", "KEY"], 2, /--from KEY needs --self/],
    [["--self", "app"], 2, /takes no NAME/],
    [["--rollback", "--latest"], 2, /neither --latest nor --installed/],
    ...(fromSources
      ? [[["--self"], 1, /runs from its sources/], [
        ["--rollback"],
        1,
        /runs from its sources/,
      ]] as [
        string[],
        number,
        RegExp,
      ][]
      : []),
  ];
  for (const [args, code, pattern] of cases) {
    const result = await user.run(["upgrade", ...args]);
    assert.deepEqual([result.code, result.stdout], [code, ""], result.stderr);
    assert.match(result.stderr, pattern);
  }
});
