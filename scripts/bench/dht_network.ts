/**
 * The DHT that contenders are measured on: the project's testnet, with answers as BEP 5 says.
 *
 * @module
 */

import krpc from "k-rpc";
import { startTestnet, type Testnet } from "../../src/testnet/mod.ts";

/** BEP 5: a node that lacks the value returns the K (8) closest nodes that it knows. */
const NODES_IN_AN_ANSWER = 8;

type Response = (
  peer: unknown,
  query: unknown,
  response: unknown,
  nodes?: unknown,
  done?: unknown,
) => void;

/**
 * Starts a testnet of `nodes` nodes, the same ones every time. The nodes return the 8 closest.
 * Those of npm:bittorrent-dht would return their whole routing table of 2 kB, which no other
 * implementation does and libtorrent cannot read.
 */
export async function startNetwork(nodes: number): Promise<Testnet> {
  shortenAnswers();
  return await startTestnet({ nodes });
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

/** Stops every third node without notice, as a crash does. The bootstrap node stays. */
export async function killAThird(testnet: Testnet): Promise<void> {
  await Promise.all(testnet.nodes.filter((_, index) => index % 3 === 1).map((node) => node.kill()));
}
