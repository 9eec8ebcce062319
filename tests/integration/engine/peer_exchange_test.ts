/**
 * Tests peer exchange (BEP 11): the number of addresses that are queued because a peer named them
 * is limited, and these addresses do not displace other peers.
 */

import assert from "node:assert/strict";
import { concatBytes, equalBytes } from "../../../src/base/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { compactPeer, gossip } from "../../support/peer_exchange.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { WireListener } from "../../support/wire_peer.ts";

const sample = sampleTorrent(64 * 1024);

Deno.test("peers named by peers are queued behind others, and no peer can remove others from the queue", async () => {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  await using at = await TestEngine.start({ maxConnections: 2 });
  const silent = Array.from({ length: 30 }, () => new WireListener(sample, () => ({})));
  using ended = new DisposableStack();
  for (const one of silent) ended.use(one);
  const added = concatBytes(...silent.map(({ address }) => compactPeer(address)));
  using naming = new WireListener(sample, () => gossip({ added }));
  // The peer `denying` waits until the seeder's address is queued. The peer then completes its
  // handshake, which frees a slot for the next connection.
  const speaks = Promise.withResolvers<void>();
  const dropped = compactPeer(seeder.address);
  const speaking = gossip({ dropped });
  using denying = new WireListener(sample, () => ({
    ...speaking,
    async message(peer, id, body) {
      await speaks.promise;
      await speaking.message!(peer, id, body);
      if (peer.deeds > 0) peer[Symbol.dispose]();
    },
  }));
  const downloading = at.download(sample, []);
  await eventually(() => at.engine.torrents().length === 1, "it waits for peers");
  const known = () => at.engine.totals().peersKnown;
  at.engine.addPeers(sample.infoHashHex, [denying.address, naming.address]);
  await eventually(() => naming.deeds > 0 && known() >= 20, "the named peers wait");
  const before = known();
  at.engine.addPeers(sample.infoHashHex, [seeder.address]);
  assert.equal(known(), before + 1);
  assert.ok(before <= 2 + 20, `${before} peers`);
  speaks.resolve();
  assert.ok(equalBytes(await downloading, sample.content));
  assert.ok(denying.deeds > 0);
  assert.deepEqual(silent.filter(({ dialled }) => dialled > 0), []);
});

Deno.test("a peer that names too many peers is disconnected, and none of them is dialled", async () => {
  await using at = await TestEngine.start();
  using one = new WireListener(sample, () => ({}));
  const added = concatBytes(...Array.from({ length: 3_000 }, () => compactPeer(one.address)));
  let isHungUp = () => false;
  using naming = new WireListener(sample, () => ({
    ...gossip({ added }),
    greeted: (peer) => void (isHungUp = () => peer.deeds > 0 && peer.closed),
  }));
  at.download(sample, [], { peers: [naming.address] }).catch(() => {});
  await eventually(() => isHungUp(), "it is hung up on");
  assert.equal(one.dialled, 0);
});
