/**
 * Messages of the holepunch extension `ut_holepunch` (BEP 55): one byte of type, one of the address's
 * family (0 for IPv4, 1 for IPv6), the address of 4 or 16 bytes, 2 bytes of port and 4 of an error
 * code, big-endian.
 *
 * @module
 */

import { concatBytes, formatAddress, type HostPort, parseAddress } from "../../base/mod.ts";

/** Type of a message: its position is its number. */
const TYPES = ["rendezvous", "connect", "error"] as const;

/** Error codes (BEP 55). */
export const HOLE_ERRORS = {
  /** The address names no peer. */
  noSuchPeer: 1,
  /** The asked peer has no connection to the named one. */
  notConnected: 2,
  /** The named peer does not know this extension. */
  noSupport: 3,
  /** The named peer is the one that asks. */
  noSelf: 4,
} as const;

/** A message of the extension. */
export interface HoleMessage {
  /**
   * `rendezvous` asks for an introduction to the named peer, `connect` introduces it, and `error`
   * says that there is no introduction to it.
   */
  type: typeof TYPES[number];
  /** The named peer. */
  peer: HostPort;
  /** Error code; 0 in other messages. */
  code: number;
}

/** Encodes a message, 12 bytes for IPv4 and 24 for IPv6. */
export function encodeHoleMessage({ type, peer, code }: HoleMessage): Uint8Array {
  const address = parseAddress(peer.host)!;
  const numbers = new DataView(new ArrayBuffer(6));
  numbers.setUint16(0, peer.port);
  numbers.setUint32(2, code);
  const head = Uint8Array.of(TYPES.indexOf(type), address.length === 4 ? 0 : 1);
  return concatBytes(head, address, new Uint8Array(numbers.buffer));
}

/**
 * Decodes a message; `undefined` if it is malformed. Some programs leave out the error code of a
 * message that is no error, and later versions may add members at the end.
 */
export function decodeHoleMessage(bytes: Uint8Array): HoleMessage | undefined {
  const type = TYPES[bytes[0] ?? TYPES.length];
  const length = [4, 16][bytes[1] ?? 2];
  if (type === undefined || length === undefined || bytes.length < 2 + length + 2) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const codeAt = 2 + length + 2;
  const port = view.getUint16(2 + length);
  if (port === 0) return undefined;
  return {
    type,
    peer: { host: formatAddress(bytes.subarray(2, 2 + length)), port },
    code: bytes.length >= codeAt + 4 ? view.getUint32(codeAt) : 0,
  };
}
