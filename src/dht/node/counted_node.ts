/**
 * Counts the packets of one operation.
 *
 * @module
 */

import type { DhtNode } from "./node.ts";

/** Wraps a borrowed node, to count the queries that an operation sends through the node. */
export function countedNode(node: DhtNode, sent: { packets: number }): DhtNode {
  return {
    id: node.id,
    family: node.family,
    port: node.port,
    tableSize: () => node.tableSize(),
    closest: (target, count) => node.closest(target, count),
    isUnresponsive: (contact) => node.isUnresponsive(contact),
    bootstrapContacts: () => node.bootstrapContacts(),
    query: (...args) => {
      sent.packets++;
      return node.query(...args);
    },
  };
}
