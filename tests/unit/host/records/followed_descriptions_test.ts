/** Reading the descriptions of followed packages, with a host that the test plays. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { Operations } from "../../../../src/control/mod.ts";
import { FetchingError } from "../../../../src/fetching/errors.ts";
import { FollowedDescriptions } from "../../../../src/host/records/followed_descriptions.ts";
import { defaultArchiveLimits, type MinimalManifest } from "../../../../src/package/mod.ts";
import { parsePublicKey } from "../../../../src/identity/mod.ts";
import { SeedDirectory, StateDatabase } from "../../../../src/store/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { trustOf } from "../../../support/identities.ts";
import { inDirectory, packIn } from "../../../support/package_archives.ts";

const T = Date.UTC(2026, 5, 1);
const HOUR_MS = 3_600_000;

/** Packs a version of a package, and copies it into the seed directory if it is to be there. */
async function packed(
  dir: string,
  [name, version, description]: [string, string, string?],
  isThere = true,
): Promise<MinimalManifest> {
  const inner = join(dir, `${name}-${version}`);
  const about = JSON.stringify({ name, version, description });
  const { archivePath, minimalPath, minimal } = await packIn(inner, { "package.json": about }, {
    ...{ name, version },
  });
  if (isThere) {
    for (const path of [archivePath, minimalPath]) {
      await Deno.copyFile(path, join(dir, "seed", path.slice(path.lastIndexOf("/") + 1)));
    }
  }
  return minimal;
}

/** A home that follows the publisher of the packages that a test makes. */
async function following(dir: string) {
  const clock = new FakeClock(T);
  const state = StateDatabase.open(join(dir, "state.db"), clock);
  const seeds = new SeedDirectory(join(dir, "seed"));
  await seeds.ensure();
  const asked: string[] = [];
  const warnings: string[] = [];
  const operations = {
    status: () => Promise.resolve({ daemon: true }),
    downloadPrefix({ fileName }: { fileName: string }) {
      asked.push(fileName);
      return Promise.reject(new FetchingError("network", "CATALOG_UNREACHABLE", "nobody seeds it"));
    },
  } as unknown as Operations;
  const make = () =>
    new FollowedDescriptions({
      ...{ operations, seeds, state, clock, trust: trustOf(state, clock) },
      limits: () => defaultArchiveLimits,
      timeoutMs: () => 1_000,
      onWarning: (message) => warnings.push(message),
    });
  const list = (publicKey: Uint8Array, seq: number, manifests: MinimalManifest[]) => {
    state.follows.add(publicKey, T);
    state.follows.settle(publicKey, [{ key: publicKey, seq }], T, manifests);
  };
  const until = async (isThere: () => boolean) => {
    for (let tries = 0; !isThere(); tries++) {
      assert(tries < 60_000, `never came about: ${isThere}; ${warnings}`);
      await clock.advance(0);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const isSettled = () => state.descriptions.due(clock.now()) === undefined;
  return { clock, state, asked, warnings, make, list, until, isSettled };
}

inDirectory(
  "the description of the newest version is read, from the seed directory if it is there",
  async (dir) => {
    const at = await following(dir);
    const old = await packed(dir, ["a", "1.0.0", "An old a"]);
    const bare = await packed(dir, ["bare", "1.0.0"]);
    const publicKey = parsePublicKey(old.pubkey);
    at.list(publicKey, 1, [old, bare]);
    const descriptions = at.make();
    descriptions.start();
    descriptions.look();
    await at.until(at.isSettled);
    const of = (name: string) => at.state.descriptions.of(publicKey, name);
    assert.deepEqual([of("a"), of("bare"), of("none")], ["An old a", undefined, undefined]);

    // The old description stays until the new one is known.
    const missing = await packed(dir, ["a", "1.2.0", "A newer a"], false);
    at.list(publicKey, 2, [old, missing, bare]);
    descriptions.look();
    await at.until(at.isSettled);
    assert.deepEqual(at.asked, ["a-1.2.0.tgz"]);
    assert.equal(of("a"), "An old a");
    await packed(dir, ["a", "1.2.0", "A newer a"]);
    await at.clock.advance(HOUR_MS);
    await at.until(() => of("a") === "A newer a");

    // A package that is listed no more has no description.
    at.list(publicKey, 3, [old, missing]);
    descriptions.look();
    assert.equal(at.state.descriptions.lacks(publicKey), false);
    assert.deepEqual(at.warnings, []);
    await descriptions.stop();
    assert.equal(at.clock.timers, 0);
    at.state.close();
  },
);

inDirectory(
  "few archives are fetched from in a minute, and an earlier list is taken up at the start",
  async (dir) => {
    const at = await following(dir);
    const manifests: MinimalManifest[] = [];
    for (let number = 0; number < 12; number++) {
      manifests.push(await packed(dir, [`p${number}`, "1.0.0", "A p"], false));
    }
    const publicKey = parsePublicKey(manifests[0]!.pubkey);
    at.list(publicKey, 1, manifests);
    assert.equal(at.state.descriptions.lacks(publicKey), true);
    const descriptions = at.make();
    descriptions.start();
    descriptions.look();
    for (const count of [5, 10, 12]) {
      await at.until(() => at.asked.length === count);
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(at.asked.length, count);
      await at.clock.advance(60_000);
    }
    assert.equal(new Set(at.asked).size, 12);
    await descriptions.stop();
    at.state.follows.remove(publicKey);
    assert.equal(at.state.descriptions.due(Number.MAX_SAFE_INTEGER), undefined);
    at.state.close();
  },
);
