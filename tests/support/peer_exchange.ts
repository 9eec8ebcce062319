/**
 * Raw peers that add or drop other peers with peer exchange messages (BEP 11).
 *
 * @module
 */

import { extendedMessage, type WireBehaviour, type WirePeer } from "./wire_peer.ts";

const EXTENDED = 20;

/**
 * Makes a peer that sends peer exchange messages as soon as the engine's extended handshake has
 * stated the extension's id.
 */
export function gossip(names: Record<string, Uint8Array>): WireBehaviour {
  return {
    opened: (peer) => peer.send(extendedMessage(0, { m: { ut_pex: 5 } })),
    message: (peer, id, body) =>
      id === EXTENDED && body[0] === 0 ? exchange(peer, body, names) : undefined,
  };
}

/**
 * Sends a peer exchange message under the extension id from the engine's extended handshake (BEP
 * 10).
 */
async function exchange(
  peer: WirePeer,
  body: Uint8Array,
  names: Record<string, Uint8Array>,
): Promise<void> {
  const id = extensionOf(body, "ut_pex")!;
  const flags = new Uint8Array((names.added?.length ?? 0) / 6);
  const flags6 = new Uint8Array((names.added6?.length ?? 0) / 18);
  const message = { added: "", "added.f": flags, "added6.f": flags6, dropped: "", ...names };
  if (await peer.send(extendedMessage(id, message))) peer.deeds++;
}

/** Encodes the address of a peer on this machine in compact form, six bytes (BEP 23). */
export function compactPeer({ port }: { port: number }): Uint8Array {
  return Uint8Array.of(127, 0, 0, 1, port >> 8, port & 0xff);
}

/** Encodes ::1 and a port in compact form, 18 bytes (BEP 11). */
export function compactPeer6({ port }: { port: number }): Uint8Array {
  const bytes = new Uint8Array(18);
  bytes[15] = 1;
  new DataView(bytes.buffer).setUint16(16, port);
  return bytes;
}

/** Reads an extension's id from the engine's extended handshake (BEP 10). */
function extensionOf(body: Uint8Array, name: string): number | undefined {
  const text = new TextDecoder("latin1").decode(body);
  const number = new RegExp(`${name.length}:${name}i(\\d+)e`).exec(text)?.[1];
  return number === undefined ? undefined : Number(number);
}
