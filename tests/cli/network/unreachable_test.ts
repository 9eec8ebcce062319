/**
 * Tests the error of `libreseed get` when peers are known but send no data. The error distinguishes
 * a port that refuses connections, a port that never answers, and a peer that sends nothing.
 */

import assert from "node:assert/strict";
import { sampleTorrent } from "../../support/torrents.ts";
import { type WireBehaviour, WireListener, wireMessage } from "../../support/wire_peer.ts";
import { freePort } from "../../support/mod.ts";
import { newPlace, together } from "../../support/place.ts";

const HAVE_ALL = 14;

const ways: [reason: string, behaviour: WireBehaviour | undefined, says: RegExp][] = [
  ["none-known", undefined, /the DHT has named none in this time/],
  [
    "unreachable",
    undefined,
    /1 peer of [0-9a-f]{40} is known, and none could be reached .* 1 tried/,
  ],
  ["no-handshake", { handshake: new Uint8Array() }, /none spoke BitTorrent/],
  ["no-pieces", {}, /none has a piece/],
  [
    "choked",
    { opened: (peer) => peer.send(wireMessage(HAVE_ALL)) },
    /they choke us/,
  ],
];

Deno.test("get distinguishes no known peers, unreachable peers, and peers that send nothing", async () => {
  await using place = await newPlace({ nodes: 4 });
  await together(ways.map(async ([reason, behaviour, says], seed) => {
    // Each case has an archive of its own. With a shared archive, the downloading processes would
    // find each other as peers.
    const sample = sampleTorrent(64 * 1024, { seed });
    using listener = behaviour && new WireListener(sample, () => behaviour);
    const home = await place.home(null);
    const port = listener?.address.port ?? await freePort();
    const peer = reason === "none-known" ? "" : `&x.pe=127.0.0.1:${port}`;
    const link = `magnet:?xt=urn:btih:${sample.infoHashHex}${peer}`;
    const { code, stdout, stderr } = await home.run(["get", "--json", link], {
      env: { LIBRESEED_TIMEOUT: "4s" },
      timeoutMs: 120_000,
    });
    assert.equal(code, 5, `${reason}: ${stdout}${stderr}`);
    const { error } = JSON.parse(stderr.trim().split("\n").at(-1)!);
    assert.equal(error.code, "NO_PEERS");
    assert.equal(error.detail.reason, reason, JSON.stringify(error));
    assert.match(error.message, says);
  }));
});
