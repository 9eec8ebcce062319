import assert from "node:assert/strict";
import { concatBytes, utf8 } from "../../../src/base/mod.ts";
import { ArchiveStore } from "../../../src/engine/libraries/webtorrent/chunk_store.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { type SampleTorrent, sampleTorrent } from "../../support/torrents.ts";

const MIB = 1024 * 1024;
const BLOCK_BYTES = 16_384;
const LATE = 15;
const sample = sampleTorrent(32 * MIB);

/** A peer that requests many blocks at once and reads as fast as it can. */
class GreedyPeer implements Disposable {
  readonly #connection: Deno.TcpConn;
  received = 0;
  /** Called whenever bytes from the engine have arrived. */
  onReceived = () => {};

  static async connect(port: number, { infoHash }: SampleTorrent): Promise<GreedyPeer> {
    const peer = new GreedyPeer(await Deno.connect({ port }));
    const id = concatBytes(utf8("-XX0001-"), crypto.getRandomValues(new Uint8Array(12)));
    const reserved = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 4);
    const interested = Uint8Array.of(0, 0, 0, 1, 2);
    await peer.#connection.write(
      concatBytes(utf8("\x13BitTorrent protocol"), reserved, infoHash, id, interested),
    );
    return peer;
  }

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.#drain();
  }

  /** Requests the given number of bytes of the sample, starting over at its end. */
  async ask(lengthBytes: number): Promise<void> {
    const count = lengthBytes / BLOCK_BYTES;
    const bytes = new Uint8Array(count * 17);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < count; i++) {
      const block = i % (sample.content.length / BLOCK_BYTES);
      [13, 6 << 24].forEach((number, n) => view.setUint32(i * 17 + n * 4, number));
      [Math.floor(block / 16), block % 16 * BLOCK_BYTES, BLOCK_BYTES]
        .forEach((number, n) => view.setUint32(i * 17 + 5 + n * 4, number));
    }
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #drain(): Promise<void> {
    // Size of the read buffer. A small buffer would leave bytes in the system's socket buffer, and
    // the test would count them late.
    const buffer = new Uint8Array(MIB);
    try {
      for (let count; (count = await this.#connection.read(buffer)) !== null;) {
        this.received += count;
        this.onReceived();
      }
    } catch {
      // The test has closed the connection, so reading fails.
    }
  }
}

/** Delays every read from the archive, as if the disk were the bottleneck. */
function slowDisk(delayMs: number): Disposable {
  const { readInto } = ArchiveStore.prototype;
  ArchiveStore.prototype.readInto = function (start, target, done) {
    setTimeout(() => readInto.call(this, start, target, done), delayMs);
  };
  return { [Symbol.dispose]: () => void (ArchiveStore.prototype.readInto = readInto) };
}

Deno.test("late peers catch up with an early one that has queued its requests, and it is still served", async () => {
  using _disk = slowDisk(4);
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  using stack = new DisposableStack();
  const early = stack.use(await GreedyPeer.connect(seeder.engine.port, sample));
  const peers = () => seeder.engine.torrents()[0]!.peers;
  await eventually(() => peers() === 1, "it is a peer");
  await early.ask(512 * MIB);
  await eventually(() => early.received >= 16 * MIB, "it is ahead");
  const late: GreedyPeer[] = [];
  for (let n = 0; n < LATE; n++) {
    late.push(stack.use(await GreedyPeer.connect(seeder.engine.port, sample)));
  }
  await eventually(() => peers() === 1 + LATE, "all are peers");
  const had = () => [early, ...late].map(({ received }) => received);
  /**
   * Bytes received by all peers at two moments: when each late peer had received one MiB, and when
   * each had received five.
   */
  const reached: number[][] = [];
  for (const peer of late) {
    peer.onReceived = () => {
      const least = Math.min(...late.map(({ received }) => received));
      if (least >= (1 + 4 * reached.length) * MIB) reached.push(had());
    };
  }
  await Promise.all(late.map((peer) => peer.ask(8 * MIB)));
  await eventually(() => reached.length > 1, "they have five");
  const [before, after] = reached as [number[], number[]];
  const [earlyGot, ...lateGot] = after.map((bytes, n) => (bytes - before[n]!) / MIB);
  // Without fair queueing, the early peer with many requests would get as many bytes as each late
  // peer.
  assert.ok(earlyGot! < 2 && earlyGot! > 0.5, `${earlyGot} MiB`);
  assert.ok(Math.max(...lateGot) < 6 && Math.min(...lateGot) > 3, `${lateGot} MiB`);
});
