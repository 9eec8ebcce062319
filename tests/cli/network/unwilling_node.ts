/**
 * A DHT node that answers every question and stores nothing, for records that are not held well.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import bencode from "bencode";
import type { TestnetNode } from "../../../src/testnet/mod.ts";

/** A node that is running. */
export interface UnwillingNode extends AsyncDisposable {
  /** `HOST:PORT`, to bootstrap from. */
  readonly address: string;
}

/** Starts one that knows the nodes given. */
export async function unwillingNode(known: readonly TestnetNode[]): Promise<UnwillingNode> {
  const id = randomBytes(20);
  // BEP 5: id, address and port of each, 26 bytes.
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
