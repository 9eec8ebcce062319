/**
 * Packets of NAT-PMP, the NAT Port Mapping Protocol (RFC 6886).
 *
 * @module
 */

import { formatAddress } from "../base/mod.ts";
import type { PortKind } from "./protocol.ts";

const EXTERNAL_ADDRESS = 0;
const OPCODES = { udp: 1, tcp: 2 } as const;
const RESPONSE = 128;
const ADDRESS_ANSWER_BYTES = 12;
const MAP_ANSWER_BYTES = 16;
/** Length of a refusal, bytes; some servers send the whole length of a success. */
const REFUSAL_BYTES = 8;

/** Result codes of a response (RFC 6886, section 3.5). */
const RESULTS: readonly string[] = [
  ...["success", "unsupported version", "not authorized", "network failure"],
  ...["out of resources", "unsupported opcode"],
];

/** Request for a mapping; a lease of 0 s deletes it. */
export interface NatPmpMapRequest {
  kind: PortKind;
  internalPort: number;
  externalPort: number;
  leaseSeconds: number;
}

/** Response of a server. */
export interface NatPmpAnswer {
  /** The request's kind: the external address, or a mapping. */
  asked: "address" | PortKind;
  /** Name of the result code. */
  result: string;
  /** Seconds since the server lost its mappings. */
  epochSeconds: number;
  /** Present only if the request was for the address and the result is `success`. */
  externalAddress?: string;
  /** Present only if the request was for a mapping and the result is `success`. */
  mapping?: { internalPort: number; externalPort: number; leaseSeconds: number };
}

/** Encodes the request for the external address (RFC 6886, section 3.2). */
export function encodeAddressRequest(): Uint8Array {
  return Uint8Array.of(0, EXTERNAL_ADDRESS);
}

/** Encodes the request for a mapping (RFC 6886, section 3.3). */
export function encodeMapRequest(request: NatPmpMapRequest): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  bytes[1] = OPCODES[request.kind];
  view.setUint16(4, request.internalPort);
  view.setUint16(6, request.externalPort);
  view.setUint32(8, request.leaseSeconds);
  return bytes;
}

/** Parses a response. Returns `undefined` for a datagram that is no response of NAT-PMP. */
export function parseNatPmpAnswer(bytes: Uint8Array): NatPmpAnswer | undefined {
  if (bytes.length < REFUSAL_BYTES || bytes.length > MAP_ANSWER_BYTES || bytes[0] !== 0) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const asked = askedBy(bytes[1]! - RESPONSE);
  if (!asked) return;
  const code = view.getUint16(2);
  const answer = {
    asked,
    result: RESULTS[code] ?? `result ${code}`,
    epochSeconds: view.getUint32(4),
  };
  if (code !== 0) return answer;
  if (asked === "address") {
    if (bytes.length < ADDRESS_ANSWER_BYTES) return;
    return { ...answer, externalAddress: formatAddress(bytes.subarray(8, 12)) };
  }
  if (bytes.length < MAP_ANSWER_BYTES) return;
  const mapping = {
    internalPort: view.getUint16(8),
    externalPort: view.getUint16(10),
    leaseSeconds: view.getUint32(12),
  };
  return { ...answer, mapping };
}

function askedBy(opcode: number): NatPmpAnswer["asked"] | undefined {
  if (opcode === EXTERNAL_ADDRESS) return "address";
  return opcode === OPCODES.udp ? "udp" : opcode === OPCODES.tcp ? "tcp" : undefined;
}
