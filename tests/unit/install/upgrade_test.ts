/** Upgrades from a simulated network: what becomes newer, and what must not change. */

import assert from "node:assert/strict";
import type { InstallContext } from "../../../src/install/context.ts";
import type { MinimalManifest } from "../../../src/package/mod.ts";
import { parseRequirement } from "../../../src/fetching/requirement.ts";
import { install } from "../../../src/install/install.ts";
import { readLockFile } from "../../../src/install/lock_file.ts";
import {
  heldByLock,
  heldByName,
  isOutdated,
  newestOf,
  upgradeRequirement,
} from "../../../src/install/outdated.ts";
import { upgradeInstalled, upgradeLocked } from "../../../src/install/upgrade.ts";
import {
  aliceKey,
  failure,
  InstallPlace,
  installTest,
  mallory,
  malloryKey,
  signed,
} from "./support.ts";

function held(range: string | undefined, version: string) {
  return { requirement: { name: "a", ...(range && { range }) }, minimal: signed("a", version) };
}

/** Installs packages with `--save`. */
async function save(place: InstallPlace, ...specs: string[]): Promise<void> {
  await install(place.context(), {
    requirements: specs.map(parseRequirement),
    direct: false,
    lockPath: place.lockPath,
  });
}

/** Upgrades the lock file as if the publishers listed these versions of each package. */
async function upgrade(
  place: InstallPlace,
  listed: { wanted?: string; latest?: string },
  { latest = false, context = place.context(), accepts }: {
    latest?: boolean;
    context?: InstallContext;
    accepts?: (minimal: MinimalManifest) => boolean;
  } = {},
) {
  const lock = (await readLockFile(place.lockPath))!;
  const newest = heldByLock(lock, [], place.lockPath).map((one) => newestOf(one, listed));
  return await upgradeLocked(context, { lockPath: place.lockPath }, newest, {
    beyond: latest,
    accepts,
  });
}

async function locked(place: InstallPlace): Promise<string[]> {
  const { packages } = (await readLockFile(place.lockPath))!;
  return [...packages.values()].map(({ minimal }) => `${minimal.name}@${minimal.version}`).sort();
}

Deno.test("the newest versions are never lower than the held one", () => {
  const old = newestOf(held("^1", "1.5.0"), { wanted: "1.2.0", latest: "1.2.0" });
  assert.deepEqual([old.wanted, old.latest, isOutdated(old)], ["1.5.0", "1.5.0", false]);
  const gone = newestOf(held("^1", "1.5.0"), {});
  assert.deepEqual([gone.wanted, gone.latest], ["1.5.0", "1.5.0"]);
  const beta = newestOf(held("^2.0.0-beta.1", "2.0.0-beta.1"), { latest: "1.9.0" });
  assert.deepEqual([beta.latest, isOutdated(beta)], ["2.0.0-beta.1", false]);
  assert.ok(isOutdated(newestOf(held("^1", "1.5.0"), { wanted: "1.5.0", latest: "2.0.0" })));
});

Deno.test("an upgrade beyond the range changes only a range that does not allow it", () => {
  const cases: [range: string | undefined, latest: string, expected: string | undefined][] = [
    ["^1", "2.0.0", "^2.0.0"],
    [">=1", "2.0.0", ">=1"],
    [undefined, "2.0.0", undefined],
    ["*", "2.0.0", "*"],
    ["next", "2.0.0", "next"],
    ["1.0.0", "1.0.1", "^1.0.1"],
  ];
  for (const [range, latest, expected] of cases) {
    const newest = newestOf(held(range, "1.0.0"), { latest });
    assert.equal(upgradeRequirement(newest, true).range, expected, range);
    assert.equal(upgradeRequirement(newest, false).range, range);
  }
});

installTest(
  "an upgrade takes newer dependencies, too, and keeps bare names bare",
  async (place) => {
    await place.make("app@1.0.0", { dependencies: { lib: "^1" } });
    await place.make("lib@1.0.0");
    await save(place, "app@^1");
    await place.make("lib@1.1.0");
    // Somebody else publishes a higher version under the same name.
    await place.make("app@1.9.0", { signer: mallory });
    const { upgraded } = await upgrade(place, { wanted: "1.0.0", latest: "1.0.0" });
    assert.deepEqual(upgraded, []);
    assert.deepEqual(await locked(place), ["app@1.0.0", "lib@1.1.0"]);
    const lock = (await readLockFile(place.lockPath))!;
    assert.deepEqual([...lock.requirements.keys()], ["app"]);
    assert.equal(lock.requirements.get("app")!.requirement.range, "^1");
  },
);

installTest("an old list of a publisher makes no version lower", async (place) => {
  await place.make("app@1.0.0", { dependencies: { lib: "^1" } });
  await place.make("lib@1.0.0");
  await place.make("app@1.5.0", { dependencies: { lib: "^1" } });
  await place.make("lib@1.5.0");
  await save(place, "app@^1");
  const isOld = ({ version }: { version: string }) => version === "1.0.0";
  place.published.splice(0, Infinity, ...place.published.filter(isOld));
  const { upgraded } = await upgrade(place, { wanted: "1.0.0", latest: "1.0.0" });
  assert.deepEqual(upgraded, []);
  assert.deepEqual(await locked(place), ["app@1.5.0", "lib@1.5.0"]);
});

installTest("versions of a revoked key are left for lower ones", async (place) => {
  await place.make("app@1.0.0", { dependencies: { lib: "^1" } });
  await place.make("lib@1.0.0");
  await place.make("app@1.9.0", { dependencies: { lib: "^1" } });
  await place.make("lib@1.9.0");
  await save(place, "app@^1");
  const accepts = ({ version }: { version: string }) => version === "1.0.0";
  place.published.splice(0, Infinity, ...place.published.filter(accepts));
  const listed = { wanted: "1.0.0", latest: "1.0.0" };
  const { upgraded } = await upgrade(place, listed, { accepts });
  assert.deepEqual(upgraded.map(({ before, minimal }) => [before, minimal.version]), [
    ["1.9.0", "1.0.0"],
  ]);
  assert.deepEqual(await locked(place), ["app@1.0.0", "lib@1.0.0"]);
  const revoked = newestOf(held("^1", "1.9.0"), listed, true);
  assert.deepEqual([revoked.wanted, revoked.latest], ["1.0.0", "1.0.0"]);
  const alone = newestOf(held("^1", "1.9.0"), {}, true);
  assert.deepEqual([alone.wanted, alone.latest, isOutdated(alone)], [undefined, undefined, true]);
  assert.equal(upgradeRequirement(alone, true).range, "^1");
});

installTest(
  "a lock file whose bare name is pinned to another publisher is not upgraded",
  async (place) => {
    await place.make("app@1.0.0", { signer: mallory });
    await save(place, "app");
    await place.make("app@1.1.0", { signer: mallory });
    const before = await Deno.readTextFile(place.lockPath);
    const { checkPin } = await import("../../../src/names/mod.ts");
    const { parsePublicKey } = await import("../../../src/identity/mod.ts");
    const pin = { publicKey: parsePublicKey(aliceKey), name: "app", firstSeenMs: 0, byHand: true };
    const context = place.context({
      checkPublisher: (name, publisher) =>
        checkPin(name, parsePublicKey(publisher), [pin as never]),
    });
    const error = await failure(
      upgrade(place, { wanted: "1.1.0" }, { context }),
      "PUBLISHER_CHANGED",
    );
    assert.ok(error.message.includes(malloryKey), error.message);
    assert.equal(await Deno.readTextFile(place.lockPath), before);
  },
);

installTest("an upgrade that fails leaves lock file and store as they were", async (place) => {
  await place.make("app@1.0.0");
  await save(place, "app");
  await place.make("app@1.1.0", { dependencies: { gone: "^1" } });
  const before = [await Deno.readTextFile(place.lockPath), ...await place.stored()];
  await failure(upgrade(place, { wanted: "1.1.0" }), "DEPENDENCY_NOT_FOUND");
  assert.deepEqual([await Deno.readTextFile(place.lockPath), ...await place.stored()], before);
  assert.deepEqual(place.strays(), []);
});

installTest(
  "of installed packages, the highest version of each publisher is upgraded",
  async (place) => {
    for (const version of ["1.0.0", "2.0.0"]) await place.make(`app@${version}`);
    await place.make("app@1.0.0", { signer: mallory });
    for (const spec of [`${aliceKey}/app@1`, `${aliceKey}/app@2`, `${malloryKey}/app`]) {
      await install(place.context(), { requirements: [parseRequirement(spec)], direct: true });
    }
    const found = await heldByName(place.store, []);
    assert.deepEqual(
      found.map(({ minimal }) => [minimal.pubkey, minimal.version]).sort(),
      [[aliceKey, "2.0.0"], [malloryKey, "1.0.0"]].sort(),
    );
    await place.make("app@2.1.0");
    const [mine] = await heldByName(place.store, [parseRequirement(`${aliceKey}/app`)]);
    const newest = newestOf(mine!, { wanted: "2.1.0", latest: "2.1.0" });
    const { upgraded } = await upgradeInstalled(place.context(), [newest], {
      beyond: false,
    });
    assert.deepEqual(upgraded.map(({ before, minimal }) => [before, minimal.version]), [
      ["2.0.0", "2.1.0"],
    ]);
    const direct = (await place.store.list()).flatMap((entry) =>
      entry.problem === undefined && entry.direct ? [`${entry.publisher}/${entry.version}`] : []
    );
    assert.deepEqual(
      direct.sort(),
      [`${aliceKey}/1.0.0`, `${aliceKey}/2.1.0`, `${malloryKey}/1.0.0`].sort(),
    );
  },
);
