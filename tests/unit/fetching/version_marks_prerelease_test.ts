/**
 * Prereleases, ranges and `latest` in a simulated network: resolved versions and high-water marks.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { NO_FLAGS } from "../../../src/base/mod.ts";
import { higherMark, raiseMarks } from "../../../src/fetching/version_marks.ts";
import { formatPublicKey } from "../../../src/identity/mod.ts";
import { StateDatabase } from "../../../src/store/mod.ts";
import { migrations } from "../../../src/store/state/state_schema.ts";
import { temporaryHome } from "../../support/mod.ts";
import { failure, World } from "../../support/names_world.ts";

/** Makes a publisher of the given versions of "hello", and a user. */
async function publisherOf(world: World, ...versions: string[]) {
  const [ann, user] = [await world.home(), await world.home()];
  for (const version of versions) {
    await world.run(ann.publish("hello", version));
    await world.clock.advance(1_000);
  }
  const use = async (spec: string) => (await world.run(user.use(spec))).minimal.version;
  return { ann, user, use };
}

for (const trial of ["hello@2.0.0-beta.1", "hello@>=2.0.0-0"]) {
  Deno.test(`after ${trial}, the name alone still resolves to the stable version`, async () => {
    await using world = new World();
    const { user, use } = await publisherOf(world, "1.0.0", "2.0.0-beta.1");
    assert.equal(await use("hello"), "1.0.0");
    assert.equal(await use(trial), "2.0.0-beta.1");
    assert.equal(await use("hello"), "1.0.0");
    assert.equal(user.state.pins.list("hello")[0]!.lastVersion, "1.0.0");
  });
}

Deno.test("marks count the same for a publisher named by its key", async () => {
  await using world = new World();
  const { ann, use } = await publisherOf(world, "1.0.0", "2.0.0-beta.1");
  const key = formatPublicKey(ann.keys.publicKey);
  assert.equal(await use(`${key}/hello@2.0.0-beta.1`), "2.0.0-beta.1");
  assert.equal(await use(`${key}/hello`), "1.0.0");
});

Deno.test("a package of prereleases resolves to the newest, and later to a lower stable version", async () => {
  await using world = new World();
  const { ann, use } = await publisherOf(world, "2.0.0-alpha", "2.0.0-beta");
  assert.equal(await use("hello"), "2.0.0-beta");
  await world.run(ann.publish("hello", "1.0.0"));
  assert.equal(await use("hello"), "1.0.0");
});

Deno.test("latest resolves to the highest stable version", async () => {
  await using world = new World();
  const { use } = await publisherOf(world, "1.0.0", "1.1.0", "2.0.0-beta.1");
  assert.equal(await use("hello@latest"), "1.1.0");
});

Deno.test("latest of a package of prereleases is not found, and the error says how to name one", async () => {
  await using world = new World();
  const { user } = await publisherOf(world, "2.0.0-alpha", "2.0.0-beta");
  const error = await failure(world, user.use("hello@latest"));
  assert.deepEqual([error.code, error.kind], ["VERSION_NOT_FOUND", "not-found"]);
  assert.match(
    error.message,
    /no stable version of hello, only prereleases: 2\.0\.0-beta, 2\.0\.0-alpha\. .*hello@2\.0\.0-beta$/,
  );
});

for (
  const [got, found, range, last] of [
    // For a request by name alone, a version below the highest stable version seen is a downgrade.
    // If no stable version was seen, prereleases are compared.
    [{ lastVersion: "1.2.0" }, "1.1.0", undefined, "1.2.0"],
    [{ lastVersion: "1.2.0" }, "1.1.0", "*", "1.2.0"],
    [{ lastVersion: "1.2.0" }, "1.1.0", "latest", "1.2.0"],
    [{ lastVersion: "1.2.0" }, "1.2.0", undefined, undefined],
    [{ lastVersion: "1.2.0" }, "1.2.0-rc.1", undefined, "1.2.0"],
    [{ lastPrerelease: "2.0.0-beta.2" }, "2.0.0-beta.1", undefined, "2.0.0-beta.2"],
    [{ lastPrerelease: "2.0.0-beta.2" }, "1.0.0", undefined, undefined],
    [{ rangeVersion: "1.2.0", rangePrerelease: "3.0.0-a" }, "1.1.0", undefined, undefined],
    // For a request with a range, a version is a downgrade if a higher version that satisfies the
    // range was seen before.
    [{ rangeVersion: "1.2.0" }, "1.1.0", "^1", "1.2.0"],
    [{ lastVersion: "1.2.0" }, "1.1.0", "^1", "1.2.0"],
    [{ lastVersion: "2.0.0" }, "1.1.0", "^1", undefined],
    [{ rangePrerelease: "2.0.0-beta.2" }, "2.0.0-beta.1", ">=2.0.0-0", "2.0.0-beta.2"],
    [{ rangePrerelease: "2.0.0-beta.2" }, "1.1.0", "^1", undefined],
    // A request for an exact version is never refused as a downgrade.
    [{ lastVersion: "1.2.0", rangeVersion: "1.2.0" }, "1.1.0", "1.1.0", undefined],
  ] as const
) {
  const marks = Object.entries(got).map(([key, version]) => `${key} ${version}`).join(", ");
  const verdict = last === undefined ? "in order" : "a downgrade";
  Deno.test(`${found} for ${range ?? "the name alone"}, with ${marks}, is ${verdict}`, () => {
    assert.equal(higherMark({ name: "hello", version: found, range }, got, NO_FLAGS), last);
  });
}

for (
  const [flags, found, range, last] of [
    [{ yanked: ["1.2.0"] }, "1.1.0", undefined, undefined],
    [{ yanked: ["1.2.0"] }, "1.1.0", "^1", "1.1.5"],
    [{ yanked: ["1.2.0", "1.1.5"] }, "1.1.0", "^1", undefined],
    [{ latest: "1.0.0" }, "1.0.0", undefined, undefined],
    [{ latest: "1.1.0" }, "1.0.0", undefined, "1.2.0"],
    [{ latest: "1.0.0" }, "1.0.0", "^1", "1.2.0"],
    [{}, "1.0.0", "next", undefined],
  ] as [{ yanked?: string[]; latest?: string }, string, string | undefined, string | undefined][]
) {
  const verdict = last === undefined ? "in order" : `below ${last}`;
  Deno.test(`${found} for ${range ?? "the name alone"} is ${verdict} with ${JSON.stringify(flags)}`, () => {
    const { yanked = [], latest } = flags;
    const given = {
      yanked: new Map(yanked.map((version) => [version, ""])),
      tags: new Map(latest === undefined ? [] : [["latest", latest]]),
    };
    const marks = { lastVersion: "1.2.0", rangeVersion: "1.1.5" };
    assert.equal(higherMark({ name: "hello", version: found, range }, marks, given), last);
  });
}

Deno.test("a mark never sinks, and each kind of range raises its own", () => {
  const asked = [
    ["1.0.0", "newest"],
    ["0.9.0", "newest"],
    ["1.5.0", "range"],
    ["2.0.0-b", "range"],
    ["2.0.0-a", "newest"],
    ["9.0.0", "exact"],
  ] as const;
  const marks = asked.reduce((marks, [version, how]) => raiseMarks(marks, version, how), {});
  assert.deepEqual(marks, {
    lastVersion: "1.0.0",
    rangeVersion: "1.5.0",
    rangePrerelease: "2.0.0-b",
    lastPrerelease: "2.0.0-a",
  });
});

Deno.test("a mark that an older libreseed raised to a prerelease is corrected", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "state.db");
  const before = migrations.findIndex((sql) => sql.includes("last_prerelease"));
  {
    using sqlite = new DatabaseSync(path);
    for (const sql of migrations.slice(0, before)) sqlite.exec(sql);
    sqlite.exec(`PRAGMA user_version = ${before}`);
    for (const [name, version] of [["tried", "2.0.0-beta.1"], ["plain", "1.0.0"]]) {
      sqlite.prepare("INSERT INTO pins VALUES (?, ?, 1, ?, 0)")
        .run(name!, new Uint8Array(32), version!);
    }
  }
  await using world = new World();
  using state = StateDatabase.open(path, world.clock);
  const [plain, tried] = state.pins.list();
  assert.deepEqual([plain!.lastVersion, plain!.lastPrerelease], ["1.0.0", undefined]);
  assert.deepEqual([tried!.lastVersion, tried!.lastPrerelease], [undefined, "2.0.0-beta.1"]);
});
