/**
 * The packets of uTP (BEP 29): a header of 20 bytes, a chain of extensions, and the payload. All
 * numbers are big-endian.
 *
 * @module
 */

/** Length of the header, in bytes. */
export const HEADER_BYTES = 20;

/** Types of packets (BEP 29): the upper four bits of the first byte. */
export const ST = { data: 0, fin: 1, state: 2, reset: 3, syn: 4 } as const;

/** Extension with a selective acknowledgement (BEP 29). */
const SELECTIVE_ACK = 1;
/**
 * Extension that only makes a packet longer, to probe the path. BEP 29 has no such extension;
 * receivers skip extensions that they do not know. Its number is one that no known program uses.
 */
const PADDING = 0x70;
/** Maximum number of extensions that are followed. Known programs send at most three. */
const MAX_EXTENSIONS = 8;
/** Maximum content of one extension, in bytes: its length is one byte. */
const MAX_EXTENSION_BYTES = 255;
/** Minimum number of bytes by which a packet can be padded: number and length of an extension. */
export const MIN_PADDING_BYTES = 2;

/** A received packet. The byte arrays are views of the datagram. */
export interface Packet {
  /** One of {@linkcode ST}. */
  type: number;
  connectionId: number;
  /** The sender's time when it sent the packet, microseconds modulo 2^32. */
  timestampUs: number;
  /** One-way delay of the last packet that the sender received, microseconds modulo 2^32. */
  delayUs: number;
  /** Number of bytes that the sender can receive. */
  windowBytes: number;
  seq: number;
  /** The last sequence number that the sender received without a gap. */
  ack: number;
  /**
   * Selective acknowledgement: bit `i`, least significant first, stands for packet `ack + 2 + i`.
   */
  selective: Uint8Array | undefined;
  payload: Uint8Array;
}

/** Fields of a header that we send; see {@linkcode Packet}. */
export type Header = Omit<Packet, "selective" | "payload">;

/** Whether a datagram begins as a uTP packet does. No bencoded dictionary begins like that. */
export function isUtp(bytes: Uint8Array): boolean {
  const first = bytes[0]!;
  return (first & 0x0f) === 1 && first <= 0x41;
}

/** Returns the type of a packet, one of {@linkcode ST}. {@linkcode isUtp} must hold. */
export function typeOf(bytes: Uint8Array): number {
  return bytes[0]! >> 4;
}

/** Returns the connection id of a packet; `undefined` if it is no uTP packet with a whole header. */
export function connectionIdOf(bytes: Uint8Array): number | undefined {
  return bytes.length < HEADER_BYTES || !isUtp(bytes) ? undefined : read16(bytes, 2);
}

/**
 * Reads a packet.
 *
 * @returns `undefined` if the datagram is no well-formed uTP packet: shorter than a header, of
 * another version or type, with extensions that end outside of it or are more than eight, with an
 * empty selective acknowledgement, or `ST_DATA` without a payload
 */
export function readPacket(bytes: Uint8Array): Packet | undefined {
  if (bytes.length < HEADER_BYTES || !isUtp(bytes)) return undefined;
  let selective: Uint8Array | undefined;
  let at = HEADER_BYTES;
  let next = bytes[1]!;
  for (let count = 0; next !== 0; count++) {
    if (count === MAX_EXTENSIONS || at + 2 > bytes.length) return undefined;
    const end = at + 2 + bytes[at + 1]!;
    if (end > bytes.length) return undefined;
    if (next === SELECTIVE_ACK) {
      // BEP 29 demands a multiple of four bytes. After heavy loss, libtorrent 2.0 sends other lengths.
      selective = bytes.subarray(at + 2, end);
      if (selective.length === 0) return undefined;
    }
    next = bytes[at]!;
    at = end;
  }
  const type = typeOf(bytes);
  if (type === ST.data && at === bytes.length) return undefined;
  return {
    type,
    connectionId: read16(bytes, 2),
    timestampUs: read32(bytes, 4),
    delayUs: read32(bytes, 8),
    windowBytes: read32(bytes, 12),
    seq: read16(bytes, 16),
    ack: read16(bytes, 18),
    selective,
    payload: bytes.subarray(at),
  };
}

/** Writes a header without an extension to the first 20 bytes of `target`. */
export function writeHeader(target: Uint8Array, header: Header): void {
  target[0] = header.type << 4 | 1;
  target[1] = 0;
  write16(target, 2, header.connectionId);
  write32(target, 4, header.timestampUs);
  write32(target, 8, header.delayUs);
  write32(target, 12, header.windowBytes);
  write16(target, 16, header.seq);
  write16(target, 18, header.ack);
}

/** Makes a packet without payload. `selective` has 4 to 252 bytes, a multiple of four. */
export function makePacket(header: Header, selective?: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + (selective ? 2 + selective.length : 0));
  writeHeader(bytes, header);
  if (selective) {
    bytes[1] = SELECTIVE_ACK;
    bytes[HEADER_BYTES + 1] = selective.length;
    bytes.set(selective, HEADER_BYTES + 2);
  }
  return bytes;
}

/**
 * Writes extensions of zeros to a packet, between its header and its payload. The header must have
 * been written before.
 *
 * @param lengthBytes total length of the extensions: 2 to 2,056 bytes
 */
export function writePadding(target: Uint8Array, lengthBytes: number): void {
  target[1] = PADDING;
  const end = HEADER_BYTES + lengthBytes;
  for (let at = HEADER_BYTES; at < end;) {
    let length = Math.min(end - at - 2, MAX_EXTENSION_BYTES);
    // The rest has to be an extension itself: no single byte may remain.
    if (end - at - 2 - length === 1) length--;
    const isLast = at + 2 + length === end;
    target[at] = isLast ? 0 : PADDING;
    target[at + 1] = length;
    target.fill(0, at + 2, at + 2 + length);
    at += 2 + length;
  }
}

function read16(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 8 | bytes[at + 1]!;
}

function read32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0;
}

function write16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** Writes the lower 32 bits of a number that may be larger. */
function write32(bytes: Uint8Array, at: number, value: number): void {
  const low = value % 2 ** 32;
  bytes[at] = low >>> 24;
  bytes[at + 1] = low >>> 16;
  bytes[at + 2] = low >>> 8;
  bytes[at + 3] = low;
}
