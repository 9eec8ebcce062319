import assert from "node:assert/strict";
import { concatBytes, equalBytes, utf8 } from "../../../src/base/mod.ts";
import { bencode, type BValue } from "../../../src/records/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { randomBytes, type SampleTorrent, sampleTorrent } from "../../support/torrents.ts";

const sample = sampleTorrent(600 * 1024);

/** A connection to an engine that has said its handshake (BEP 3, with BEP 6 and BEP 10). */
class RawPeer implements Disposable {
  readonly #connection: Deno.TcpConn;
  /** Whether the other side has closed the connection. */
  closed = false;

  static async connect(port: number, { infoHash }: SampleTorrent): Promise<RawPeer> {
    const peer = new RawPeer(await Deno.connect({ port }));
    const reserved = Uint8Array.of(0, 0, 0, 0, 0, 0x10, 0, 0x04);
    const id = concatBytes(utf8("-XX0001-"), crypto.getRandomValues(new Uint8Array(12)));
    await peer.send(utf8("\x13BitTorrent protocol"), reserved, infoHash, id);
    return peer;
  }

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.#drain();
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
      // It was closed from there.
    }
  }

  async #drain(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      while (await this.#connection.read(buffer) !== null);
    } catch {
      // Closed by us, or reset by them.
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
    // Each on its own too, for the first may have ended the connection.
    for (const one of messages.slice(0, 12)) {
      using peer = await RawPeer.connect(seeder.engine.port, sample);
      await peer.send(one);
    }
    await using leecher = await TestEngine.start();
    const got = await leecher.download(sample, [seeder]);
    assert.ok(equalBytes(got, sample.content), what);
  }
});

Deno.test("nothing that a peer sends ends a download that another peer serves", async () => {
  await using seeder = await TestEngine.start({ uploadLimit: 400 * 1024 });
  await using leecher = await TestEngine.start();
  await seeder.seed(sample);
  const downloading = leecher.download(sample, [seeder]);
  for (const [, messages] of attacks) {
    using peer = await RawPeer.connect(leecher.engine.port, sample);
    await peer.send(...messages);
  }
  assert.ok(equalBytes(await downloading, sample.content));
});

Deno.test("whoever does not speak the protocol is hung up on", async () => {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  const openings = [
    utf8("GET / HTTP/1.1\r\n\r\n"),
    new Uint8Array(1_000),
    randomBytes(1_000, 8),
    utf8("\x13BitTorrent protocol"),
    concatBytes(utf8("\x13BitTorrent protocol"), new Uint8Array(48)),
  ];
  for (const opening of openings) {
    using peer = new RawPeer(await Deno.connect({ port: seeder.engine.port }));
    await peer.send(opening);
  }
  await using leecher = await TestEngine.start();
  assert.ok(equalBytes(await leecher.download(sample, [seeder]), sample.content));
});

Deno.test("a message that is said to be of four gigabytes ends the connection, not the memory", async () => {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  using peer = await RawPeer.connect(seeder.engine.port, sample);
  await peer.send(uint32(most), Uint8Array.of(20));
  const chunk = new Uint8Array(1024 * 1024);
  for (let sent = 0; sent < 64 && !peer.closed; sent++) await peer.send(chunk);
  await eventually(() => peer.closed, "the engine has hung up");
});
