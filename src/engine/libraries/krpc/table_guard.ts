/**
 * A guard of the DHT routing table. npm:k-rpc adds the sender of any query to the table, under any
 * node id. The sender of a UDP packet can be forged, so a stranger could fill the table with any
 * addresses. Here the sender is pinged first, and is added only when it replies. Each address has
 * at most one place in the table, however many ports and ids it uses.
 *
 * @module
 */

import {
  type Clock,
  isLocalAddress,
  isNodePort,
  machineOf,
  TokenBucket,
  type TokenRate,
} from "../../../base/mod.ts";
import type { Krpc, KrpcContact, KrpcMessage } from "./krpc_types.ts";

/**
 * Token bucket of pings to unknown senders: capacity, and refill per second. The limit keeps a
 * flood of queries from causing a flood of pings.
 */
const PINGS: TokenRate = { burst: 20, perSecond: 2 };

/**
 * Guards the routing table of `krpc` from now on, and passes incoming queries to `answer`.
 *
 * @param answer answers one query
 */
export function guardTable(
  krpc: Krpc,
  clock: Clock,
  answer: (query: KrpcMessage, from: { address: string; port: number }) => void,
): void {
  onePlaceAnAddress(krpc);
  const pings = new TokenBucket(PINGS, clock.now());
  // Removes npm:k-rpc's listener, which would add the sender of each query to the table.
  krpc.socket.removeAllListeners("query");
  krpc.socket.on("query", (query: KrpcMessage, from: { address: string; port: number }) => {
    answer(query, from);
    // A read-only node (BEP 43) is not added, because it answers no queries.
    if (query.ro === 1 || !query.a) return;
    const { id } = query.a;
    const known = krpc.nodes.get(id);
    if (known) {
      if (known.host === from.address && known.port === from.port) known.seen = clock.now();
    } else if (pings.take(clock.now())) {
      // If a reply with the same node id arrives, npm:k-rpc adds the node to the table.
      const peer = { host: from.address, port: from.port, id };
      krpc.socket.query(peer, { q: "ping", a: { id: krpc.id } }, () => {});
    }
  });
}

/**
 * Limits each IPv4 address, and each /64 network of IPv6, to one place in the routing table. Local
 * addresses are exempt, because all nodes of a local test network share one address.
 */
function onePlaceAnAddress(krpc: Krpc): void {
  const places = new Set<string>();
  krpc.nodes.on("added", ({ host }: KrpcContact) => places.add(machineOf(host)));
  krpc.nodes.on("removed", ({ host }: KrpcContact) => places.delete(machineOf(host)));
  krpc.admits = ({ id, host, port }) => {
    if (!isNodePort(port)) return false;
    if (isLocalAddress(host) || host === "::1" || !places.has(machineOf(host))) return true;
    return krpc.nodes.get(id)?.host === host;
  };
}
