/**
 * Packets of PCP, the Port Control Protocol (RFC 6887): the opcodes ANNOUNCE and MAP without options.
 * A mapping for an address of IPv6 is a pinhole in the router's firewall.
 *
 * @module
 */

import { type Address, equalBytes, type Family, formatAddress } from "../base/mod.ts";
import { badAnswer } from "./errors.ts";
import { fromMapped, toMapped } from "./ipv4.ts";
import type { PortKind } from "./protocol.ts";

/** Version of the protocol; NAT-PMP has version 0 on the same port. */
export const PCP_VERSION = 2;
/** Length of a mapping nonce, bytes. */
export const NONCE_BYTES = 12;

const ANNOUNCE = 0;
const MAP = 1;
const RESPONSE_BIT = 0x80;
const HEADER_BYTES = 24;
const MAP_BYTES = 36;
/** Maximum length of a PCP message, bytes (RFC 6887, section 7). */
const MAX_MESSAGE_BYTES = 1_100;
/** Protocol numbers of IANA. */
const PROTOCOL_NUMBERS = { tcp: 6, udp: 17 } as const;

/** Result codes of a response (RFC 6887, section 7.4), and their names. */
const RESULTS: readonly string[] = [
  ...["SUCCESS", "UNSUPP_VERSION", "NOT_AUTHORIZED", "MALFORMED_REQUEST", "UNSUPP_OPCODE"],
  ...["UNSUPP_OPTION", "MALFORMED_OPTION", "NETWORK_FAILURE", "NO_RESOURCES", "UNSUPP_PROTOCOL"],
  ...["USER_EX_QUOTA", "CANNOT_PROVIDE_EXTERNAL", "ADDRESS_MISMATCH", "EXCESSIVE_REMOTE_PEERS"],
];

/** Request of the opcode MAP. */
export interface PcpMapRequest {
  /** Address of this machine. The packet must come from this address. */
  localAddress: Address;
  /** 12 bytes. Renewals carry the nonce of the first request. */
  nonce: Uint8Array;
  kind: PortKind;
  internalPort: number;
  /** Suggested external port; 0: none. */
  externalPort: number;
  /** 0 deletes the mapping. */
  leaseSeconds: number;
}

/** Header of a response. */
export interface PcpHeader {
  /**
   * Version of the server. With the result `UNSUPP_VERSION`, the version that the server speaks.
   */
  version: number;
  isMap: boolean;
  /** Name of the result code: `SUCCESS`, `NOT_AUTHORIZED` and so on. */
  result: string;
  leaseSeconds: number;
  /** Seconds since the server lost its mappings. */
  epochSeconds: number;
}

/** Mapping in a successful response of the opcode MAP. */
export interface PcpMapping {
  externalAddress: string;
  externalPort: number;
}

/** Encodes a request of the opcode ANNOUNCE, which asks for the epoch (RFC 6887, section 14.1.1). */
export function encodeAnnounce(localAddress: Address): Uint8Array {
  return header(ANNOUNCE, 0, localAddress, 0);
}

/** Encodes a request of the opcode MAP (RFC 6887, section 11.1). */
export function encodeMap(request: PcpMapRequest): Uint8Array {
  const { localAddress, nonce, kind, internalPort, externalPort, leaseSeconds } = request;
  const bytes = header(MAP, leaseSeconds, localAddress, MAP_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(nonce, HEADER_BYTES);
  bytes[HEADER_BYTES + 12] = PROTOCOL_NUMBERS[kind];
  view.setUint16(HEADER_BYTES + 16, internalPort);
  view.setUint16(HEADER_BYTES + 18, externalPort);
  // The suggested external address is any of the family: `::`, or the IPv4-mapped 0.0.0.0.
  bytes.set(in16Bytes(new Uint8Array(localAddress.length)), HEADER_BYTES + 20);
  return bytes;
}

/**
 * Parses the header of a response. Returns `undefined` for a datagram that is no response of PCP.
 * A NAT-PMP server refuses the version with a response of version 0, whose header is shorter.
 */
export function parseHeader(bytes: Uint8Array): PcpHeader | undefined {
  if (bytes.length < 4 || bytes.length > MAX_MESSAGE_BYTES || !(bytes[1]! & RESPONSE_BIT)) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = bytes[0]!;
  if (version !== PCP_VERSION) {
    // NAT-PMP has its result code in two bytes (RFC 6886, section 3.5), PCP 1 in one.
    if (version > PCP_VERSION || bytes[3] !== 1) return;
    return { version, isMap: false, result: "UNSUPP_VERSION", leaseSeconds: 0, epochSeconds: 0 };
  }
  const opcode = bytes[1]! & ~RESPONSE_BIT;
  if (bytes.length < HEADER_BYTES || bytes.length % 4 !== 0 || opcode > MAP) return;
  return {
    version,
    isMap: opcode === MAP,
    result: RESULTS[bytes[3]!] ?? `result ${bytes[3]}`,
    leaseSeconds: view.getUint32(4),
    epochSeconds: view.getUint32(8),
  };
}

/** Whether a response of the opcode MAP answers a request: same nonce, protocol, internal port. */
export function answersMap(bytes: Uint8Array, request: PcpMapRequest): boolean {
  if (bytes.length < HEADER_BYTES + MAP_BYTES) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return equalBytes(bytes.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES), request.nonce) &&
    bytes[HEADER_BYTES + 12] === PROTOCOL_NUMBERS[request.kind] &&
    view.getUint16(HEADER_BYTES + 16) === request.internalPort;
}

/**
 * Reads the mapping of a successful response of the opcode MAP, whose length {@linkcode answersMap}
 * has checked.
 *
 * @param family family of the address for which the mapping was requested
 * @throws {RouterError} `ROUTER_ANSWER`
 */
export function parseMapping(bytes: Uint8Array, family: Family): PcpMapping {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const long = bytes.subarray(HEADER_BYTES + 20, HEADER_BYTES + 36);
  const short = fromMapped(long);
  if ((family === 4) !== (short !== undefined)) {
    throw badAnswer(`the external address is not IPv${family}`);
  }
  const externalPort = view.getUint16(HEADER_BYTES + 18);
  return { externalAddress: formatAddress(short ?? long), externalPort };
}

/** Encodes the header of a request (RFC 6887, section 7.1), and room for the opcode's data. */
function header(
  opcode: number,
  leaseSeconds: number,
  localAddress: Address,
  dataBytes: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + dataBytes);
  bytes[0] = PCP_VERSION;
  bytes[1] = opcode;
  new DataView(bytes.buffer).setUint32(4, leaseSeconds);
  bytes.set(in16Bytes(localAddress), 8);
  return bytes;
}

/** Returns the 16 bytes of an address in a packet (RFC 6887, section 5). */
function in16Bytes(address: Address): Uint8Array {
  return address.length === 4 ? toMapped(address) : address;
}
