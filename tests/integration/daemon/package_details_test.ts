/** Tests the operations that describe one package, and the DHT, on a host with a real engine. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { PackageDetailsJson } from "../../../src/control/mod.ts";
import { formatPublicKey } from "../../../src/identity/mod.ts";
import { startTestnet, type Testnet } from "../../../src/testnet/mod.ts";
import { Home, writePackage } from "../../support/engine_home.ts";
import { signer, stranger } from "../../support/package_archives.ts";
import { signedMinimal } from "../../support/signed.ts";
import { temporaryHome } from "../../support/mod.ts";

const name = "shown";

/** Runs a test on a home that has published versions of a package. */
async function withVersions(
  versions: readonly string[],
  run: (home: Home, at: { root: string; testnet: Testnet }) => Promise<void>,
): Promise<void> {
  await using testnet = await startTestnet({ nodes: 12 });
  await using root = await temporaryHome();
  await using home = await Home.open(join(root.path, "home"), testnet);
  for (const version of versions) {
    const dir = await writePackage(root.path, name, version);
    const about = { name, version, description: `Version ${version}`, license: "MIT" };
    await Deno.writeTextFile(join(dir, "package.json"), JSON.stringify(about));
    await Deno.writeTextFile(join(dir, "run.sh"), "#!/bin/sh\n");
    await Deno.chmod(join(dir, "run.sh"), 0o755);
    await home.publish(dir, signer);
  }
  await run(home, { root: root.path, testnet });
}

Deno.test("a package is described with its files, versions, torrent and records", async () => {
  await withVersions(["1.0.0", "1.10.0", "1.9.0", "2.0.0-beta.1"], async (home) => {
    const { operations } = home.node;
    const found = await operations.describePackage({ name, version: "1.9.0" });
    const listed = (await operations.list()).find(({ version }) => version === "1.9.0");
    assert.deepEqual(found.package, listed);
    assert.equal(found.description, "Version 1.9.0");
    assert.equal(found.license, "MIT");
    assert.equal(found.fileCount, 3);
    const files = found.files!.map(({ path, executable }) => ({ path, executable }));
    assert.deepEqual(files, [
      { path: "index.js", executable: false },
      { path: "package.json", executable: false },
      { path: "run.sh", executable: true },
    ]);
    assert.equal(found.files![2]!.lengthBytes, 10);
    assert.deepEqual(found.versions.map(({ version }) => version), [
      ...["1.10.0", "1.9.0", "1.0.0", "2.0.0-beta.1"],
    ]);
    assert.ok(found.versions.every(({ seeding, lengthBytes }) => seeding && lengthBytes! > 0));
    const { pieces, piecesHeld, pieceBytes, peers, peersConnected } = found.torrent!;
    assert.equal(pieces, Math.ceil(listed!.lengthBytes / pieceBytes));
    assert.equal(piecesHeld, pieces);
    assert.deepEqual({ peers, peersConnected }, { peers: [], peersConnected: 0 });
    const manifest = found.records.find(({ kind }) => kind === "manifest")!;
    const all = await operations.records();
    assert.deepEqual(manifest, all.find(({ target }) => target === manifest.target));
    assert.ok(found.records.every(({ version }) => version === "1.9.0"));
  });
});

Deno.test("versions in stored lists and the publisher's flags are shown, those of others are not", async () => {
  await withVersions(["1.0.0"], async (home) => {
    using state = home.state();
    const { publicKey } = signer;
    const about = { name, archiveSha256: `sha256:${"ab".repeat(32)}`, btih: "cd".repeat(20) };
    const seen = (version: string, keys = signer) =>
      signedMinimal({ ...about, version, length: 1_234, timestamp: 1 }, keys);
    state.follows.add(publicKey, 1);
    state.follows.settle(publicKey, [], 1, [seen("1.2.0"), seen("1.1.0")]);
    state.follows.add(stranger.publicKey, 1);
    state.follows.settle(stranger.publicKey, [], 1, [seen("9.0.0", stranger)]);
    state.offers.settle(publicKey, name, {
      seq: 2 ** 50,
      versions: ["1.0.0", "1.3.0", "no version"],
      flags: {
        yanked: new Map([["1.2.0", "it deletes files"], ["1.3.0", ""]]),
        deprecated: new Map([["1.0.0", "use 1.1.0"]]),
        tags: new Map([["latest", "1.1.0"], ["stable", "1.1.0"]]),
      },
    });
    const { versions } = await home.node.operations.describePackage({ name, version: "1.0.0" });
    const shown = versions.map(({ lengthBytes: _, ...version }) => version);
    assert.deepEqual(shown, [
      { version: "1.3.0", seeding: false, yanked: "", tags: [] },
      { version: "1.2.0", seeding: false, yanked: "it deletes files", tags: [] },
      { version: "1.1.0", seeding: false, tags: ["latest", "stable"] },
      { version: "1.0.0", seeding: true, deprecated: "use 1.1.0", tags: [] },
    ]);
    assert.equal(versions[0]!.lengthBytes, undefined);
    assert.equal(versions[1]!.lengthBytes, 1_234);
  });
});

Deno.test("a version of two publishers needs the publisher, and a missing one is said so", async () => {
  await withVersions(["1.0.0"], async (home, { root }) => {
    const { operations } = home.node;
    await home.publish(await writePackage(root, name, "1.0.0", {}, "// another\n"), stranger);
    // `publish` has seeded the archive with the usual file name, which is the first publisher's.
    for (const { path } of await operations.list()) {
      await operations.add({ fileName: path.split("/").at(-1)! });
    }
    await assert.rejects(operations.describePackage({ name, version: "1.0.0" }), {
      code: "PACKAGE_AMBIGUOUS",
    });
    for (const { publicKey } of [signer, stranger]) {
      const found = await operations.describePackage({ name, version: "1.0.0", publicKey });
      assert.equal(found.package.publisher, formatPublicKey(publicKey));
      assert.ok(found.records.length > 0);
      assert.deepEqual(found.versions.length, 1);
    }
    await assert.rejects(operations.describePackage({ name, version: "1.0.1" }), {
      code: "PACKAGE_NOT_FOUND",
    });
    const none = { name, version: "1.0.0", publicKey: new Uint8Array(32).fill(1) };
    await assert.rejects(operations.describePackage(none), { code: "PACKAGE_NOT_FOUND" });
  });
});

Deno.test("an archive that was spoilt on the disk is described without its files", async () => {
  await withVersions(["1.0.0"], async (home) => {
    const { operations } = home.node;
    const asked = () => operations.describePackage({ name, version: "1.0.0" });
    const { package: { path } } = await asked();
    const bytes = await Deno.readFile(path);
    await Deno.writeFile(path, new Uint8Array(bytes.length));
    const spoilt: PackageDetailsJson = await asked();
    assert.equal(spoilt.files, undefined);
    assert.equal(spoilt.description, undefined);
    assert.equal(spoilt.versions.length, 1);
    await Deno.writeFile(path, bytes.subarray(1));
    assert.match((await asked()).package.problem!, /bytes/);
    await Deno.writeFile(path, bytes);
    const again = await Promise.all(Array.from({ length: 20 }, asked));
    assert.ok(again.every(({ fileCount }) => fileCount === 3));
  });
});

Deno.test("the DHT is described with its routing table, and its packets by kind", async () => {
  await withVersions(["1.0.0"], async (home) => {
    const { families, roundTripMs } = await home.node.operations.dht();
    const { nodeId, dhtNodes } = await home.node.operations.status();
    assert.ok(roundTripMs! >= 0);
    const four = families.find(({ family }) => family === 4)!;
    assert.equal(four.nodeId, nodeId);
    assert.ok(dhtNodes > 0 && four.nodes > 0);
    assert.equal(four.buckets.reduce((sum, { nodes }) => sum + nodes, 0), four.nodes);
    const put = four.traffic.find(({ kind }) => kind === "put")!;
    assert.ok(put.queriesOut > 0 && put.repliesIn > 0);
    assert.deepEqual(JSON.parse(JSON.stringify(families)), families);
  });
});
