/** Peers that find each other by local discovery (BEP 14), on the loopback interface. */

import assert from "node:assert/strict";
import { eventually } from "../../support/engines.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { TestWorker } from "../../support/workers.ts";

/** A torrent that no other run of the tests announces. */
function ownSample() {
  const [seed] = crypto.getRandomValues(new Uint32Array(1));
  return sampleTorrent(600_000, { seed: seed! });
}

type Sample = ReturnType<typeof ownSample>;

function start(options: { lan?: boolean; readOnly?: boolean } = {}): Promise<TestWorker> {
  return TestWorker.start({ allowLocal: true, lan: true, ...options });
}

async function seed(worker: TestWorker, { infoHashHex, torrent, content }: Sample): Promise<void> {
  const filePath = worker.path(infoHashHex);
  await Deno.writeFile(filePath, content);
  const lengthBytes = content.length;
  await worker.api.seed([{ infoHashHex, torrent, filePath, lengthBytes, announceDueMs: 0 }]);
}

/** Downloads without an address of any peer. Without `torrent`, the metadata come from peers, too. */
async function download(
  worker: TestWorker,
  { infoHashHex, content }: Sample,
  { torrent, operation = 1 }: { torrent?: Uint8Array; operation?: number } = {},
): Promise<Uint8Array> {
  const filePath = worker.path(`${infoHashHex}-downloaded`);
  const maxBytes = content.length;
  await worker.api.download(operation, { infoHashHex, torrent, filePath, maxBytes, peers: [] });
  return await Deno.readFile(filePath);
}

/** An ST_SYN of uTP (BEP 29), and the first byte of the answer that refuses it. */
const SYN = Uint8Array.of(0x41, 0, 0x12, 0x34, ...new Uint8Array(12), 0, 1, 0, 0);
const ST_RESET = 0x31;

/** Waits for an announcement of a torrent, and returns its port. */
async function heardPort(infoHashHex: string): Promise<number> {
  const [group, port] = ["239.192.152.143", 6_771] as const;
  const socket = Deno.listenDatagram({
    ...{ transport: "udp", hostname: group, port },
    reuseAddress: true,
  });
  await socket.joinMulticastV4(group, "127.0.0.1");
  for (;;) {
    const [bytes] = await socket.receive();
    const text = new TextDecoder().decode(bytes);
    if (!text.includes(infoHashHex)) continue;
    socket.close();
    return Number(/^Port: (\d+)/m.exec(text)![1]);
  }
}

async function neighboursOf(worker: TestWorker): Promise<{ host: string; port: number }[]> {
  const { lan } = await worker.api.status();
  assert.equal(lan?.error, undefined);
  return lan!.neighbours.map(({ host, port }) => ({ host, port }));
}

Deno.test("a download finds a seeder of the local network, of which it knows nothing", async () => {
  const sample = ownSample();
  await using seeder = await start();
  await seed(seeder, sample);
  await using reader = await start({ readOnly: true });
  assert.deepEqual(await download(reader, sample), sample.content);
  assert.deepEqual((await neighboursOf(seeder)).map(({ host }) => host), [reader.address.host]);
});

Deno.test("a seeder that dials a reader by uTP is refused, and dialled by TCP instead", async () => {
  const sample = ownSample();
  // Without a DHT node, the seeder's UDP port is free for the test.
  await using seeder = await start({ lan: false });
  await seed(seeder, sample);
  await using reader = await start({ readOnly: true });
  const heard = heardPort(sample.infoHashHex);
  const done = download(reader, sample);
  const port = await heard;
  assert.notEqual(port, reader.address.port);
  const ours = { transport: "udp", hostname: "127.0.0.1", port: seeder.address.port } as const;
  const utp = Deno.listenDatagram(ours);
  const dial = () => utp.send(SYN, { transport: "udp", hostname: "127.0.0.1", port });
  await dial();
  // As any uTP, it dials until it is answered, for a datagram may be lost.
  const dialling = setInterval(dial, 1_000);
  const [[type], from] = await utp.receive();
  assert.equal(type, ST_RESET);
  assert.equal((from as Deno.NetAddr).port, port);
  assert.deepEqual(await done, sample.content);
  clearInterval(dialling);
  utp.close();
});

Deno.test("a seeder that starts later finds a waiting download", async () => {
  const sample = ownSample();
  await using reader = await start({ readOnly: true });
  const done = download(reader, sample, { torrent: sample.torrent });
  await eventually(async () => (await reader.api.status()).lan !== undefined, "the download");
  await using seeder = await start();
  await seed(seeder, sample);
  assert.deepEqual(await done, sample.content);
  // A seeder at a port above 6881 is heard at a second one, too.
  const hosts = (await neighboursOf(reader)).map(({ host }) => host);
  assert.deepEqual(new Set(hosts), new Set([seeder.address.host]));
});

Deno.test("a program with local discovery off is not found, and finds nobody", async () => {
  const [quiet, heard] = [ownSample(), ownSample()];
  await using seeder = await start({ lan: false });
  await seed(seeder, quiet);
  await using other = await start();
  await seed(other, heard);
  await using reader = await start({ readOnly: true });
  const failed = download(reader, quiet, { operation: 7 }).catch(() => "ended");
  assert.deepEqual(await download(reader, heard), heard.content);
  assert.equal((await seeder.api.status()).lan, undefined);
  assert.deepEqual((await neighboursOf(other)).map(({ host }) => host), [reader.address.host]);
  await reader.api.cancel(7);
  assert.equal(await failed, "ended");
});

Deno.test("a seeder that ends with its command announces nothing", async () => {
  const sample = ownSample();
  await using seeder = await start({ readOnly: true });
  await seed(seeder, sample);
  await using other = await start();
  await seed(other, sample);
  await using reader = await start({ readOnly: true });
  assert.deepEqual(await download(reader, sample), sample.content);
  assert.deepEqual(await neighboursOf(seeder), []);
});
