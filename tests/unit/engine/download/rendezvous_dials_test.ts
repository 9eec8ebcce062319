/** Tests which peers of a publisher's rendezvous are dialled, on a torrent that only counts dials. */

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { PeerAddress } from "../../../../src/dht/mod.ts";
import { PublisherPeers, RendezvousDials } from "../../../../src/engine/download/mod.ts";
import type { Torrent, Wire } from "../../../../src/engine/libraries/mod.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";

const infoHashHex = "ab".repeat(20);
const publisherHex = "cd".repeat(32);
const HOUR_MS = 3_600_000;

/** A download that never ends, whose tick is that of the clock. */
function download(clock = new FakeClock(), known = new PublisherPeers(clock)) {
  const dialled: string[] = [];
  const removed: string[] = [];
  const refused = new Set<string>();
  const torrent = Object.assign(new EventEmitter(), {
    ...{ infoHash: infoHashHex, destroyed: false, done: false, wires: [] as Wire[] },
    _peers: new Map(),
    addPeer(address: string) {
      if (refused.has(address)) {
        torrent.emit("refused", address, "port");
        return false;
      }
      dialled.push(address);
      torrent.emit("dial", address, new EventEmitter());
      return true;
    },
    removePeer: (address: string) => void removed.push(address),
  });
  const dials = new RendezvousDials({
    ...{ torrent: torrent as unknown as Torrent, clock, infoHashHex, publisherHex, known },
    random: () => 0.999_999,
  });
  return {
    ...{ clock, known, torrent, dialled, removed, refused, dials },
    /** Lets dials end without a handshake. */
    async fruitless(...addresses: string[]) {
      for (const address of addresses) torrent.emit("fruitless", address);
      await settle();
    },
    /** Completes the handshake with a peer. */
    meet(address: string): Wire & EventEmitter {
      const wire: EventEmitter & { downloaded: number; destroy?: () => void } = Object.assign(
        new EventEmitter(),
        { downloaded: 0 },
      );
      wire.destroy = () => wire.emit("close");
      const met = wire as unknown as Wire & EventEmitter;
      torrent.wires.push(met);
      torrent.emit("wire", met, address);
      return met;
    },
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += 250) {
        await clock.advance(250);
        dials.update();
        await settle();
      }
    },
  };
}

/** Peers on machines of their own. */
function machines(net: number, count: number): PeerAddress[] {
  return Array.from(
    { length: count },
    (_, i) => ({ host: `8.${net}.${i >> 8}.${i & 255}`, port: 7_000 }),
  );
}

const textOf = ({ host, port }: PeerAddress) => `${host}:${port}`;

Deno.test("eight peers are dialled at first, and more each second while none sends anything", async () => {
  const at = download();
  at.dials.add(1, machines(1, 200));
  assert.equal(at.dialled.length, 8);
  await at.pass(1_000);
  assert.equal(at.dialled.length, 16);
  await at.pass(2_500);
  assert.equal(at.dialled.length, 32);
});

Deno.test("each node's peers are drawn evenly, however many it names and others name again", () => {
  const at = download();
  const honest = machines(1, 3);
  at.torrent.infoHash = "";
  // A node that answers first names the honest peers too, among many of its own.
  at.dials.add(1, [...honest, ...machines(2, 250)]);
  at.dials.add(1, honest);
  at.torrent.infoHash = infoHashHex;
  at.torrent.emit("infoHash");
  assert.equal(at.dialled.length, 8);
  for (const peer of honest) assert.ok(at.dialled.includes(textOf(peer)), textOf(peer));
});

Deno.test("an address is dialled at one port before any is dialled at a second port", () => {
  const at = download();
  at.torrent.infoHash = "";
  at.dials.add(1, Array.from({ length: 250 }, (_, i) => ({ host: "9.9.9.9", port: 7_000 + i })));
  at.dials.add(1, machines(1, 4));
  at.torrent.infoHash = infoHashHex;
  at.torrent.emit("infoHash");
  const ofOne = at.dialled.filter((address) => address.startsWith("9.9.9.9:"));
  assert.equal(at.dialled.length, 8);
  assert.equal(at.dialled.slice(0, 5).filter((address) => ofOne.includes(address)).length, 1);
  for (const peer of machines(1, 4)) assert.ok(at.dialled.slice(0, 5).includes(textOf(peer)));
});

Deno.test("a peer without the archive is not asked again for an hour, by any download", async () => {
  const at = download();
  const [liar] = machines(1, 1);
  at.dials.add(1, [liar!]);
  await at.fruitless(textOf(liar!));
  for (let search = 2; search < 50; search++) at.dials.add(search, [liar!]);
  assert.deepEqual(at.dialled, [textOf(liar!)]);

  const later = download(at.clock, at.known);
  later.dials.add(1, [liar!]);
  assert.deepEqual(later.dialled, []);
  await at.clock.advance(HOUR_MS);
  later.dials.add(2, [liar!]);
  assert.deepEqual(later.dialled, [textOf(liar!)]);
});

Deno.test("a peer that lacks one archive is asked for another one", async () => {
  const at = download();
  const [peer] = machines(1, 1);
  at.dials.add(1, [peer!]);
  await at.fruitless(textOf(peer!));
  assert.ok(at.known.lacks(infoHashHex, textOf(peer!)));
  assert.equal(at.known.lacks("00".repeat(20), textOf(peer!)), false);
});

Deno.test("of a thousand peers that end the connection, all are asked once, and those that answer too", async () => {
  const at = download();
  const honest = new Set(machines(9, 10).map(textOf));
  const all = [...machines(1, 500), ...machines(2, 500), ...machines(9, 10)];
  // Eight nodes hold all peers, and each names a part of them, in another order.
  for (let node = 0; node < 8; node++) {
    at.dials.add(1, all.filter((_, i) => (i * 7 + node) % 8 < 2));
  }
  let judged = 0;
  while (judged < at.dialled.length) {
    const next = at.dialled.slice(judged);
    judged = at.dialled.length;
    for (const address of next) if (honest.has(address)) at.meet(address).emit("piece");
    await at.fruitless(...next.filter((address) => !honest.has(address)));
  }
  assert.equal(new Set(at.dialled).size, at.dialled.length, "none is asked twice");
  assert.equal(at.dialled.length, 1_010);
});

Deno.test("an address that the dial budget refuses takes nobody's place", () => {
  const at = download();
  for (const peer of machines(2, 20)) at.refused.add(textOf(peer));
  at.dials.add(1, [...machines(1, 8), ...machines(2, 20)]);
  assert.equal(at.dialled.length, 8);
});

Deno.test("a peer that completes no handshake gives its place up after four seconds, if others wait", async () => {
  const at = download();
  at.dials.add(1, machines(1, 100));
  await at.pass(4_250);
  assert.equal(at.removed.length, 8);
  assert.ok(at.known.lacks(infoHashHex, at.removed[0]!));

  const alone = download();
  alone.dials.add(1, machines(1, 3));
  await alone.pass(20_000);
  assert.deepEqual(alone.removed, []);
});

Deno.test("a peer that has no piece is let go after ten seconds, and one that sends nothing if others wait", async () => {
  const at = download();
  at.dials.add(1, machines(1, 2));
  const [empty, silent] = at.dialled as [string, string];
  const wires = [at.meet(empty), at.meet(silent)];
  wires[0]!.emit("bitfield", { buffer: new Uint8Array(4) });
  wires[1]!.emit("bitfield", { buffer: Uint8Array.of(0, 1) });
  await at.pass(10_250);
  assert.ok(at.known.lacks(infoHashHex, empty));
  await at.pass(20_000);
  assert.equal(at.known.lacks(infoHashHex, silent), false);
  // The silent peer has its place as long as nobody else wants it.
  at.dials.add(2, machines(2, 100));
  let isClosed = false;
  wires[1]!.once("close", () => isClosed = true);
  await at.pass(250);
  assert.ok(isClosed);
  assert.equal(at.known.lacks(infoHashHex, silent), false, "it may only be busy");
});

Deno.test("peers that sent an archive are dialled first for the publisher's next one, before any search", async () => {
  const at = download();
  at.dials.add(1, machines(1, 8));
  const useful = at.dialled[3]!;
  at.meet(useful).emit("piece");
  await settle();
  const next = download(at.clock, at.known);
  assert.deepEqual(next.dialled, [useful]);
});

Deno.test("no more peers are dialled while ten send", async () => {
  const at = download();
  at.dials.add(1, machines(1, 200));
  await at.pass(1_000);
  for (const address of at.dialled.slice(0, 10)) {
    const wire = at.meet(address);
    wire.downloaded = 1;
    wire.emit("piece");
  }
  const before = at.dialled.length;
  await at.pass(3_000);
  assert.equal(at.dialled.length, before);
});

Deno.test("the end of a download makes no liars of its peers", async () => {
  const at = download();
  at.dials.add(1, machines(1, 2));
  at.torrent.destroyed = true;
  at.meet(at.dialled[0]!).emit("close");
  await at.fruitless(at.dialled[1]!);
  assert.equal(at.known.size.lacking, 0);
});

Deno.test("the memory of peers is bounded", () => {
  const clock = new FakeClock();
  const known = new PublisherPeers(clock);
  for (let i = 0; i < 20_000; i++) known.noteLacking(infoHashHex, `8.8.${i >> 8}.${i & 255}:7000`);
  assert.equal(known.size.lacking, 16_384);
  assert.ok(known.lacks(infoHashHex, `8.8.${19_999 >> 8}.${19_999 & 255}:7000`));
  for (let i = 0; i < 300; i++) {
    for (let peer = 0; peer < 20; peer++) known.noteUseful(String(i), `8.8.8.${peer}:7000`);
  }
  assert.equal(known.size.publishers, 256);
  assert.equal(known.useful("299").length, 16);
  assert.deepEqual(known.useful("0"), []);
});
