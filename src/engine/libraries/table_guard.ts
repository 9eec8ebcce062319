/**
 * Who enters the routing table. npm:k-rpc takes whoever sends a query, under whatever id and, since the
 * sender of a UDP packet can be forged, from whatever address. Here a node that asks is asked back
 * first, and one address has one place, however many ports and ids it has.
 *
 * @module
 */

import { type Clock, isLocalAddress, isNodePort } from "../../base/mod.ts";
import type { Krpc, KrpcContact, KrpcMessage } from "./krpc_types.ts";

/** So many who asked are asked back at once, and a second: a flood makes no flood. */
const [BURST, PER_SECOND] = [20, 2];

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
  let tokens = BURST;
  let filledMs = clock.now();
  const mayAsk = () => {
    const nowMs = clock.now();
    tokens = Math.min(tokens + Math.max(nowMs - filledMs, 0) / 1_000 * PER_SECOND, BURST);
    filledMs = nowMs;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
  // The one listener is k-rpc's own, which would take the sender.
  krpc.socket.removeAllListeners("query");
  krpc.socket.on("query", (query: KrpcMessage, from: { address: string; port: number }) => {
    answer(query, from);
    // A node that says that it is read-only (BEP 43) answers no query.
    if (query.ro === 1 || !query.a) return;
    const { id } = query.a;
    const known = krpc.nodes.get(id);
    if (known) {
      if (known.host === from.address && known.port === from.port) known.seen = clock.now();
    } else if (mayAsk()) {
      // Its answer, if it is of that id, takes it into the table.
      const peer = { host: from.address, port: from.port, id };
      krpc.socket.query(peer, { q: "ping", a: { id: krpc.id } }, () => {});
    }
  });
}

/** Local addresses aside: a test network has one for all. */
function onePlaceAnAddress(krpc: Krpc): void {
  const hosts = new Set<string>();
  krpc.nodes.on("added", ({ host }: KrpcContact) => hosts.add(host));
  krpc.nodes.on("removed", ({ host }: KrpcContact) => hosts.delete(host));
  const add = krpc._addNode.bind(krpc);
  krpc._addNode = (contact) => {
    const { id, host, port } = contact;
    if (!isNodePort(port)) return;
    if (hosts.has(host) && !isLocalAddress(host) && krpc.nodes.get(id)?.host !== host) return;
    add(contact);
  };
}
