/** Versions of a package: those in its publisher's list with their dates, and those in the seed directory. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { knownVersions, presentPackage } from "../../../src/names/known_versions.ts";
import { NO_FLAGS } from "../../../src/base/mod.ts";
import { manifestRecord, OfferCache } from "../../../src/fetching/mod.ts";
import { type MutableItem } from "../../../src/records/mod.ts";
import { type MinimalManifest, packDirectory } from "../../../src/package/mod.ts";
import { SeedDirectory } from "../../../src/store/mod.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { minimalBy, temporaryTrust, TestIdentity } from "../../support/identities.ts";
import { inDirectory, signer, stranger, writeTree } from "../../support/package_archives.ts";

inDirectory(
  "the highest version that fits, of a publisher that is named or pinned, is found",
  async (dir) => {
    const seeds = new SeedDirectory(join(dir, "seed"));
    await seeds.ensure();
    for (
      const [version, key] of [["1.0.0", signer], ["1.5.0", signer], ["1.9.0", stranger]] as const
    ) {
      const source = await writeTree(join(dir, version), { "a.txt": version });
      const outDir = join(dir, `out-${version}`);
      await Deno.mkdir(outDir);
      const about = { name: "hello", version, signer: key, timestampMs: 1 };
      const { archivePath, minimal, torrent } = await packDirectory({
        dir: source,
        outDir,
        ...about,
      });
      await seeds.put({ archivePath, minimal, torrent, move: true, verified: true });
    }
    const revoked = new Set<string>();
    const pinned: Uint8Array[] = [];
    const context = {
      state: { pins: { list: () => pinned.map((publicKey) => ({ publicKey })) } },
      offers: { trust: { accepts: ({ version }: MinimalManifest) => !revoked.has(version) } },
    } as never;
    const versionOf = async (publicKey?: Uint8Array, range?: string, of = context) =>
      (await presentPackage(of, seeds, { publicKey, name: "hello", range }))?.minimal.version;
    const own = { ...context as object, ownKey: signer.publicKey } as never;
    assert.equal(await versionOf(), undefined, "nobody is pinned");
    assert.equal(await versionOf(undefined, undefined, own), "1.5.0", "our own needs no pin");
    assert.equal(await versionOf(signer.publicKey), "1.5.0");
    assert.equal(await versionOf(signer.publicKey, "~1.0"), "1.0.0");
    assert.equal(await versionOf(signer.publicKey, "^2"), undefined);
    pinned.push(stranger.publicKey);
    assert.equal(await versionOf(), "1.9.0");
    assert.equal(await versionOf(undefined, undefined, own), "1.9.0", "a pin comes first");
    pinned.push(signer.publicKey);
    revoked.add("1.9.0");
    assert.equal(await versionOf(), "1.5.0", "its key is revoked");
  },
);

/** Makes a publisher with versions 1.0.0 to 9.0.0, whose list is a catalog or not. */
async function listed(hasCatalog: boolean) {
  const clock = new FakeClock(1_000_000);
  const home = await temporaryTrust(clock);
  const identity = new TestIdentity();
  const key = await identity.certify();
  const manifests = await Promise.all(
    Array.from(
      { length: 9 },
      (_, at) => minimalBy(key, 1_000 * (at + 1), { version: `${at + 1}.0.0`, archive: at + 1 }),
    ),
  );
  const records: MutableItem[] = await Promise.all(
    manifests.map((one) => manifestRecord(one, key, 1)),
  );
  const offer = {
    key: key.certificate,
    seq: 1,
    packages: new Map([["hello", manifests.map(({ version }) => version)]]),
    flags: new Map([["hello", { ...NO_FLAGS, yanked: new Map([["8.0.0", "bad"]]) }]]),
    ...(hasCatalog && { manifests }),
  };
  const lookedUp: MutableItem[] = [];
  const operations = {
    lookUp({ salt }: { salt: Uint8Array }, { onEvent }: { onEvent: (event: unknown) => void }) {
      const item = records.find((one) => one.salt.toHex() === salt.toHex())!;
      lookedUp.push(item);
      onEvent({ item });
      return Promise.resolve({ asked: 8, responded: 8, holding: 8, item, others: [] });
    },
  };
  const offers = Object.assign(new OfferCache(home.trust), { of: () => Promise.resolve([offer]) });
  const context = {
    ...{ operations, offers, state: home.state, finding: { clock, timeoutMs: 1_000 } },
  } as never;
  const seeds = { list: () => Promise.resolve([]) } as never;
  return {
    lookedUp,
    manifests,
    state: home.state,
    identity,
    versions: () =>
      knownVersions(context, seeds, {
        minimal: manifests[8]!,
        publicKey: identity.root.publicKey,
      }),
    [Symbol.asyncDispose]: home[Symbol.asyncDispose],
  };
}

Deno.test("a catalog tells the dates of all versions without a lookup", async () => {
  await using _ = await listed(true);
  assert.deepEqual(
    await _.versions(),
    [9, 8, 7, 6, 5, 4, 3, 2, 1].map((one) => ({
      version: `${one}.0.0`,
      timestampMs: one * 1_000,
      ...(one === 8 && { yanked: "bad" }),
    })),
  );
  assert.equal(_.lookedUp.length, 0);
});

Deno.test("without a catalog the records of the highest versions that this home lacks tell their dates", async () => {
  await using _ = await listed(false);
  const dated = async () =>
    (await _.versions())!.flatMap(({ version, timestampMs }) =>
      timestampMs === undefined ? [] : [[version, timestampMs / 1_000]]
    );
  assert.deepEqual(await dated(), [["9.0.0", 9], ["8.0.0", 8], ["7.0.0", 7], ["6.0.0", 6]]);
  assert.equal(_.lookedUp.length, 3);
  // The stored list of a followed publisher has manifests.
  const { publicKey } = _.identity.root;
  _.state.follows.add(publicKey, 1);
  _.state.follows.settle(publicKey, [], 1, [_.manifests[7]!, _.manifests[1]!]);
  assert.deepEqual(
    (await dated()).map(([version]) => version),
    ["9.0.0", "8.0.0", "7.0.0", "6.0.0", "5.0.0", "2.0.0"],
  );
});
