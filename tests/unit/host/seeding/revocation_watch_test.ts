import assert from "node:assert/strict";
import { RevocationWatch } from "../../../../src/host/seeding/revocation_watch.ts";
import type { Operations } from "../../../../src/control/operations.ts";
import {
  type MinimalManifest,
  parseSha256,
  serializeMinimal,
} from "../../../../src/package/mod.ts";
import { StateDatabase, type ValidSeedEntry } from "../../../../src/store/mod.ts";
import { Trust } from "../../../../src/trust/mod.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";
import { goodHash, minimalBy, temporaryTrust, TestIdentity } from "../../../support/identities.ts";

const NOW = Date.UTC(2026, 10, 29);

async function setUp() {
  const clock = new FakeClock(NOW);
  const home = await temporaryTrust(clock);
  const identity = new TestIdentity();
  const [stolen, next] = [
    await identity.certify({ fromMs: NOW }),
    await identity.certify({ fromMs: NOW }),
  ];
  const manifests = new Map<string, MinimalManifest>();
  const seeded = new Set<string>();
  const [refused, forgotten, notices, warnings]: [string[], string[], string[], string[]] = [
    [],
    [],
    [],
    [],
  ];
  const add = async (signer: typeof stolen, archive: number) => {
    const version = `${archive}.0.0`;
    const minimal = await minimalBy(signer, NOW, { version, archive });
    const fileName = `hello-${version}.tgz`;
    manifests.set(fileName, minimal);
    seeded.add(fileName);
    home.state.verifiedFiles.remember(
      `/seed/${fileName}`,
      { sizeBytes: 1, mtimeMs: 1, inode: 1 },
      { sha256: parseSha256(minimal.archiveSha256)!, infoHash: new Uint8Array(20) },
      {
        ...{ text: serializeMinimal(minimal), mark: "", name: "hello", version },
        publicKey: signer.publicKey,
      },
    );
  };
  const operations = {
    status: () => Promise.resolve({ seedDirectory: "/nowhere", daemon: true }),
    download() {
      return Promise.reject(new Error("no list is named"));
    },
  } as unknown as Operations;
  const watch = new RevocationWatch({
    ...{ operations, seedDirectory: "/nowhere", clock, timeoutMs: () => 1_000 },
    ...{ trust: home.trust, state: home.state },
    packages: {
      entry: (fileName) =>
        Promise.resolve({
          ...{ fileName, name: "hello", version: manifests.get(fileName)!.version },
          minimal: manifests.get(fileName)!,
        } as ValidSeedEntry),
      has: (fileName) => seeded.has(fileName),
      refuse: (fileName) => {
        seeded.delete(fileName);
        return Promise.resolve(void refused.push(fileName));
      },
      add: (fileName) => {
        seeded.add(fileName);
        return Promise.resolve({} as ValidSeedEntry);
      },
    },
    records: { forget: (name, version) => [`${name}@${version}`] },
    worker: { forgetRecord: (target) => Promise.resolve(void forgotten.push(target)) },
    onNotice: (message) => notices.push(message),
    onWarning: (message) => warnings.push(message),
  });
  return {
    ...{ clock, identity, stolen, next, add, watch, seeded, refused, forgotten, notices, warnings },
    trust: home.trust,
    statePath: home.state.path,
    async pass(ms: number) {
      await clock.advance(ms);
      for (let i = 0; i < 20; i++) await settle();
    },
    revoking: (seq: number, good?: Uint8Array[]) =>
      identity.record({
        ...{ seq, timestampMs: NOW, signingKeys: [next.certificate] },
        revokedKeys: [{ key: stolen.publicKey, sinceMs: NOW }],
        ...(good && { good }),
      }),
    async [Symbol.asyncDispose]() {
      await watch.stop();
      await home[Symbol.asyncDispose]();
    },
  };
}

Deno.test("what a revoked key has signed is not seeded nor announced any more, except what is good", async () => {
  await using _ = await setUp();
  await _.add(_.stolen, 1);
  await _.add(_.stolen, 9);
  await _.add(_.next, 2);
  _.watch.start();
  await _.pass(0);
  assert.deepEqual(_.refused, []);
  _.trust.learnRecord(await _.revoking(NOW, [goodHash(1)]));
  await _.pass(60_000);
  assert.deepEqual(_.refused, ["hello-9.0.0.tgz"]);
  assert.deepEqual(_.forgotten, ["hello@9.0.0"]);
  assert.match(_.notices.join("\n"), /^hello-9\.0\.0\.tgz is not seeded any more: .* is revoked/);
  await _.pass(10 * 60_000);
  assert.equal(_.notices.length, 1, "it is said once");
  assert.deepEqual(_.warnings, []);
});

Deno.test("what another process of the home has learned to be revoked is not seeded two seconds later", async () => {
  await using _ = await setUp();
  await _.add(_.stolen, 1);
  _.watch.start();
  await _.pass(0);
  using other = StateDatabase.open(_.statePath, _.clock);
  new Trust({ state: () => other, clock: _.clock }).learnRecord(await _.revoking(NOW));
  assert.deepEqual(_.refused, []);
  await _.pass(2_000);
  assert.deepEqual(_.refused, ["hello-1.0.0.tgz"]);
});

Deno.test("an archive that the directory watcher has refused is not announced any more either", async () => {
  await using _ = await setUp();
  await _.add(_.stolen, 1);
  _.watch.start();
  await _.pass(0);
  _.trust.learnRecord(await _.revoking(NOW));
  _.seeded.clear();
  await _.pass(2_000);
  assert.deepEqual(_.forgotten, ["hello@1.0.0"]);
  await _.pass(10 * 60_000);
  assert.deepEqual([_.forgotten.length, _.refused, _.notices], [1, [], []]);
});

Deno.test("an archive that the publisher calls good later is seeded again", async () => {
  await using _ = await setUp();
  await _.add(_.stolen, 1);
  _.trust.learnRecord(await _.revoking(NOW));
  _.watch.start();
  await _.pass(0);
  assert.deepEqual([..._.seeded], []);
  _.trust.learnRecord(await _.revoking(NOW + 1, [goodHash(1)]));
  await _.pass(60_000);
  assert.deepEqual([..._.seeded], ["hello-1.0.0.tgz"]);
});
