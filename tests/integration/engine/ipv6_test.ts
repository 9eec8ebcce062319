/** Peers over IPv6: named by other peers, dialled through a gate, and told to others. */

import assert from "node:assert/strict";
import { bdecode } from "../../../src/bencode/mod.ts";
import { GateClient } from "../../../src/gate/mod.ts";
import { connectGate } from "../../../src/gate_thread/mod.ts";
import type { PeerCounts } from "../../../src/engine/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { fastClock } from "../../support/fast_clock.ts";
import { compactPeer6, gossip } from "../../support/peer_exchange.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { extendedMessage, WireListener, WirePeer } from "../../support/wire_peer.ts";

const sample = sampleTorrent(300_000);
const EXTENDED = 20;
const PEX = 7;

/** Starts a gate that may reach this machine, and an engine that uses it. */
async function startGated(rewrite: (host: string) => string = (host) => host) {
  const gate = connectGate({ allowLocal: true, interfaces: [] }, (error) => {
    throw error;
  });
  const client = new GateClient(gate.open());
  const dialled: string[] = [];
  const gated = new Proxy(client, {
    get: (target, name) =>
      name === "dial"
        ? (address: { host: string; port: number }) => {
          dialled.push(address.host);
          return target.dial({ ...address, host: rewrite(address.host) });
        }
        : Reflect.get(target, name, target),
  });
  const at = await TestEngine.start({ gate: () => gated });
  return {
    at,
    dialled,
    async [Symbol.asyncDispose]() {
      await at[Symbol.asyncDispose]();
      gate.terminate();
    },
  };
}

Deno.test("a peer that another peer names by its IPv6 address is dialled through the gate", async () => {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  await using gated = await startGated();
  const added6 = compactPeer6({ port: seeder.engine.port });
  using talkative = new WireListener(sample, () => gossip({ added6 }));
  const { infoHashHex, content } = sample;
  const filePath = gated.at.path("downloaded");
  await gated.at.engine.download({
    ...{ infoHashHex, filePath, maxBytes: content.length },
    peers: [talkative.address],
  });
  assert.deepEqual(await Deno.readFile(filePath), content);
  assert.deepEqual([...new Set(gated.dialled)], ["::1"]);
});

/** A clock on which a minute passes in 60 ms. */
const fast = fastClock(1_000);

Deno.test("a peer over IPv6 is named to others in 18 bytes", async () => {
  await using at = await TestEngine.start({ clock: fast });
  await at.seed(sample);
  const told: Map<string, unknown>[] = [];
  using _asking = await WirePeer.dial(at.engine.port, sample, {
    opened: (self) => self.send(extendedMessage(0, { m: { ut_pex: PEX } })),
    message(_, id, body) {
      if (id === EXTENDED && body[0] === PEX) {
        told.push(bdecode(body.slice(1)) as Map<string, unknown>);
      }
    },
  });
  using _named = await WirePeer.dial(at.engine.port, sample, {
    opened: (self) => self.send(extendedMessage(0, { m: { ut_pex: PEX }, p: 7_001 })),
  }, "::1");
  await eventually(() => told.length > 0, "the other is named");
  assert.deepEqual(told[0]!.get("added6"), compactPeer6({ port: 7_001 }));
  assert.equal((told[0]!.get("added6.f") as Uint8Array).length, 1);
  assert.equal((told[0]!.get("added") as Uint8Array).length, 0);
});

Deno.test("an engine that is named its own public IPv6 address does not keep itself as a peer", async () => {
  await using gated = await startGated(() => "::1");
  const { at } = gated;
  const ending = new AbortController();
  let reach: PeerCounts | undefined;
  const ended = at.engine.download({
    infoHashHex: sample.infoHashHex,
    filePath: at.path("downloaded"),
    maxBytes: 1 << 20,
    peers: [{ host: "2a00:1::1", port: at.engine.port }],
    signal: ending.signal,
    onProgress: (progress) => reach = progress.reach,
  }).catch(() => {});
  await eventually(() => gated.dialled.length === 1, "it is dialled");
  await eventually(() => reach?.known === 0, "it is forgotten");
  at.engine.addPeers(sample.infoHashHex, [{ host: "2A00:1:0::1", port: at.engine.port }]);
  ending.abort();
  await ended;
  assert.equal(gated.dialled.length, 1);
});
