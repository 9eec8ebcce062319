/**
 * The ST_RESET that refuses a uTP connection (BEP 29).
 *
 * @module
 */

/** Length of a uTP header, and so of each ST_RESET, in bytes. */
const HEADER_BYTES = 20;
/** The first byte of a uTP packet: the type in the upper four bits, version 1 in the lower four. */
const [ST_DATA, ST_RESET, ST_SYN] = [0x01, 0x31, 0x41];
/** Longest chain of extensions that is followed. libtorrent and libutp send at most three. */
const MAX_EXTENSIONS = 8;

/**
 * Makes the ST_RESET that refuses a uTP packet. It names the connection as the packet did and
 * acknowledges the packet, so its receiver can tell it from a forged one.
 *
 * @param packet a UDP packet of any content
 * @param nowMs time in milliseconds, for the timestamp
 * @returns 20 bytes; `undefined` if the packet is no well-formed ST_SYN or ST_DATA. An ST_RESET is
 * never answered, so two programs cannot answer each other without end
 */
export function resetFor(packet: Uint8Array, nowMs: number): Uint8Array<ArrayBuffer> | undefined {
  const [type] = packet;
  if (packet.length < HEADER_BYTES || (type !== ST_SYN && type !== ST_DATA)) return undefined;
  const contentAt = endOfExtensions(packet);
  // A SYN has no content, and data without content are no data.
  if (contentAt === undefined || (contentAt < packet.length) !== (type === ST_DATA)) {
    return undefined;
  }
  const reset = new Uint8Array(HEADER_BYTES);
  const view = new DataView(reset.buffer);
  reset[0] = ST_RESET;
  reset.set(packet.subarray(2, 4), 2);
  view.setUint32(4, (nowMs * 1_000) % 2 ** 32);
  reset.set(packet.subarray(16, 18), 18);
  return reset;
}

/** Returns where a packet's extensions end; `undefined` if they are malformed. */
function endOfExtensions(packet: Uint8Array): number | undefined {
  let at = HEADER_BYTES;
  let next = packet[1]!;
  for (let count = 0; next !== 0; count++) {
    if (count === MAX_EXTENSIONS || at + 2 > packet.length) return undefined;
    next = packet[at]!;
    at += 2 + packet[at + 1]!;
  }
  return at <= packet.length ? at : undefined;
}
