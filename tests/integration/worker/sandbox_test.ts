import assert from "node:assert/strict";
import { equalBytes, toHex } from "../../../src/base/mod.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import { encodeItem, targetOf } from "../../../src/records/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { TestWorker } from "../../support/workers.ts";
import { signedItem } from "../../support/signed.ts";

const MAX_BYTES = 10 * 1024 * 1024;
const sample = sampleTorrent(700 * 1024);
const keys = generateKeyPair();
const salt = new TextEncoder().encode("a salt");
const item = signedItem(keys, { salt, seq: 1, value: bencode("x") });

function seedOrder(
  filePath: string,
  { torrent = sample.torrent, announceDueMs = Date.now() + 1e9 } = {},
) {
  const { infoHashHex, content } = sample;
  return { infoHashHex, torrent, filePath, lengthBytes: content.length, announceDueMs };
}

/** Returns whether a promise has settled after the given time. */
async function after(ms: number, promise: Promise<unknown>): Promise<"pending" | "settled"> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pending = new Promise<"pending">((resolve) => {
    timer = setTimeout(() => resolve("pending"), ms);
  });
  const settled = promise.then(() => "settled" as const, () => "settled" as const);
  const state = await Promise.race([pending, settled]);
  clearTimeout(timer);
  return state;
}

Deno.test("downloads, seeding and the DHT work inside the sandbox", async () => {
  await using testnet = await startTestnet({ nodes: 20 });
  await using worker = await TestWorker.start({ allowLocal: true, testnet });
  await using seeder = await TestEngine.start();
  await using leecher = await TestEngine.start();
  assert.equal(worker.started.dht.state, "on");
  await seeder.seed(sample);
  const filePath = worker.path("archive");
  const torrent = await worker.api.download(1, {
    infoHashHex: sample.infoHashHex,
    filePath,
    maxBytes: MAX_BYTES,
    peers: [seeder.address],
  });
  assert.ok(equalBytes(await Deno.readFile(filePath), sample.content));
  assert.ok(worker.events.some((event) => event.event === "progress" && event.operation === 1));

  await worker.api.seed([seedOrder(filePath, { torrent, announceDueMs: Date.now() })]);
  await eventually(() => worker.reports.length > 0, "the torrent is announced");
  assert.ok(worker.reports[0]!.announce!.stored > 0);
  const got = await leecher.download(sample, [], { peers: [worker.address] });
  assert.ok(equalBytes(got, sample.content));

  assert.equal((await worker.api.put(2, item)).holding, 8);
  assert.deepEqual((await worker.api.get(3, { publicKey: keys.publicKey, salt })).item, item);
  const status = await worker.api.status();
  assert.equal(status.port, worker.started.port);
  assert.equal((await worker.api.torrents()).length, 1);
  assert.ok(status.dhtNodes >= 8);
  assert.deepEqual(worker.failures, []);
});

Deno.test("kept records are announced when due and on demand, with reports", async () => {
  await using testnet = await startTestnet({ nodes: 20 });
  await using worker = await TestWorker.start({ allowLocal: true, testnet });
  const idHex = toHex(targetOf(keys.publicKey, salt));
  await worker.api.keepRecords([{
    item: encodeItem(item),
    dueMs: Date.now() + 1_800_000,
    failures: 0,
  }]);
  assert.equal(testnet.holders(idHex).length, 0);
  await worker.api.announceNow(7, [idHex, "ff".repeat(20)], true);
  await eventually(() => worker.reports.length > 0, "it is told");
  assert.ok(testnet.holders(idHex).length >= 7);
  const announced = worker.events.filter((event) =>
    event.event === "announced" && event.operation === 7
  );
  assert.equal(announced.length, 1);
  assert.deepEqual((await worker.api.status()).schedule, { kept: 1, overdue: 0 });
  await worker.api.forgetRecord(idHex);
  assert.deepEqual((await worker.api.status()).schedule, { kept: 0, overdue: 0 });
});

Deno.test("files outside the seed directory are neither written nor read nor served", async () => {
  await using worker = await TestWorker.start({ allowLocal: true });
  await using seeder = await TestEngine.start();
  await using leecher = await TestEngine.start();
  await seeder.seed(sample);
  const outside = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${outside}/secret`, sample.content);
    await Deno.symlink(`${outside}/secret`, worker.path("link"));
    await Deno.symlink(`${outside}/new`, worker.path("dangling"));
    const order = {
      infoHashHex: sample.infoHashHex,
      maxBytes: MAX_BYTES,
      peers: [seeder.address],
    };
    const names = ["secret", "new", "../secret"].map((name) => `${outside}/${name}`)
      .concat(
        ["link", "dangling", "../escaped"]
          .map((name) => `${worker.directory}/${name}`),
      );
    for (const [operation, filePath] of names.entries()) {
      await assert.rejects(
        worker.api.download(operation, { ...order, filePath }),
        { code: "TORRENT_FAILED" },
        filePath,
      );
    }
    assert.ok(equalBytes(await Deno.readFile(`${outside}/secret`), sample.content));
    assert.deepEqual(Array.from(Deno.readDirSync(outside), ({ name }) => name), ["secret"]);
    await assert.rejects(Deno.stat(`${worker.directory}/../escaped`), Deno.errors.NotFound);

    // While seeding, the worker opens the file when a peer requests a piece.
    for (
      const filePath of [`${outside}/secret`, worker.path("link")]
    ) {
      await worker.api.seed([seedOrder(filePath)]);
      const controller = new AbortController();
      let [downloadedBytes, met] = [0, 0];
      const downloading = leecher.download(sample, [], {
        peers: [worker.address],
        signal: controller.signal,
        onProgress: (progress) => {
          downloadedBytes = progress.downloadedBytes;
          met = progress.reach.met;
        },
      });
      await eventually(() => met > 0, "the worker is asked");
      assert.equal(await after(400, downloading), "pending", filePath);
      assert.equal(downloadedBytes, 0);
      controller.abort();
      await assert.rejects(downloading, { code: "DOWNLOAD_CANCELLED" });
    }
    assert.deepEqual(worker.failures, []);
  } finally {
    await Deno.remove(outside, { recursive: true });
  }
});

Deno.test("without allowLocal nothing on this machine can be reached", async () => {
  await using testnet = await startTestnet({ nodes: 10 });
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  await using worker = await TestWorker.start({ allowLocal: false, testnet });
  const got = await worker.api.get(1, { publicKey: keys.publicKey, salt });
  assert.equal(got.responded, 0);
  assert.ok(got.asked > 0);
  assert.ok(testnet.nodes.every(({ received }) => received.last.length === 0));
  const { port } = seeder.engine;
  const peers = ["127.0.0.1", "127.1.2.3", "0.0.0.0", "::1", "[::1]", "::", "localhost"]
    .map((host) => ({ host, port }));
  const downloading = worker.api.download(2, {
    infoHashHex: sample.infoHashHex,
    filePath: worker.path("archive"),
    maxBytes: MAX_BYTES,
    peers,
  });
  assert.equal(await after(800, downloading), "pending");
  assert.equal(seeder.engine.torrents()[0]!.uploadedBytes, 0);
  await worker.api.cancel(2);
  await assert.rejects(downloading, { code: "DOWNLOAD_CANCELLED" });
  const { traffic } = await worker.api.status();
  assert.ok(traffic!.unsent > 0);
  assert.deepEqual(worker.failures, []);
});

Deno.test("a worker that may listen on any port cannot reach other ports of this machine", async () => {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  await using worker = await TestWorker.start({ allowLocal: false, port: 0 });
  const { port } = seeder.engine;
  const hosts = [
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "0:0:0:0:0:0:0:0",
    "::ffff:0.0.0.0",
    "127.0.0.1",
    "::1",
  ];
  const downloading = worker.api.download(1, {
    infoHashHex: sample.infoHashHex,
    filePath: worker.path("archive"),
    maxBytes: MAX_BYTES,
    peers: hosts.flatMap((host) => [{ host, port }, { host: `[${host}]`, port }]),
  });
  assert.equal(await after(800, downloading), "pending");
  assert.equal(seeder.engine.torrents()[0]!.uploadedBytes, 0);
  await worker.api.cancel(1);
  await assert.rejects(downloading, { code: "DOWNLOAD_CANCELLED" });
});

Deno.test("errors keep their kind and code when they leave the worker", async () => {
  await using worker = await TestWorker.start({ allowLocal: true });
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  const order = {
    infoHashHex: sample.infoHashHex,
    filePath: worker.path("archive"),
    peers: [seeder.address],
  };
  await assert.rejects(worker.api.download(1, { ...order, maxBytes: 1_000 }), {
    name: "EngineError",
    code: "TORRENT_TOO_LARGE",
    kind: "verification",
  });
  await assert.rejects(worker.api.put(2, item), { code: "DHT_OFF", kind: "network" });
});

Deno.test("a taken TCP port is reported with its code", async () => {
  await using other = await TestEngine.start();
  await assert.rejects(TestWorker.start({ allowLocal: true, port: other.engine.port }), {
    code: "TCP_PORT_IN_USE",
    kind: "in-use",
  });
});

Deno.test("a stopped worker refuses calls, and its port is free", async () => {
  const worker = await TestWorker.start({ allowLocal: true });
  await worker.api.stop(2_000);
  await assert.rejects(
    worker.api.seed([seedOrder(worker.path("x"))]),
    { code: "ENGINE_CLOSED" },
  );
  Deno.listen({ port: worker.started.port }).close();
  await worker[Symbol.asyncDispose]();
});

Deno.test("no library prints to the terminal from inside the sandbox", async () => {
  const script = `
    import "${new URL("../../../src/worker/confined.ts", import.meta.url)}";
    import bencode from "bencode";
    bencode.encode({ n: 0.5 });
    console.error("printed");
    console.trace();
    process.emitWarning("warned");
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "--ext=ts", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    cwd: new URL("../../../", import.meta.url),
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.deepEqual([text(stdout), text(stderr)], ["", ""]);
});
