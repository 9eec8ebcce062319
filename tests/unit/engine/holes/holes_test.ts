/** Tests introductions (BEP 55) with peers that are mere objects. */

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Extension } from "../../../../src/engine/libraries/extensions/mod.ts";
import type { Torrent, Wire } from "../../../../src/engine/libraries/mod.ts";
import { Introductions } from "../../../../src/engine/holes/mod.ts";
import {
  decodeHoleMessage,
  encodeHoleMessage,
  HOLE_ERRORS,
  type HoleMessage,
} from "../../../../src/engine/holes/message.ts";
import type { HostPort } from "../../../../src/base/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const NAME = "ut_holepunch";

/** A connected peer: records what it is sent, and says what the test wants. */
class Peer extends EventEmitter {
  readonly received: HoleMessage[] = [];
  destroyed = false;
  peerExtendedMapping: Record<string, number>;
  peerExtendedHandshake: Record<string, unknown>;
  #extension: Extension | undefined;

  constructor(
    readonly remoteAddress: string,
    readonly remotePort: number,
    readonly type = "tcpOutgoing",
    { p, knows = true, ...more }: { p?: number; knows?: boolean; lr?: number; relay?: number } = {},
  ) {
    super();
    this.peerExtendedMapping = knows ? { [NAME]: 7 } : {};
    this.peerExtendedHandshake = { p, ...more };
  }

  use(extension: new (peer: Peer) => Extension): void {
    this.#extension = new extension(this);
  }

  extended(name: string, bytes: Uint8Array): void {
    assert.equal(name, NAME);
    this.received.push(decodeHoleMessage(bytes)!);
  }

  says(type: HoleMessage["type"], host: string, port: number): void {
    this.#extension!.onMessage(encodeHoleMessage({ type, peer: { host, port }, code: 0 }));
  }

  saysHello(): void {
    this.#extension!.onExtendedHandshake(this.peerExtendedHandshake);
  }
}

/** A torrent with some connected peers. */
function torrentWith(...peers: Peer[]) {
  const clock = new FakeClock();
  const added: string[] = [];
  const forgiven: unknown[] = [];
  const torrent = Object.assign(new EventEmitter(), {
    destroyed: false,
    infoHash: "a".repeat(40),
    addPeer: (address: string) => added.push(address),
    client: { dials: { forgiveFailures: (address: unknown) => forgiven.push(address) } },
  });
  const utpFirst: HostPort[] = [];
  const introductions = new Introductions({
    clock,
    wakeSeed: () => Promise.resolve(asTorrent),
    dialUtpFirst: (address) => utpFirst.push(address),
  });
  const asTorrent = torrent as unknown as Torrent;
  introductions.attach(asTorrent);
  const connect = (peer: Peer) => {
    torrent.emit("wire", peer);
    peer.saysHello();
  };
  for (const peer of peers) connect(peer);
  return { clock, torrent, introductions, added, forgiven, utpFirst, connect };
}

const message = (type: HoleMessage["type"], host: string, port: number, code = 0) => ({
  type,
  peer: { host, port },
  code,
});

Deno.test("two peers are told to connect to each other, each with the other's address", () => {
  const reader = new Peer("5.1.1.1", 40_000, "tcpIncoming", { p: 7_001 });
  const seeder = new Peer("::ffff:5.2.2.2", 50_000, "tcpIncoming", { p: 6_881 });
  torrentWith(reader, seeder);
  reader.says("rendezvous", "5.2.2.2", 6_881);
  assert.deepEqual(seeder.received, [message("connect", "5.1.1.1", 7_001)]);
  assert.deepEqual(reader.received, [message("connect", "5.2.2.2", 6_881)]);
});

Deno.test("a peer by uTP is at the port from which its packets come", () => {
  const reader = new Peer("5.1.1.1", 40_000, "utpIncoming", { p: 7_001 });
  const seeder = new Peer("5.2.2.2", 50_000, "utpIncoming", { p: 6_881 });
  torrentWith(reader, seeder);
  reader.says("rendezvous", "5.2.2.2", 50_000);
  assert.deepEqual(seeder.received, [message("connect", "5.1.1.1", 40_000)]);
});

Deno.test("a peer by uTP that is named by the port it listens on is introduced by the one its router took", () => {
  const reader = new Peer("5.1.1.1", 40_000, "tcpIncoming", { p: 7_001 });
  const seeder = new Peer("5.2.2.2", 50_000, "utpIncoming", { p: 6_881 });
  torrentWith(reader, seeder);
  reader.says("rendezvous", "5.2.2.2", 6_881);
  assert.deepEqual(seeder.received, [message("connect", "5.1.1.1", 7_001)]);
  assert.deepEqual(reader.received, [message("connect", "5.2.2.2", 50_000)]);
});

Deno.test("peers that we look for ourselves are dialled by uTP first", async () => {
  const { introductions, added, utpFirst } = torrentWith();
  await introductions.reachOut("a".repeat(40), [{ host: "5.2.2.2", port: 6_881 }]);
  assert.deepEqual(utpFirst, [{ host: "5.2.2.2", port: 6_881 }]);
  assert.deepEqual(added, ["5.2.2.2:6881"]);
});

Deno.test("an introduction that cannot be made is refused with the code of BEP 55", () => {
  const reader = new Peer("5.1.1.1", 7_001);
  const silent = new Peer("5.2.2.2", 6_881, "tcpOutgoing", { knows: false });
  const nowhere = new Peer("5.3.3.3", 4_000, "tcpIncoming");
  torrentWith(reader, silent, nowhere);
  reader.says("rendezvous", "5.9.9.9", 6_881);
  reader.says("rendezvous", "5.2.2.2", 6_881);
  reader.says("rendezvous", "5.1.1.1", 7_001);
  nowhere.says("rendezvous", "5.1.1.1", 7_001);
  assert.deepEqual(reader.received, [
    message("error", "5.9.9.9", 6_881, HOLE_ERRORS.notConnected),
    message("error", "5.2.2.2", 6_881, HOLE_ERRORS.noSupport),
    message("error", "5.1.1.1", 7_001, HOLE_ERRORS.noSelf),
  ]);
  assert.deepEqual(nowhere.received, [message("error", "5.1.1.1", 7_001, HOLE_ERRORS.noSuchPeer)]);
  assert.deepEqual(silent.received, []);
});

Deno.test("a peer to which we are introduced is dialled, whatever failed before", () => {
  const relay = new Peer("5.1.1.1", 6_881);
  const { added, forgiven } = torrentWith(relay);
  relay.says("connect", "5.2.2.2", 6_881);
  assert.deepEqual(added, ["5.2.2.2:6881"]);
  assert.deepEqual(forgiven, [{ host: "5.2.2.2", port: 6_881 }]);
});

Deno.test("for a dial without an answer, each peer that knows the extension is asked once", async () => {
  const first = new Peer("5.1.1.1", 6_881);
  const other = new Peer("5.4.4.4", 6_881, "tcpOutgoing", { knows: false });
  const { clock, torrent, connect } = torrentWith(first, other);
  torrent.emit("dial", "5.2.2.2:6881", new EventEmitter());
  await clock.advance(1_000);
  assert.deepEqual(first.received, []);
  await clock.advance(1_000);
  const asked = [message("rendezvous", "5.2.2.2", 6_881)];
  assert.deepEqual(first.received, asked);
  torrent.emit("dial", "5.2.2.2:6881", new EventEmitter());
  await clock.advance(10_000);
  assert.deepEqual(first.received, asked);
  assert.deepEqual(other.received, []);
  const later = new Peer("5.5.5.5", 6_881);
  connect(later);
  assert.deepEqual(later.received, asked, "a peer that connects later is asked, too");
  await clock.advance(200_000);
  const tooLate = new Peer("5.6.6.6", 6_881);
  connect(tooLate);
  assert.deepEqual(tooLate.received, []);
});

Deno.test("a dial that is answered needs no introduction", async () => {
  const relay = new Peer("5.1.1.1", 6_881);
  const { clock, torrent } = torrentWith(relay);
  const conn = new EventEmitter();
  torrent.emit("dial", "5.2.2.2:6881", conn);
  conn.emit("connect");
  await clock.advance(10_000);
  assert.deepEqual(relay.received, []);
});

Deno.test("a flood of messages moves few dials and few introductions", () => {
  const flooding = new Peer("5.1.1.1", 6_881);
  const victim = new Peer("5.2.2.2", 6_881);
  const { added } = torrentWith(flooding, victim);
  for (let i = 0; i < 1_000; i++) flooding.says("rendezvous", "5.2.2.2", 6_881);
  for (let i = 0; i < 1_000; i++) flooding.says("connect", `5.9.${i >> 8}.${i & 255}`, 6_881);
  assert.ok(victim.received.length + added.length <= 16);
});

Deno.test("a flood over many connections is limited, too", () => {
  const victim = new Peer("5.2.2.2", 6_881);
  const flooding = Array.from({ length: 100 }, (_, i) => new Peer(`5.1.1.${i}`, 6_881));
  torrentWith(victim, ...flooding);
  for (const peer of flooding) {
    for (let i = 0; i < 16; i++) peer.says("rendezvous", "5.2.2.2", 6_881);
  }
  assert.ok(victim.received.length <= 64);
});

Deno.test("seeders keep a connection if one of them cannot be dialled and the other can introduce it", () => {
  const { introductions: { relays } } = torrentWith();
  const keeps = (more: ConstructorParameters<typeof Peer>[3], host = "5.1.1.1") =>
    relays.keeps(new Peer(host, 6_881, "tcpIncoming", more) as unknown as Wire);
  assert.equal(keeps({ lr: 1 }), false);
  assert.equal(keeps({ lr: 1, relay: 1 }), true);
  assert.equal(keeps({ relay: 1 }), false, "another program");
  assert.equal(keeps({ lr: 1, relay: 1, knows: false }), false);
  relays.isWanted = true;
  assert.equal(keeps({ lr: 1 }), true);
  for (let i = 0; i < 100; i++) keeps({ lr: 1 }, `5.2.${i}.1`);
  assert.equal(keeps({ lr: 1 }), false, "enough");
});

Deno.test("one network cannot take all places for kept connections", () => {
  const { introductions: { relays } } = torrentWith();
  const keeps = (host: string) =>
    relays.keeps(
      new Peer(host, 6_881, "tcpIncoming", { lr: 1, relay: 1 }) as unknown as Wire,
    );
  const counts = [(i: number) => `5.1.1.${i}`, (i: number) => `2a00:1:1:${i}::1`].map((hostOf) =>
    Array.from({ length: 128 }, (_, i) => keeps(hostOf(i + 1))).filter(Boolean).length
  );
  assert.deepEqual(counts, [8, 8]);
  assert.equal(keeps("::ffff:5.1.1.200"), false);
  assert.equal(keeps("5.1.2.1"), true);
  assert.equal(keeps("2a00:1:2::1"), true);
});
