/**
 * Tests the number of concurrent dials to one address and port when many torrents have a peer
 * there. Uses real sockets; addresses of this machine are not exempt from the limit.
 */

import assert from "node:assert/strict";
import type { PeerCounts } from "../../../src/engine/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { sampleTorrent } from "../../support/torrents.ts";

const TORRENTS = 40;
const samples = Array.from(
  { length: TORRENTS },
  (_, i) => sampleTorrent(16 * 1024, { seed: i + 1 }),
);
const host = "127.0.0.1";
const isFreeHost = () => false;

/**
 * Starts a download of each sample torrent. All downloads are cancelled at the end of the `using`
 * block.
 */
function downloadAll(at: TestEngine, peer: { host: string; port: number }) {
  const ending = new AbortController();
  const reaches = new Map<string, PeerCounts>();
  const ended = samples.map(({ infoHashHex }) =>
    at.engine.download({
      infoHashHex,
      filePath: at.path(infoHashHex),
      maxBytes: 1 << 20,
      peers: [peer],
      signal: ending.signal,
      onProgress: ({ reach }) => reaches.set(infoHashHex, reach),
    })
  );
  const all = Promise.all(ended);
  all.catch(() => {});
  return {
    all,
    /** Number of torrents with at least one peer in the given state. */
    count: (kind: keyof PeerCounts) =>
      [...reaches.values()].filter((reach) => reach[kind] > 0).length,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.allSettled(ended);
    },
  };
}

/** Opens a listener that counts connections and sends no data. */
function silentListener() {
  const listener = Deno.listen({ hostname: host, port: 0 });
  const connections: Deno.Conn[] = [];
  const served = (async () => {
    for await (const connection of listener) connections.push(connection);
  })().catch(() => {});
  return {
    address: { host, port: listener.addr.port },
    knocks: () => connections.length,
    hangUp() {
      for (const connection of connections) connection.close();
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await served;
    },
  };
}

Deno.test("forty torrents are all downloaded from their one seeder", async () => {
  await using seeder = await TestEngine.start();
  for (const sample of samples) await seeder.seed(sample, sample.infoHashHex);
  await using at = await TestEngine.start({ isFreeHost });
  await using under = downloadAll(at, seeder.address);
  await under.all;
  for (const { infoHashHex, content } of samples) {
    assert.deepEqual(await Deno.readFile(at.path(infoHashHex)), content);
  }
});

Deno.test("forty torrents dial an unresponsive port six times, and not again after these failed", async () => {
  await using victim = silentListener();
  await using at = await TestEngine.start({ isFreeHost });
  await using under = downloadAll(at, victim.address);
  await eventually(() => under.count("known") === TORRENTS, "all know the address");
  await eventually(() => victim.knocks() >= 6, "six are dialled");
  assert.equal(under.count("tried"), 6);
  assert.equal(under.count("refused"), 0, "the others wait");
  victim.hangUp();
  // An address that was dialled does not count as refused.
  await eventually(() => under.count("refused") === TORRENTS - 6, "the others are refused");
  assert.equal(under.count("tried"), 6);
  assert.equal(victim.knocks(), 6);
});

Deno.test("forty torrents dial a refusing port six times", async () => {
  const closed = Deno.listen({ hostname: host, port: 0 });
  const { port } = closed.addr;
  closed.close();
  await using at = await TestEngine.start({ isFreeHost });
  await using under = downloadAll(at, { host, port });
  await eventually(() => under.count("refused") >= TORRENTS - 6, "the others are refused");
  await eventually(() => under.count("tried") >= 6, "six are dialled");
  assert.equal(under.count("tried"), 6);
});
