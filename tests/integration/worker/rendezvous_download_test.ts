/**
 * Downloads in a test network of archives that are not announced individually: their seeders are found
 * at the publisher's rendezvous alone.
 */

import assert from "node:assert/strict";
import { startTestnet, type Testnet } from "../../../src/testnet/mod.ts";
import { publisherRendezvous } from "../../../src/records/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { type SampleTorrent, sampleTorrent } from "../../support/torrents.ts";
import { TestWorker } from "../../support/workers.ts";
import { WireListener } from "../../support/wire_peer.ts";

const publisher = new Uint8Array(32).fill(7);
const [sample, other] = [sampleTorrent(300_000), sampleTorrent(300_000, { seed: 2 })];

/** Starts a seeder that announces nothing but the publisher's rendezvous. */
async function startMirror(testnet: Testnet, ...samples: SampleTorrent[]): Promise<TestEngine> {
  const mirror = await TestEngine.start({ testnet });
  for (const [i, one] of samples.entries()) await mirror.seed(one, `seeded-${i}`);
  await announce(mirror, mirror.engine.port);
  return mirror;
}

/** Announces a port of this machine at the publisher's rendezvous. */
async function announce(at: TestEngine, port: number): Promise<void> {
  const manager = at.manager();
  const { stored } = await manager.announcePeer(publisherRendezvous(publisher), port);
  assert.ok(stored > 0);
  await manager.stop(1_000);
}

function startReader(
  testnet: Testnet,
  options: { encryption?: "off" } = {},
): Promise<TestWorker> {
  return TestWorker.start({ allowLocal: true, testnet, readOnly: true, ...options });
}

function order(worker: TestWorker, { infoHashHex }: SampleTorrent, name = "downloaded") {
  return { infoHashHex, filePath: worker.path(name), maxBytes: 1_000_000, peers: [] };
}

Deno.test("an archive is got from a mirror that announces only the publisher's rendezvous", async () => {
  await using testnet = await startTestnet({ nodes: 12 });
  await using _mirror = await startMirror(testnet, sample, other);
  await using worker = await startReader(testnet);
  await worker.api.download(1, { ...order(worker, sample), publisher });
  assert.deepEqual(await Deno.readFile(worker.path("downloaded")), sample.content);
  // The next archive of the publisher comes from the mirror that is known already.
  await worker.api.download(2, { ...order(worker, other, "other"), publisher });
  assert.deepEqual(await Deno.readFile(worker.path("other")), other.content);
});

Deno.test("a bare infohash leads to no rendezvous, until somebody tells the publisher", async () => {
  await using testnet = await startTestnet({ nodes: 12 });
  await using mirror = await startMirror(testnet, sample, other);
  await using worker = await startReader(testnet);
  const downloading = worker.api.download(1, order(worker, sample));
  const outcome = downloading.then(() => "done", (error) => error);
  await worker.api.download(2, { ...order(worker, other, "other"), peers: [mirror.address] });
  assert.equal(await Promise.race([outcome, Promise.resolve("waits")]), "waits");
  await worker.api.addSources(sample.infoHashHex, [], [], publisher);
  assert.equal(await outcome, "done");
});

Deno.test("a mirror that restarts at another port is found again, and its old port is asked once", async () => {
  await using testnet = await startTestnet({ nodes: 12 });
  const before = await startMirror(testnet, sample);
  await before[Symbol.asyncDispose]();
  await using worker = await startReader(testnet);
  const downloading = worker.api.download(1, { ...order(worker, sample), publisher });
  await using _after = await startMirror(testnet, sample);
  await downloading;
  assert.deepEqual(await Deno.readFile(worker.path("downloaded")), sample.content);
});

Deno.test("a reader that restarts goes on from what it has", async () => {
  await using testnet = await startTestnet({ nodes: 12 });
  await using _mirror = await startMirror(testnet, sample);
  await using worker = await startReader(testnet);
  const filePath = worker.path("downloaded");
  await Deno.writeFile(filePath, sample.content.subarray(0, 100_000));
  await worker.api.download(1, { ...order(worker, sample), publisher });
  assert.deepEqual(await Deno.readFile(filePath), sample.content);
});

Deno.test("liars at the rendezvous are asked once for an archive, and the honest mirror serves it", async () => {
  await using testnet = await startTestnet({ nodes: 12 });
  using ended = new DisposableStack();
  const liars = Array.from({ length: 20 }, () =>
    ended.use(
      new WireListener(sample, () => ({ greeted: (peer) => peer[Symbol.dispose]() })),
    ));
  await using announcer = await TestEngine.start({ testnet });
  for (const { address } of liars) await announce(announcer, address.port);
  // With one form of handshake, each peer is dialled once.
  await using worker = await startReader(testnet, { encryption: "off" });
  const downloading = worker.api.download(1, { ...order(worker, sample), publisher });
  downloading.catch(() => {});
  await eventually(() => liars.every(({ dialled }) => dialled > 0), "each liar is asked");
  await using _mirror = await startMirror(testnet, sample);
  await downloading;
  assert.deepEqual(await Deno.readFile(worker.path("downloaded")), sample.content);
  await Deno.remove(worker.path("downloaded"));
  await worker.api.download(2, { ...order(worker, sample), publisher });
  assert.deepEqual(liars.map(({ dialled }) => dialled), Array(20).fill(1), "none is asked again");
});
