/** The port in the home router, from the engine's thread: announced, taken back, and lost. */

import assert from "node:assert/strict";
import { fromHex } from "../../../src/base/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { isFree } from "../../support/free_port.ts";
import { GatedRouter } from "../../support/gated_router.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { TestWorker } from "../../support/workers.ts";

const OUTSIDE = 40_001;
const { infoHashHex, torrent, content } = sampleTorrent(20_000);

/** Seeds a file in an engine's thread, and announces it at once. */
async function seed(worker: TestWorker): Promise<void> {
  const filePath = worker.path("seeded");
  await Deno.writeFile(filePath, content);
  const lengthBytes = content.length;
  await worker.api.seed([{ infoHashHex, torrent, filePath, lengthBytes, announceDueMs: 0 }]);
}

Deno.test("torrents are announced with the router's port, which is taken back at the stop", async () => {
  await using testnet = await startTestnet({ nodes: 10 });
  await using way = await GatedRouter.start({ pcp: true, otherPort: OUTSIDE });
  {
    await using worker = await TestWorker.start({
      allowLocal: true,
      testnet,
      router: way.surroundings,
    });
    await seed(worker);
    await eventually(
      () => worker.reports.some(({ port, failures }) => port === OUTSIDE && failures === 0),
      "an announcement with the router's port",
    );
    const { portMapping } = await worker.api.status();
    assert.equal(portMapping?.mapping?.externalPort, OUTSIDE);
    assert.equal(portMapping?.error, undefined);
    assert.deepEqual(way.router.list, [
      `tcp ${OUTSIDE}>127.0.0.1:${worker.started.port}`,
      `udp ${OUTSIDE}>127.0.0.1:${worker.started.port}`,
    ]);
    await using reader = await TestEngine.start({ testnet });
    const manager = reader.manager();
    const { peers } = await manager.findPeers(fromHex(infoHashHex)!);
    await manager.stop(0);
    assert(peers.some(({ port }) => port === OUTSIDE), JSON.stringify(peers));
  }
  assert.deepEqual(way.router.list, []);
});

Deno.test("an engine whose gate dies goes on, and gets the port back by the next gate", async () => {
  await using testnet = await startTestnet({ nodes: 10 });
  await using way = await GatedRouter.start({ pcp: true, otherPort: OUTSIDE });
  await using worker = await TestWorker.start({
    allowLocal: true,
    testnet,
    router: way.surroundings,
  });
  await seed(worker);
  await eventually(() => worker.reports.some(({ port }) => port === OUTSIDE), "the router's port");
  const before = worker.reports.length;
  way.killGate();
  await eventually(
    () => worker.reports.slice(before).some(({ port }) => port === worker.started.port),
    "an announcement with the engine's own port",
  );
  assert.match(worker.warnings.join(), /gate's thread died .*; a new one starts in 1 s/);
  await eventually(
    async () => (await worker.api.status()).portMapping?.mapping?.externalPort === OUTSIDE,
    "the router's port again",
  );
  const { gate } = await worker.api.status();
  assert.deepEqual([gate?.state, gate?.deaths], ["running", 1]);
  assert.deepEqual(way.router.list, [
    `tcp ${OUTSIDE}>127.0.0.1:${worker.started.port}`,
    `udp ${OUTSIDE}>127.0.0.1:${worker.started.port}`,
  ]);
  assert.deepEqual(worker.failures, []);
});

Deno.test("the engine of the next process renews the mapping of a killed one by PCP", async () => {
  await using way = await GatedRouter.start({ pcp: true });
  const options = { allowLocal: true, router: way.surroundings };
  const mapped = async (worker: TestWorker, code: string | undefined) => {
    await eventually(async () => {
      const { portMapping } = await worker.api.status();
      if (code !== undefined) return portMapping?.error?.code === code;
      return portMapping?.mapping !== undefined;
    }, code ?? "a mapping");
  };
  const mappingSecret = new Uint8Array(32).fill(7);
  await using killed = await TestWorker.start({ ...options, mappingSecret });
  const { port } = killed.started;
  await mapped(killed, undefined);
  killed.kill();
  const held = way.router.list;
  assert.equal(held.length, 2);
  await eventually(() => isFree(port), "the killed engine's port");
  {
    await using other = await TestWorker.start({ ...options, port });
    // Without the secret, the router refuses the port to us as to anybody.
    await mapped(other, "ROUTER_REFUSED");
    other.kill();
    await eventually(() => isFree(port), "the other engine's port");
  }
  assert.deepEqual(way.router.list, held);
  await using next = await TestWorker.start({ ...options, port, mappingSecret });
  await mapped(next, undefined);
  assert.deepEqual(way.router.list, held);
});

Deno.test("an engine without a way to the router asks nobody, and says nothing of a port", async () => {
  await using worker = await TestWorker.start({ allowLocal: true });
  assert.equal((await worker.api.status()).portMapping, undefined);
});

Deno.test("an engine that stops before it knows the gateway stops at once", async () => {
  await using way = await GatedRouter.start({ pcp: true });
  const never = Promise.withResolvers<undefined>();
  const findGateway = () => never.promise;
  await using worker = await TestWorker.start({
    allowLocal: true,
    router: { ...way.surroundings, findGateway },
  });
  assert.equal((await worker.api.status()).portMapping, undefined);
  await worker.api.stop(2_000);
  assert.equal(way.router.received, 0);
});
