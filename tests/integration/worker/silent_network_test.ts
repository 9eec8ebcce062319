import assert from "node:assert/strict";
import { delay, systemClock, toHex } from "../../../src/base/mod.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import { encodeItem, targetOf } from "../../../src/records/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import type { WorkerEvent } from "../../../src/worker/mod.ts";
import { WorkerRuntime } from "../../../src/worker/runtime.ts";
import { eventually } from "../../support/engines.ts";
import { freePort } from "../../support/mod.ts";
import { signedItem } from "../../support/signed.ts";

/** A clock whose timers run twenty times as fast. */
const hurried = {
  now: systemClock.now,
  after: (delayMs: number, fire: () => void) => systemClock.after(delayMs / 20, fire),
};

async function startRuntime(port?: number) {
  const events: WorkerEvent[] = [];
  const runtime = new WorkerRuntime(hurried, (event) => events.push(event));
  await runtime.start({
    allowLocal: true,
    lan: false,
    ...{ port: 0, dht: true, knownNodes: [] },
    bootstrap: port === undefined ? [] : [{ host: "127.0.0.1", port }],
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
  const reports = () => events.flatMap((one) => one.event === "announced" ? [one.report] : []);
  return { runtime, reports };
}

const infoHashHex = "ab".repeat(20);
const torrent = { infoHashHex, filePath: "/nowhere", torrent: "/nowhere", lengthBytes: 1 };

Deno.test("due entries wait for the network without failing, and are announced once it is there", async () => {
  const port = await freePort();
  const { runtime, reports } = await startRuntime(port);
  try {
    const keys = generateKeyPair();
    const items = ["a", "b", "c"].map((name) =>
      signedItem(keys, { salt: new TextEncoder().encode(name), seq: 1, value: bencode(name) })
    );
    await runtime.keepRecords(
      items.map((item) => ({ item: encodeItem(item), dueMs: 0, failures: 0 })),
    );
    await runtime.seed([{ ...torrent, announceDueMs: 0 }]);
    await eventually(async () => {
      const { dht } = await runtime.status();
      return dht.state === "on" && dht.silent === true;
    }, "nobody answers");
    await delay(systemClock, 300);
    assert.deepEqual(reports(), []);
    assert.deepEqual((await runtime.status()).schedule, { kept: 4, overdue: 4 });
    // An explicit request to announce is answered with its outcome, although automatic
    // announcements wait for a node.
    await runtime.announceNow(1, [infoHashHex], true);
    assert.equal(reports()[0]!.failures, 1);

    await using testnet = await startTestnet({ nodes: 20, port });
    // The first announcement may come too early, before the nodes of the test network have started.
    const last = () => new Map(reports().map((report) => [report.idHex, report.failures]));
    await eventually(() => last().size === 4, "all have been tried");
    await eventually(() => [...last().values()].every((failures) => failures === 0), "and held");
    assert.deepEqual((await runtime.status()).dht, { state: "on" });
    for (const { publicKey, salt } of items) {
      assert.equal(testnet.holders(toHex(targetOf(publicKey, salt))).length, 8);
    }
  } finally {
    await runtime.stop(1_000);
  }
});

Deno.test("nothing is announced while the network is away, and everything is after it returns", async () => {
  const port = await freePort();
  const testnet = await startTestnet({ nodes: 20, port });
  const { runtime, reports } = await startRuntime(port);
  try {
    await eventually(async () => (await runtime.status()).dhtNodes >= 8, "the table is filled");
    await testnet[Symbol.asyncDispose]();
    let asked = 0;
    await eventually(async () => {
      await runtime.findPeers(++asked, toHex(crypto.getRandomValues(new Uint8Array(20))));
      const { dht } = await runtime.status();
      return dht.state === "on" && dht.silent === true;
    }, "nobody answers any more");
    assert.ok((await runtime.knownNodes()).length > 0, "they are remembered");
    await runtime.seed([{ ...torrent, announceDueMs: 0 }]);
    await delay(systemClock, 300);
    assert.deepEqual(reports(), []);

    await using _again = await startTestnet({ nodes: 20, port });
    await eventually(() => reports().length === 1, "it has been announced");
    assert.equal(reports()[0]!.failures, 0);
  } finally {
    await runtime.stop(1_000);
  }
});

Deno.test("without a node to ask, the state says so until one is named", async () => {
  const { runtime } = await startRuntime();
  try {
    const { dht } = await runtime.status();
    assert.deepEqual(dht, { state: "on", silent: true, alone: true });
    await runtime.addBootstrap([{ host: "127.0.0.1", port: await freePort() }]);
    assert.deepEqual((await runtime.status()).dht, { state: "on", silent: true });
  } finally {
    await runtime.stop(1_000);
  }
});
