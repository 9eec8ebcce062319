/**
 * Fills the routing table of the DHT node of IPv6 by a search for our own node id, as BEP 5 recommends
 * to a new node. npm:k-rpc, which does this for IPv4, reads no `nodes6`.
 *
 * @module
 */

import { type HostPort, parseCompactNodes } from "../../base/mod.ts";
import type { Krpc } from "../libraries/mod.ts";

/** Options of {@linkcode fillTable}. */
export interface TableFillerOptions {
  /** Our node of IPv6. Each node that replies enters its table. */
  krpc: Krpc;
  /** Our node of IPv4, whose contacts are asked for nodes of IPv6 (BEP 32); `undefined` if none. */
  other: Krpc | undefined;
}

/** Maximum number of queries of one search. */
const MAX_QUERIES = 96;
/** Maximum number of queries under way. */
const CONCURRENCY = 8;
/** Number of nodes of IPv4 that are asked for nodes of IPv6. */
const ASKED_OVER_IPV4 = 8;

/** Queries nodes until none is left, or {@linkcode MAX_QUERIES} were sent. Never rejects. */
export async function fillTable({ krpc, other }: TableFillerOptions): Promise<void> {
  const { id } = krpc;
  const known = new Set<string>();
  /** Nodes to ask, the last first: replies name ever closer nodes. */
  const waiting: HostPort[] = [];
  const add = (nodes: HostPort[]) => {
    for (const { host, port } of nodes) {
      const key = `${host} ${port}`;
      if (known.has(key)) continue;
      known.add(key);
      waiting.push({ host, port });
    }
  };
  add([...krpc.bootstrap, ...krpc.nodes.closest(id, ASKED_OVER_IPV4)]);
  const fromOther = async (node: HostPort) => {
    const reply = await findNode(other!, node, { id: other!.id, target: id, want: ["n6"] });
    add(parseCompactNodes(reply?.nodes6, 6));
  };
  await Promise.all((other?.nodes.closest(id, ASKED_OVER_IPV4) ?? []).map(fromOther));
  let asked = 0;
  const lane = async () => {
    for (
      let node = waiting.pop();
      node && asked < MAX_QUERIES && !krpc.destroyed;
      node = waiting.pop()
    ) {
      asked++;
      const reply = await findNode(krpc, node, { id, target: id });
      add(parseCompactNodes(reply?.nodes6, 6));
    }
  };
  // A lane ends when no node is waiting, so lanes are started anew as long as replies name nodes.
  do await Promise.all(Array.from({ length: CONCURRENCY }, lane)); while (
    waiting.length > 0 && asked < MAX_QUERIES && !krpc.destroyed
  );
}

/** Sends a `find_node`; resolves with the reply, or with `undefined` after an error or a timeout. */
function findNode(
  krpc: Krpc,
  to: HostPort,
  a: Record<string, unknown>,
): Promise<Record<string, unknown> | undefined> {
  return new Promise((resolve) => {
    krpc.socket.query(to, { q: "find_node", a }, (error, message) => {
      resolve(error ? undefined : message?.r);
    });
  });
}
