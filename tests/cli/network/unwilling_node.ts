/**
 * A DHT node that answers every query but stores nothing. Records put on such nodes have too few
 * holders.
 */

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import bencode from "bencode";
import type { TestnetNode } from "../../../src/testnet/mod.ts";

/** A running DHT node that stores nothing. */
export interface UnwillingNode extends AsyncDisposable {
  /** Address `HOST:PORT` of the node, for use as a bootstrap node. */
  readonly address: string;
}

/** Starts a DHT node that stores nothing and whose answers name the nodes in `known`. */
export async function unwillingNode(known: readonly TestnetNode[]): Promise<UnwillingNode> {
  const id = randomBytes(20);
  // Compact node info (BEP 5): id, address and port of each node, 26 bytes.
  const nodes = Buffer.concat(known.map(({ idHex, port }) => {
    return Buffer.from([...Buffer.from(idHex, "hex"), 127, 0, 0, 1, port >> 8, port & 255]);
  }));
  const socket = createSocket("udp4");
  socket.on("message", (packet, { address, port }) => {
    const { t, q } = bencode.decode(packet) as { t: Uint8Array; q?: Uint8Array };
    if (q === undefined) return;
    const isStoring = /^(put|announce_peer)$/.test(Buffer.from(q).toString());
    const answer = isStoring
      ? { t, y: "e", e: [203, "I keep nothing"] }
      : { t, y: "r", r: { id, nodes, token: "token" } };
    socket.send(bencode.encode(answer), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
