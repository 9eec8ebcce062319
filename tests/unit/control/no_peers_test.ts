import assert from "node:assert/strict";
import { noPeers, type NoPeersReason } from "../../../src/control/no_peers.ts";
import type { DhtState, PeerCounts } from "../../../src/engine/mod.ts";

const nobody: PeerCounts = {
  known: 0,
  refused: 0,
  tried: 0,
  connected: 0,
  met: 0,
  offering: 0,
  willing: 0,
};

function errorOf(reach: Partial<PeerCounts> | undefined, downloadedBytes = 0) {
  return noPeers({
    what: "pkg@1.0.0",
    waitedMs: 5_000,
    downloadedBytes,
    hasRecord: true,
    reach: reach && { ...nobody, ...reach },
  }, undefined);
}

const met = { known: 3, tried: 3, connected: 2, met: 2 };
const cases: [NoPeersReason, Partial<PeerCounts> | undefined, RegExp][] = [
  ["none-known", undefined, /No peer that has pkg@1\.0\.0 was found within 5 s/],
  ["none-known", {}, /the DHT names none\. Its record is there: run `libreseed seed`/],
  [
    "unreachable",
    { known: 3, tried: 3 },
    /^3 peers of .* are known, .* within 5 s: 3 tried\. .*NAT/,
  ],
  ["unreachable", { known: 1, tried: 1 }, /^1 peer of .* is known/],
  [
    "unreachable",
    { known: 3, tried: 1, refused: 2 },
    /1 tried, 2 left out \(private addresses, ports below 1024 and names without an address are not dialled\)/,
  ],
  [
    "unreachable",
    { known: 2, refused: 2 },
    /^2 peers of .* are known, and none may be dialled: private addresses, .* `--no-lan`/,
  ],
  ["no-handshake", { known: 3, tried: 3, connected: 1 }, /^1 of 3 peers .* none spoke BitTorrent/],
  ["no-pieces", met, /^2 of 3 peers .* none has a piece/],
  ["choked", { ...met, offering: 2 }, /^2 of 3 peers .* choke/],
  ["silent", { ...met, offering: 2, willing: 1 }, /^2 of 3 peers .* none sent what it was asked/],
];

for (const [reason, reach, message] of cases) {
  Deno.test(`noPeers gives the reason ${reason} for ${JSON.stringify(reach ?? "no counts")}`, () => {
    const error = errorOf(reach);
    assert.deepEqual([error.code, error.kind], ["NO_PEERS", "network"]);
    assert.deepEqual(error.detail, {
      reason,
      downloadedBytes: 0,
      peers: reach?.met ?? 0,
      ...nobody,
      ...reach,
    });
    assert.match(error.message, message);
  });
}

Deno.test("a stalled download's error says how many bytes came and that they are kept", () => {
  const error = errorOf({ ...met, offering: 1, willing: 1 }, 70_000);
  assert.equal(error.detail.reason, "stalled");
  assert.match(error.message, /got no further for 5 s, at 68\.4 KiB\. What came is kept/);
});

Deno.test("without a DHT that answers, the error does not say that it names nobody", () => {
  const failed = {
    ...{ what: "pkg@1.0.0", waitedMs: 5_000, downloadedBytes: 0, hasRecord: false },
    reach: nobody,
  };
  const messageOf = (dht: DhtState) => noPeers({ ...failed, dht }, undefined).message;
  assert.match(messageOf({ state: "on", silent: true }), /: no node of the DHT answers; .*doctor/);
  const alone: DhtState = { state: "on", silent: true, alone: true };
  assert.match(messageOf(alone), /: no node of the DHT is known, because `bootstrap` names none/);
  assert.match(messageOf({ state: "starting" }), /: the DHT was still starting/);
  assert.match(messageOf({ state: "off", why: "it is switched off" }), /: the DHT is off \(it is/);
  assert.match(messageOf({ state: "on" }), /: the DHT names none/);
});

Deno.test("after a short time, the error does not say that the DHT names nobody at all", () => {
  const failed = { what: "pkg@1.0.0", downloadedBytes: 0, hasRecord: false, reach: nobody };
  const { message } = noPeers({ ...failed, waitedMs: 4_999, dht: { state: "on" } }, undefined);
  assert.match(message, /the DHT has named none in this time\. .* longer --timeout$/);
});

Deno.test("behind a symmetric NAT, the error says that hole punching cannot work", () => {
  const failed = {
    ...{ what: "pkg@1.0.0", waitedMs: 5_000, downloadedBytes: 0, hasRecord: true },
    reach: { ...nobody, known: 1, tried: 1 },
  };
  assert.match(
    noPeers({ ...failed, portVaries: true }, undefined).message,
    /symmetric NAT.*punching/,
  );
  assert.doesNotMatch(noPeers(failed, undefined).message, /symmetric/);
});
