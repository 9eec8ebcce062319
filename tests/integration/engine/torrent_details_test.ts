/** Tests what engines tell of a torrent and its peers, while they exchange it. */

import assert from "node:assert/strict";
import { utf8, version } from "../../../src/base/mod.ts";
import type { PeerDetails, TorrentDetails } from "../../../src/engine/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { extendedMessage, WirePeer } from "../../support/wire_peer.ts";

const sample = sampleTorrent(6 * 1024 * 1024, { seed: 11 });
const { infoHashHex } = sample;
/** Upload limit at which the exchange of the sample takes long enough to look at it, bytes a second. */
const SLOW = 512 * 1024;

/** Downloads the sample slowly until both sides have told of each other, and returns what they told. */
async function exchange(seeder: TestEngine, leecher: TestEngine) {
  await seeder.seed(sample);
  const ending = new AbortController();
  const ended = leecher.download(sample, [seeder], { signal: ending.signal }).catch(() => {});
  const told = (at: TestEngine) => at.engine.torrentDetails(infoHashHex)?.details;
  let found: { up: TorrentDetails; down: TorrentDetails } | undefined;
  await eventually(() => {
    const [up, down] = [told(seeder), told(leecher)];
    const [taker, giver] = [up?.peers[0], down?.peers[0]];
    const isMoving = (taker?.uploadedBytes ?? 0) > 0 && (giver?.downloadedBytes ?? 0) > 0;
    if (up && down && isMoving && taker!.client && giver!.client) found = { up, down };
    return found !== undefined;
  }, "both sides tell of each other");
  ending.abort();
  await ended;
  return found!;
}

for (const transport of ["tcp", "utp"] as const) {
  for (const encryption of ["off", "require"] as const) {
    Deno.test(`both sides of an exchange tell of each other, by ${transport}, encryption ${encryption}`, async () => {
      const options = { transport, encryption, dht: true } as const;
      await using seeder = await TestEngine.start({ ...options, uploadBytesPerSecond: SLOW });
      await using leecher = await TestEngine.start(options);
      const { up, down } = await exchange(seeder, leecher);
      const [taker, giver] = [up.peers[0]!, down.peers[0]!];
      const common = { address: "127.0.0.1", client: `libreseed/${version}`, transport };
      const encrypted = encryption === "require";
      const shown = ({ address, client, transport, encrypted, incoming }: PeerDetails) => ({
        ...{ address, client, transport, encrypted, incoming },
      });
      assert.deepEqual(shown(taker), { ...common, encrypted, incoming: true });
      assert.deepEqual(shown(giver), { ...common, encrypted, incoming: false });
      assert.equal(giver.port, seeder.engine.port);
      assert.ok(taker.port > 0);
      const { pieces, pieceBytes } = up;
      assert.equal(pieces, Math.ceil(sample.content.length / pieceBytes));
      assert.equal(up.piecesHeld, pieces);
      assert.equal(giver.pieces, pieces);
      assert.ok(taker.pieces < pieces, "the download is not over");
      assert.ok(down.piecesHeld < pieces);
      assert.equal(down.pieces, pieces);
      assert.equal(taker.downloadedBytes, 0);
      assert.equal(giver.uploadedBytes, 0);
      for (const { peers, peersConnected } of [up, down]) {
        assert.equal(peers.length, 1);
        assert.equal(peersConnected, 1);
      }
    });
  }
}

Deno.test("a sleeping archive is described and stays asleep, without a timer or a torrent", async () => {
  const clock = new FakeClock();
  await using at = await TestEngine.start({ clock });
  const filePath = at.path("archive");
  const torrentPath = at.path("its.torrent");
  await Deno.writeFile(filePath, sample.content);
  await Deno.writeFile(torrentPath, sample.torrent);
  const order = { infoHashHex, filePath, torrent: torrentPath, lengthBytes: sample.content.length };
  await at.engine.seed([order]);
  const before = clock.timers;
  const { details, status } = at.engine.torrentDetails(infoHashHex)!;
  assert.equal(details!.pieces, Math.ceil(sample.content.length / details!.pieceBytes));
  assert.deepEqual({ ...details, pieceBytes: 0 }, {
    ...{ pieceBytes: 0, pieces: details!.pieces, piecesHeld: details!.pieces },
    ...{ peers: [], peersConnected: 0 },
  });
  assert.deepEqual(status, at.engine.torrents()[0]);
  assert.equal(clock.timers, before);
  assert.equal(at.engine.totals().peersKnown, 0);
  await Deno.writeFile(torrentPath, utf8("d4:infod-3:"));
  assert.deepEqual(at.engine.torrentDetails(infoHashHex), { status });
  assert.equal(at.engine.torrentDetails("00".repeat(20)), undefined);
});

/** Client names that peers claim, and the text that is shown. All peer ids begin with `-XX0001-`. */
const hostile: [name: string, claimed: Uint8Array | number, shown: string][] = [
  ["control characters", utf8("\x1b]0;owned\x07\r\n\u202eevil"), "]0;owned evil"],
  ["invalid UTF-8", Uint8Array.of(0xc3, 0x28, 0xff), "\ufffd(\ufffd"],
  ["ten thousand characters", utf8("x".repeat(10_000)), "x".repeat(64)],
  ["a number", 7, "XX 0.0.0.1"],
];
for (const [name, claimed, shown] of hostile) {
  Deno.test(`a client name of ${name} is shown as harmless text`, async () => {
    await using at = await TestEngine.start();
    await at.seed(sample);
    using _ = await WirePeer.dial(at.engine.port, sample, {
      opened: (self) => self.send(extendedMessage(0, { m: {}, v: claimed })),
    });
    const client = () => at.engine.torrentDetails(infoHashHex)?.details?.peers[0]?.client;
    await eventually(() => client() === shown, `the name ${JSON.stringify(shown)}`);
  });
}

Deno.test("a peer with an extended handshake of a megabyte is disconnected", async () => {
  await using at = await TestEngine.start();
  await at.seed(sample);
  const long = new Uint8Array(1_000_000).fill(0x61);
  using peer = await WirePeer.dial(at.engine.port, sample, {
    opened: (self) => self.send(extendedMessage(0, { m: {}, v: long })),
  });
  await eventually(() => peer.closed, "the connection is closed");
  await eventually(() => at.engine.torrents()[0]!.peers === 0, "the peer is gone");
  using _ = await WirePeer.dial(at.engine.port, sample, {
    opened: (self) => self.send(extendedMessage(0, { m: {}, v: long.subarray(0, 16_000) })),
  });
  const client = () => at.engine.torrentDetails(infoHashHex)?.details?.peers[0]?.client;
  await eventually(() => client() === "a".repeat(64), "a long one is taken");
});
