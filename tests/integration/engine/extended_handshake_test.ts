/**
 * Tests what our engine tells its peers in the handshakes and by peer exchange (BEP 10, 11, 20, 21).
 */

import assert from "node:assert/strict";
import { version } from "../../../src/base/mod.ts";
import { bdecode } from "../../../src/bencode/mod.ts";
import { makePeerId, type PeerHandshake } from "../../../src/engine/extended_handshake.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { fastClock } from "../../support/fast_clock.ts";
import { compactPeer } from "../../support/peer_exchange.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { extendedMessage, WirePeer } from "../../support/wire_peer.ts";

const sample = sampleTorrent(64 * 1024);
const EXTENDED = 20;
const PEX = 7;

type Told = Map<string, unknown>;
type Handshake = Record<string, number | string | Uint8Array>;

/** Connects a peer that keeps the extended messages it gets, by their ids. */
async function meet(at: TestEngine, torrent = sample, handshake: Handshake = {}) {
  const got = new Map<number, Told[]>();
  const peer = await WirePeer.dial(at.engine.port, torrent, {
    opened: (self) => self.send(extendedMessage(0, { m: { ut_pex: PEX }, ...handshake })),
    message(_, id, body) {
      if (id !== EXTENDED) return;
      const messages = got.get(body[0]!) ?? [];
      got.set(body[0]!, messages);
      messages.push(bdecode(body.slice(1)) as Told);
    },
  });
  return { peer, got: (id: number) => got.get(id) ?? [] };
}

/** A clock on which a minute passes in 60 ms. */
const fast = fastClock(1_000);

Deno.test("a peer is told our program, port, limits and its own address", async () => {
  await using at = await TestEngine.start();
  await at.seed(sample);
  const { peer, got } = await meet(at);
  using _ = peer;
  await eventually(() => got(0).length > 0, "the extended handshake");
  const [told] = got(0) as [Told];
  assert.equal(new TextDecoder().decode(told.get("v") as Uint8Array), `libreseed/${version}`);
  assert.equal(told.get("p"), at.engine.port);
  assert.equal(told.get("reqq"), 2_048);
  assert.deepEqual(told.get("yourip"), Uint8Array.of(127, 0, 0, 1));
  assert.equal(told.get("upload_only"), 1);
  assert.equal(told.get("lr"), 1);
});

Deno.test("a peer's word about our address and its own program is passed on", async () => {
  const said: PeerHandshake[] = [];
  await using at = await TestEngine.start({ onPeerHandshake: (one) => said.push(one) });
  await at.seed(sample);
  const six = new Uint8Array(16).fill(0x2a);
  const handshakes: Handshake[] = [
    { yourip: Uint8Array.of(203, 0, 113, 9), lr: 1 },
    { yourip: six },
    { yourip: Uint8Array.of(1, 2, 3), lr: "1" },
    { yourip: 7 },
  ];
  for (const handshake of handshakes) {
    const before = said.length;
    const { peer } = await meet(at, sample, handshake);
    using _ = peer;
    await eventually(() => said.length > before, "the peer's handshake");
  }
  assert.deepEqual(said.map(({ peer }) => peer.replace("::ffff:", "")), Array(4).fill("127.0.0.1"));
  assert.deepEqual(said.map(({ peer: _, isDialled: _isDialled, ...rest }) => rest), [
    { yourIp: Uint8Array.of(203, 0, 113, 9), libreseed: 1 },
    { yourIp: six },
    {},
    {},
  ]);
});

Deno.test("the peer id names libreseed and its version, and differs each time", () => {
  const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
  assert.match(text(makePeerId()).slice(0, 8), /^-LS[0-9A-Z]{3}0-$/);
  assert.equal(text(makePeerId("1.12.300-beta.1")).slice(0, 8), "-LS1CZ0-");
  assert.equal(makePeerId().length, 20);
  assert.notDeepEqual(makePeerId(), makePeerId());
});

Deno.test("peers that told their port are named to others once, and dropped when they are gone", async () => {
  await using at = await TestEngine.start({ clock: fast });
  await at.seed(sample);
  const asking = await meet(at);
  using _asking = asking.peer;
  const named = await meet(at, sample, { p: 7_001 });
  const silent = await meet(at);
  using _silent = silent.peer;
  using _named = named.peer;
  await eventually(() => asking.got(PEX).length === 1, "the others are named");
  const [told] = asking.got(PEX) as [Told];
  assert.deepEqual(told.get("added"), compactPeer({ port: 7_001 }));
  assert.equal((told.get("added.f") as Uint8Array).length, 1);
  assert.equal((told.get("dropped") as Uint8Array).length, 0);
  assert.deepEqual(named.got(PEX), [], "nobody is named to itself");
  named.peer[Symbol.dispose]();
  await eventually(() => asking.got(PEX).length === 2, "the end is told");
  const [, after] = asking.got(PEX) as [Told, Told];
  assert.deepEqual(after.get("dropped"), compactPeer({ port: 7_001 }));
  assert.equal((after.get("added") as Uint8Array).length, 0);
});

Deno.test("a peer's port below 1024, or of another type, is not passed on", async () => {
  await using at = await TestEngine.start({ clock: fast });
  await at.seed(sample);
  const asking = await meet(at);
  using _asking = asking.peer;
  const peers = [];
  for (const p of [22, 0, -1, 70_000]) peers.push((await meet(at, sample, { p })).peer);
  const good = await meet(at, sample, { p: 7_002 });
  await eventually(() => asking.got(PEX).length > 0, "the good port is named");
  assert.deepEqual(asking.got(PEX)[0]!.get("added"), compactPeer({ port: 7_002 }));
  for (const peer of [...peers, good.peer]) peer[Symbol.dispose]();
});

Deno.test("a message names at most 50 peers; the others follow in the next", async () => {
  await using at = await TestEngine.start({ clock: fast });
  await at.seed(sample);
  const peers = [];
  for (let i = 0; i < 60; i++) peers.push((await meet(at, sample, { p: 10_000 + i })).peer);
  const asking = await meet(at);
  using _asking = asking.peer;
  const named = () => asking.got(PEX).map((told) => (told.get("added") as Uint8Array).length / 6);
  await eventually(() => named().reduce((sum, count) => sum + count, 0) === 60, "all are named");
  assert.ok(named().every((count) => count <= 50), String(named()));
  for (const peer of peers) peer[Symbol.dispose]();
});

Deno.test("peer exchange is not offered for a private torrent", async () => {
  const hidden = sampleTorrent(64 * 1024, { info: { private: 1 } });
  await using at = await TestEngine.start();
  await at.seed(hidden);
  const { peer, got } = await meet(at, hidden);
  using _ = peer;
  await eventually(() => got(0).length > 0, "the extended handshake");
  const extensions = got(0)[0]!.get("m") as Told;
  assert.equal(extensions.get("ut_pex"), undefined);
  assert.equal(typeof extensions.get("ut_metadata"), "number");
});
