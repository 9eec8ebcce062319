/**
 * A guard of the routing table. npm:k-rpc takes the sender of any query into it, under any id and, since
 * the sender of a UDP packet can be forged, from any address. Here the node is pinged first, and only its
 * answer takes it in; one address has one place in the table, however many ports and ids it has.
 *
 * @module
 */

import {
  type Clock,
  isLocalAddress,
  isNodePort,
  TokenBucket,
  type TokenRate,
} from "../../../base/mod.ts";
import type { Krpc, KrpcContact, KrpcMessage } from "./krpc_types.ts";

/** Token bucket of the pings to unknown senders: a flood of queries must not cause a flood of pings. */
const PINGS: TokenRate = { burst: 20, perSecond: 2 };

/**
 * Guards the routing table of `krpc` from now on.
 *
 * @param answer answers a query
 */
export function guardTable(
  krpc: Krpc,
  clock: Clock,
  answer: (query: KrpcMessage, from: { address: string; port: number }) => void,
): void {
  onePlaceAnAddress(krpc);
  const pings = new TokenBucket(PINGS, clock.now());
  // The only listener is npm:k-rpc's own, which takes the sender into the table.
  krpc.socket.removeAllListeners("query");
  krpc.socket.on("query", (query: KrpcMessage, from: { address: string; port: number }) => {
    answer(query, from);
    // A read-only node (BEP 43) answers no query.
    if (query.ro === 1 || !query.a) return;
    const { id } = query.a;
    const known = krpc.nodes.get(id);
    if (known) {
      if (known.host === from.address && known.port === from.port) known.seen = clock.now();
    } else if (pings.take(clock.now())) {
      // An answer with the same id takes the node into the table.
      const peer = { host: from.address, port: from.port, id };
      krpc.socket.query(peer, { q: "ping", a: { id: krpc.id } }, () => {});
    }
  });
}

/** Limits each address to one place, except local addresses: the nodes of a test network share one. */
function onePlaceAnAddress(krpc: Krpc): void {
  const hosts = new Set<string>();
  krpc.nodes.on("added", ({ host }: KrpcContact) => hosts.add(host));
  krpc.nodes.on("removed", ({ host }: KrpcContact) => hosts.delete(host));
  krpc.admits = ({ id, host, port }) => {
    if (!isNodePort(port)) return false;
    return !hosts.has(host) || isLocalAddress(host) || krpc.nodes.get(id)?.host === host;
  };
}
