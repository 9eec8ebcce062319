/**
 * npm:k-rpc's class with types: a DHT node with a routing table. A subclass may override its public
 * methods `response` and `error`. The hook `admits` decides which contacts may enter the routing
 * table.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import LibraryNode from "k-rpc";
import { replace, type Replacement } from "../replacing/mod.ts";
import type { KBucket, Krpc, KrpcContact, KrpcSocket } from "./krpc_types.ts";

/** Options of {@linkcode KrpcNode}, as documented by npm:k-rpc. */
export interface KrpcNodeOptions {
  /** Node id, 20 bytes. */
  id: Buffer;
  krpcSocket: KrpcSocket;
  /** Bootstrap contacts. */
  nodes: { host: string; port: number }[];
  /** Maximum number of queries under way. At the maximum, npm:k-rpc delays its own queries. */
  concurrency: number;
}

/** The class of npm:k-rpc, a DHT node with a routing table. */
export const KrpcNode = LibraryNode as unknown as new (options: KrpcNodeOptions) => Krpc;

/** The members of a node that add contacts to the routing table. */
interface Table {
  _addNode(contact: KrpcContact): void;
  /**
   * Added by libreseed: returns whether a contact may enter the routing table. Without this
   * function, every contact may.
   */
  admits?(contact: KrpcContact): boolean;
}

/** The replaced members of npm:k-rpc. */
export const krpcReplacements: readonly Replacement[] = [
  replace(
    {
      library: "k-rpc",
      name: "RPC.prototype",
      object: () => LibraryNode.prototype as unknown as Table,
    },
    "_addNode",
    {
      because: "one address fills the routing table under any number of ids and ports",
      report: "docs/upstream/k-rpc-table.md",
      until: "a release asks before it takes a contact in, or allows one place an address",
      pinned: "4eb95837ea4b062ff8dd2b66d61f3b9c2a17878f6cce603c554ab09e78be0efc",
      parameters: 1,
      by: (add) =>
        function (this: Table, contact: KrpcContact) {
          if (this.admits?.(contact) !== false) add.call(this, contact);
        },
    },
  ),
];

/**
 * Changes the id of a node, and sorts the contacts of its routing table around the new id. Contacts
 * for which the new buckets have no room are dropped.
 *
 * @param id 20 bytes
 */
export function changeNodeId(krpc: Krpc, id: Buffer): void {
  const { nodes } = krpc;
  const { numberOfNodesPerKBucket, numberOfNodesToPing } = nodes;
  const contacts = nodes.toArray();
  // Without listeners, the new table pings no contact of a bucket that overflows.
  const sorted = new (nodes.constructor as new (options: object) => KBucket)({
    localNodeId: id,
    numberOfNodesPerKBucket,
    numberOfNodesToPing,
  });
  for (const contact of contacts) sorted.add(contact);
  krpc.id = id;
  // npm:bittorrent-dht and the listeners keep this table, so it takes the tree of the new one.
  nodes.localNodeId = id;
  nodes.root = sorted.root;
  for (const contact of contacts) if (!nodes.get(contact.id)) nodes.emit("removed", contact);
}
