/** The DHT on which programs are compared: libreseed's testnet, with answers as BEP 5 specifies. */

import krpc from "k-rpc";
import type { Family } from "../../src/base/mod.ts";
import { startTestnet, type Testnet } from "../../src/testnet/mod.ts";

/** BEP 5: a node that lacks the requested value returns the K (8) closest nodes that it knows. */
const NODES_IN_AN_ANSWER = 8;

type Response = (
  peer: unknown,
  query: unknown,
  response: unknown,
  nodes?: unknown,
  done?: unknown,
) => void;

/**
 * Starts a testnet of `nodes` nodes, on 127.0.0.1 or ::1, with the same ids in every run. Each answer
 * contains the 8 closest nodes. Unchanged nodes of npm:bittorrent-dht would return their whole routing table of 2
 * kB, which no other implementation does and libtorrent cannot read.
 */
export async function startNetwork(nodes: number, family: Family = 4): Promise<Testnet> {
  shortenAnswers();
  return await startTestnet({ nodes, hosts: [family === 4 ? "127.0.0.1" : "::1"] });
}

let shortened = false;

function shortenAnswers(): void {
  if (shortened) return;
  shortened = true;
  const { prototype } = krpc as unknown as { prototype: { response: Response } };
  const respond = prototype.response;
  prototype.response = function (peer, query, response, nodes, done) {
    const few = Array.isArray(nodes) ? nodes.slice(0, NODES_IN_AN_ANSWER) : nodes;
    respond.call(this, peer, query, response, few, done);
  };
}

/** Stops every third node abruptly, as a crash does. The bootstrap node keeps running. */
export async function killAThird(testnet: Testnet): Promise<void> {
  await Promise.all(testnet.nodes.filter((_, index) => index % 3 === 1).map((node) => node.kill()));
}
