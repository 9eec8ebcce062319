/**
 * Tests failures of the DHT manager at its start, in a call and in a timer. The worker still serves
 * archives, and logs the failure.
 */

import assert from "node:assert/strict";
import { equalBytes, systemClock, toHex } from "../../../src/base/mod.ts";
import { DhtManager, type DhtManagerOptions } from "../../../src/dht/mod.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import { encodeItem, targetOf } from "../../../src/records/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import type { WorkerEvent } from "../../../src/worker/mod.ts";
import { WorkerRuntime } from "../../../src/worker/runtime.ts";
import { addressOf, eventually, TestEngine } from "../../support/engines.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { signedItem } from "../../support/signed.ts";

const sample = sampleTorrent(300 * 1024);
const item = signedItem(generateKeyPair(), { salt: new Uint8Array(), seq: 1, value: bencode("x") });

/** A clock with timers that run twenty times as fast. */
const hasty = {
  now: systemClock.now,
  after: (delayMs: number, fire: () => void) => systemClock.after(delayMs / 20, fire),
};

/** Starts a worker runtime with the given DHT manager, and a file to seed. */
async function startRuntime(createManager: (options: DhtManagerOptions) => DhtManager) {
  const testnet = await startTestnet({ nodes: 10 });
  const events: WorkerEvent[] = [];
  const runtime = new WorkerRuntime(hasty, (event) => events.push(event), { createManager });
  const { port } = await runtime.start({
    allowLocal: true,
    lan: false,
    ...{ port: 0, dht: true, bootstrap: [addressOf(testnet.bootstrap)], knownNodes: [] },
    ...{
      maxConnections: 10,
      maxIncoming: 10,
      encryption: "prefer" as const,
      readOnly: false,
      storeNodes: 8,
      minNodes: 4,
    },
    ...{ dhtPacketsPerSecond: 1_000, reannounceIntervalMs: 3_600_000 },
    ...{ uploadBytesPerSecond: 0, downloadBytesPerSecond: 0 },
  });
  const directory = await Deno.makeTempDir();
  const filePath = `${directory}/seeded`;
  await Deno.writeFile(filePath, sample.content);
  return {
    runtime,
    events,
    said: () => events.flatMap((one) => one.event === "log" ? [one.message] : []),
    async seed() {
      const { infoHashHex, torrent, content } = sample;
      const torrentPath = `${directory}/seeded.torrent`;
      await Deno.writeFile(torrentPath, torrent);
      await runtime.seed([{
        ...{ infoHashHex, filePath, torrent, lengthBytes: content.length, announceDueMs: 0 },
      }]);
    },
    /** Downloads the whole file through a peer that connects to the runtime's address. */
    async assertServes() {
      await using peer = await TestEngine.start();
      const filePath = peer.path("downloaded");
      const { infoHashHex } = sample;
      const peers = [{ host: "127.0.0.1", port }];
      await peer.engine.download({ infoHashHex, filePath, maxBytes: 1 << 20, peers });
      assert.ok(equalBytes(await Deno.readFile(filePath), sample.content));
    },
    async [Symbol.asyncDispose]() {
      await runtime.stop(2_000);
      await testnet.close();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

/**
 * Makes a function that creates a DHT manager in which the given methods replace the real methods.
 */
function spoilt(methods: Partial<Record<keyof DhtManager, () => unknown>>) {
  return (options: DhtManagerOptions) => Object.assign(new DhtManager(options), methods);
}

Deno.test("when the manager does not start, archives are served, and status and operations give the reason", async () => {
  await using at = await startRuntime(() => {
    throw new TypeError("out of order");
  });
  await at.seed();
  await at.assertServes();
  const { dht, manager, schedule } = await at.runtime.status();
  const why = "the DHT manager did not start: out of order";
  assert.deepEqual(dht, { state: "off", why });
  assert.equal(manager.puts, 0);
  assert.deepEqual(schedule, { kept: 1, overdue: 1 });
  const states = at.events.flatMap((one) => one.event === "dht" ? [one.state] : []);
  assert.deepEqual(states.at(-1), { state: "off", why });
  await assert.rejects(at.runtime.get(1, item), { code: "DHT_OFF", message: new RegExp(why) });
  // An answer without peers would say that nobody is at the rendezvous.
  const question = { kind: "name" as const, name: "demo" };
  await assert.rejects(at.runtime.askRendezvous(3, question), { code: "DHT_OFF" });
  await at.runtime.keepRecords([{ item: encodeItem(item), dueMs: 0, failures: 0 }]);
  await at.runtime.announceNow(2, [toHex(targetOf(item.publicKey, item.salt))], true);
  const [report] = at.events.flatMap((one) => one.event === "announced" ? [one.report] : []);
  assert.equal(report?.error?.code, "DHT_OFF");
  // `configure` still works after the manager's failure.
  await at.runtime.configure({
    ...{ storeNodes: 8, minNodes: 8, dhtPacketsPerSecond: 10, reannounceIntervalMs: 3_600_000 },
    ...{ uploadBytesPerSecond: 0, downloadBytesPerSecond: 0 },
  });
});

for (
  const [how, fail] of [
    ["throws", () => {
      throw new TypeError("a defect");
    }],
    ["rejects", () => Promise.reject(new TypeError("a defect"))],
  ] as const
) {
  Deno.test(`when the manager ${how} in every call, archives are served, and the failure is logged once`, async () => {
    const names = ["get", "put", "findPeers", "announcePeer", "stop"] as const;
    await using at = await startRuntime(
      spoilt(Object.fromEntries(names.map((one) => [one, fail]))),
    );
    await at.runtime.keepRecords([{ item: encodeItem(item), dueMs: 0, failures: 0 }]);
    await at.seed();
    const ids = [toHex(targetOf(item.publicKey, item.salt)), sample.infoHashHex];
    const failed = (times: number) =>
      ids.every((id) =>
        at.events.some((one) =>
          one.event === "announced" && one.report.idHex === id && one.report.failures === times
        )
      );
    await eventually(() => failed(1), "record and torrent were tried");
    await at.runtime.announceNow(3, ids, false);
    assert.ok(failed(2), "they were not tried again");
    await assert.rejects(at.runtime.get(1, item), TypeError);
    await assert.rejects(at.runtime.findPeers(2, sample.infoHashHex), TypeError);
    await at.assertServes();
    assert.equal(at.said().length, 1);
    assert.match(at.said()[0]!, /the DHT manager failed.*a defect.*Seeding goes on/);
    assert.deepEqual(at.events.filter(({ event }) => event === "failure"), []);
  });
}

Deno.test("errors in the manager's timers end nothing, and are logged", async () => {
  await using at = await startRuntime((options) => {
    const manager = new DhtManager(options);
    for (let i = 0; i < 3; i++) {
      options.clock.after(100 * i, () => {
        throw new RangeError(`timer ${i}`);
      });
    }
    return manager;
  });
  await at.seed();
  await eventually(() => at.said().length === 3, "all of them were told of");
  for (const [i, message] of at.said().entries()) assert.match(message, new RegExp(`timer ${i}`));
  await at.assertServes();
  await at.runtime.keepRecords([{ item: encodeItem(item), dueMs: 0, failures: 0 }]);
  const held = () =>
    at.events.some((one) => one.event === "announced" && (one.report.put?.holding ?? 0) > 0);
  await eventually(held, "records go out all the same");
});
