import assert from "node:assert/strict";
import { concatBytes, equalBytes, utf8 } from "../../../src/base/mod.ts";
import { bencode, type BValue } from "../../../src/bencode/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { testInOwnProcess } from "../../support/own_process.ts";
import { randomBytes, type SampleTorrent, sampleTorrent } from "../../support/torrents.ts";

const sample = sampleTorrent(600 * 1024);
const large = sampleTorrent(32 * 1024 * 1024);
const HANDSHAKE_BYTES = 68;

/** A peer connection to an engine, after the handshake (BEP 3, with BEP 6 and BEP 10). */
class RawPeer implements Disposable {
  readonly #connection: Deno.TcpConn;
  /** Whether the engine has closed the connection. */
  closed = false;
  /** Number of bytes that the peer has received. */
  received = 0;

  static async connect(
    port: number,
    { infoHash }: SampleTorrent,
    { reads = true } = {},
  ): Promise<RawPeer> {
    const peer = new RawPeer(await Deno.connect({ port }), { reads });
    const reserved = Uint8Array.of(0, 0, 0, 0, 0, 0x10, 0, 0x04);
    const id = concatBytes(utf8("-XX0001-"), crypto.getRandomValues(new Uint8Array(12)));
    await peer.send(utf8("\x13BitTorrent protocol"), reserved, infoHash, id);
    return peer;
  }

  constructor(connection: Deno.TcpConn, { reads = true } = {}) {
    this.#connection = connection;
    if (reads) this.drain();
  }

  async send(...parts: Uint8Array[]): Promise<void> {
    const bytes = concatBytes(...parts);
    try {
      for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
    } catch {
      this.closed = true;
    }
  }

  [Symbol.dispose](): void {
    try {
      this.#connection.close();
    } catch {
      // The connection cannot be closed again, because the engine has closed it already.
    }
  }

  /** Starts to read, and discards the received bytes. */
  async drain(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (let count; (count = await this.#connection.read(buffer)) !== null;) {
        this.received += count;
      }
    } catch {
      // The test closed the connection, or the engine reset it.
    }
    this.closed = true;
  }
}

function uint32(...numbers: number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 4);
  numbers.forEach((number, i) => new DataView(bytes.buffer).setUint32(i * 4, number));
  return bytes;
}

function message(id: number, ...parts: Uint8Array[]): Uint8Array {
  const body = concatBytes(Uint8Array.of(id), ...parts);
  return concatBytes(uint32(body.length), body);
}

function extended(id: number, payload: BValue | Uint8Array): Uint8Array {
  const bytes = payload instanceof Uint8Array ? payload : bencode(payload);
  return message(20, Uint8Array.of(id), bytes);
}

const most = 0xffffffff;
const handshake = extended(0, {
  m: { ut_metadata: 1, ut_pex: 2, lt_donthave: 3 },
  metadata_size: 9,
});
const attacks: [string, Uint8Array[]][] = [
  ["every message cut to its first byte", Array.from({ length: 256 }, (_, id) => message(id))],
  [
    "every message cut in the middle",
    Array.from({ length: 256 }, (_, id) => message(id, uint32(1))),
  ],
  [
    "every message twice as long",
    Array.from({ length: 256 }, (_, id) => message(id, uint32(1, 2, 3, 4, 5))),
  ],
  ["pieces that there are not", [4, 13, 17].map((id) => message(id, uint32(most)))],
  ["requests for what there is not", [
    message(2),
    message(6, uint32(most, most, most)),
    message(6, uint32(0, 0, most)),
    message(6, uint32(0, 2 ** 31, 16_384)),
    message(6, uint32(99, 0, 16_384)),
    message(6, uint32(0, 0, 0)),
  ]],
  ["a piece that nobody asked for", [message(7, uint32(0, 0), randomBytes(16_384, 1))]],
  ["a bitfield of no bytes", [message(5)]],
  ["a bitfield of a million bits", [message(5, new Uint8Array(125_000).fill(255))]],
  ["two bitfields, have-all and have-none", [
    message(5, Uint8Array.of(255)),
    message(5, Uint8Array.of(0)),
    message(14),
    message(15),
    message(14),
  ]],
  ["an extended message without an id", [message(20)]],
  ["extended messages that are no bencode", [
    extended(0, utf8("x")),
    handshake,
    ...[1, 2, 3, 4, 99].map((id) => extended(id, utf8("x"))),
  ]],
  ["bencode that loops npm:bencode", [
    extended(0, utf8("d-3:")),
    handshake,
    ...[1, 2, 3].map((id) => extended(id, utf8("d-3:e"))),
    ...[1, 2, 3].map((id) => extended(id, utf8("l-3:e"))),
  ]],
  ["an extended handshake with odd members", [
    extended(0, { m: 5, metadata_size: "x" }),
    extended(0, { m: [1, 2], metadata_size: -5 }),
    extended(0, { m: { ut_metadata: { toString: "x" } }, metadata_size: most }),
    extended(0, { m: { ut_metadata: [], ut_pex: {} }, metadata_size: 0 }),
    extended(0, { m: { toString: 1, constructor: 2, hasOwnProperty: 3 } }),
    extended(0, utf8("de")),
    extended(0, utf8("le")),
    extended(0, utf8("i5e")),
    extended(0, utf8("0:")),
  ]],
  ["extended messages with odd members", [
    handshake,
    extended(1, { msg_type: 0, piece: most }),
    extended(1, { msg_type: 0, piece: -1 }),
    extended(1, { msg_type: 1, piece: -1, total_size: most }),
    extended(1, { msg_type: 1, piece: "x" }),
    extended(1, { msg_type: [] }),
    extended(2, { added: 5, dropped: [1], "added.f": { a: 1 } }),
    extended(2, { added: new Uint8Array(7), added6: new Uint8Array(19) }),
    extended(2, { added: new Uint8Array(60_000) }),
    extended(3, uint32(most)),
    extended(3, new Uint8Array(1)),
  ]],
  ["lists thirty thousand deep", [extended(0, utf8("l".repeat(30_000)))]],
  ["random bytes", [randomBytes(50_000, 4)]],
];

Deno.test("nothing that a peer sends ends the engine or stops it from serving others", async () => {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  for (const [what, messages] of attacks) {
    using together = await RawPeer.connect(seeder.engine.port, sample);
    await together.send(...messages);
    // Each hostile message is also sent on a connection of its own, because the first message may
    // have ended the shared connection.
    for (const one of messages.slice(0, 12)) {
      using peer = await RawPeer.connect(seeder.engine.port, sample);
      await peer.send(one);
    }
    await using leecher = await TestEngine.start();
    const { torrent } = sample;
    const got = await leecher.download(sample, [seeder], { torrent });
    assert.ok(equalBytes(got, sample.content), what);
  }
});

Deno.test("nothing that a peer sends ends a download that another peer serves", async () => {
  await using seeder = await TestEngine.start({ uploadBytesPerSecond: 16 * 1024 });
  await using leecher = await TestEngine.start();
  await seeder.seed(sample);
  let isDone = false;
  const downloading = leecher.download(sample, [seeder]).finally(() => isDone = true);
  using peers = new DisposableStack();
  await eventually(() => leecher.engine.totals().peersConnected > 0, "it is under way");
  for (const [what, messages] of attacks) {
    const peer = peers.use(await RawPeer.connect(leecher.engine.port, sample));
    await peer.send(...messages);
    await eventually(() => peer.closed || peer.received >= HANDSHAKE_BYTES, `${what} is met`);
  }
  assert.ok(!isDone);
  seeder.engine.setLimits({ uploadBytesPerSecond: 0, downloadBytesPerSecond: 0 });
  assert.ok(equalBytes(await downloading, sample.content));
});

Deno.test("a peer that does not speak the protocol is disconnected", async () => {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  const wrong = [
    new Uint8Array(1_000),
    randomBytes(1_000, 8),
    concatBytes(utf8("\x13BitTorrent protocol"), new Uint8Array(48)),
  ];
  // Incomplete handshakes. The engine waits for the rest of the handshake, so the test does not
  // expect the engine to close these connections.
  const short = [utf8("GET / HTTP/1.1\r\n\r\n"), utf8("\x13BitTorrent protocol")];
  using peers = new DisposableStack();
  const open = async (opening: Uint8Array) => {
    const peer = peers.use(new RawPeer(await Deno.connect({ port: seeder.engine.port })));
    await peer.send(opening);
    return peer;
  };
  for (const opening of short) await open(opening);
  const opened = await Promise.all(wrong.map(open));
  for (const [i, peer] of opened.entries()) {
    await eventually(() => peer.closed, `opening ${i} is hung up on`);
  }
  await using leecher = await TestEngine.start();
  assert.ok(equalBytes(await leecher.download(sample, [seeder]), sample.content));
});

Deno.test("a message with a length of four gigabytes ends the connection and allocates no memory", async () => {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  using peer = await RawPeer.connect(seeder.engine.port, sample);
  await peer.send(uint32(most), Uint8Array.of(20));
  const chunk = new Uint8Array(1024 * 1024);
  for (let sent = 0; sent < 64 && !peer.closed; sent++) await peer.send(chunk);
  await eventually(() => peer.closed, "the engine has hung up");
});

/** Encodes request messages for blocks of 16 KiB, which cycle through the same 32 MiB. */
function requests(count: number, { id = 6 } = {}): Uint8Array {
  const bytes = new Uint8Array(count * 17);
  for (let i = 0; i < count; i++) {
    const block = i % 2_048;
    const place = uint32(Math.floor(block / 16), (block % 16) * 16_384, 16_384);
    bytes.set(message(id, place), i * 17);
  }
  return bytes;
}

/** Connects an unchoked peer that requests blocks but does not read the engine's answers. */
async function lazyPeer(seeder: TestEngine, of: SampleTorrent): Promise<RawPeer> {
  const peer = await RawPeer.connect(seeder.engine.port, of, { reads: false });
  await eventually(() => seeder.engine.torrents()[0]!.peers === 1, "it is a peer");
  // Message id of `interested` in the peer protocol (BEP 3).
  await peer.send(message(2));
  return peer;
}

testInOwnProcess(
  import.meta.url,
  "a peer that asks for a gigabyte and reads nothing has little of it held in memory",
  async () => {
    await using seeder = await TestEngine.start();
    await seeder.seed(large);
    const uploaded = () => seeder.engine.torrents()[0]!.uploadedBytes;
    using peer = await lazyPeer(seeder, large);
    const before = Deno.memoryUsage().rss;
    await peer.send(requests(60_000));
    await eventually(() => uploaded() > 1024 * 1024, "some of it is read");
    await new Promise((resolve) => setTimeout(resolve, 500));
    // The engine may have uploaded only as much as the system's socket buffers hold, plus a
    // megabyte.
    assert.ok(uploaded() < 16 * 1024 * 1024, `${uploaded()} bytes`);
    const grown = Deno.memoryUsage().rss - before;
    assert.ok(grown < 150 * 1024 * 1024, `${grown} bytes`);
    // Meanwhile the engine serves other peers. It also serves this peer as soon as the peer reads.
    await using leecher = await TestEngine.start();
    assert.ok(equalBytes(await leecher.download(large, [seeder]), large.content));
    peer.drain();
    await eventually(() => peer.received > 64 * 1024 * 1024, "it gets what it asked for");
  },
);

Deno.test("a peer with too many open requests is disconnected", async () => {
  await using seeder = await TestEngine.start();
  await seeder.seed(large);
  using peer = await lazyPeer(seeder, large);
  await peer.send(requests(70_000));
  await eventually(() => seeder.engine.torrents()[0]!.peers === 0, "the engine has hung up");
});

Deno.test("cancelled requests are not served", async () => {
  await using seeder = await TestEngine.start();
  await seeder.seed(large);
  using peer = await lazyPeer(seeder, large);
  const count = 1_500;
  await peer.send(requests(count), requests(count, { id: 8 }));
  peer.drain();
  await eventually(() => peer.received > 0, "it gets something");
  await new Promise((resolve) => setTimeout(resolve, 500));
  const { uploadedBytes } = seeder.engine.torrents()[0]!;
  assert.ok(uploadedBytes < count * 16_384 / 2, `${uploadedBytes} bytes`);
  // The engine serves requests that arrive after the excess requests.
  await peer.send(requests(2_048));
  await eventually(() => peer.received > 30 * 1024 * 1024, "it gets what it asked for");
});
