import assert from "node:assert/strict";
import { toHex } from "../../../../src/base/mod.ts";
import type { PeersOutcome } from "../../../../src/dht/mod.ts";
import { countPeers } from "../../../../src/host/seeding/mod.ts";
import { publisherRendezvous } from "../../../../src/records/mod.ts";

const infoHash = "ab".repeat(20);
const publisher = new Uint8Array(32).fill(7);

/** A DHT that names these addresses (`HOST PORT`) at the archive and at the publisher's rendezvous. */
function naming(atArchive: string[], atRendezvous: string[]) {
  const peersOf = (all: string[]) =>
    all.map((one) => ({ host: one.split(" ")[0]!, port: Number(one.split(" ")[1]) }));
  return {
    findPeers(infoHashHex: string) {
      const isRendezvous = infoHashHex === toHex(publisherRendezvous(publisher));
      const peers = peersOf(isRendezvous ? atRendezvous : atArchive);
      return Promise.resolve({ peers } as PeersOutcome);
    },
  };
}

Deno.test("a machine counts once, whatever its ports and at how many places it is named", async () => {
  const worker = naming(
    ["8.8.8.8 7000", "8.8.8.8 7001", "2a00:1::1 7000"],
    ["8.8.8.8 7000", "9.9.9.9 7000", "2a00:1::2 7000", "9.9.9.9 7001"],
  );
  assert.deepEqual(await countPeers(worker, { infoHash, publisher }), {
    peers: 3,
    mirrors: 3,
    machines: 3,
  });
});

Deno.test("without a publisher nobody is looked for at a rendezvous", async () => {
  const worker = naming(["8.8.8.8 7000"], ["9.9.9.9 7000"]);
  assert.deepEqual(await countPeers(worker, { infoHash }), { peers: 1, machines: 1 });
});

Deno.test("in a test network, each port of an address is a peer of its own", async () => {
  const worker = naming(["127.0.0.1 7000", "127.0.0.1 7001"], ["127.0.0.1 7001"]);
  const { mirrors, machines } = await countPeers(worker, { infoHash, publisher });
  assert.deepEqual({ mirrors, machines }, { mirrors: 1, machines: 2 });
});
