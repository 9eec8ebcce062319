/**
 * A packet from the time it is made until it is acknowledged.
 *
 * @module
 */

import type { Ordered } from "./send_order.ts";

/** A packet that has been made and not been acknowledged. */
export interface Sent extends Ordered {
  /** Header, padding and payload. The header is written anew each time the packet is sent. */
  bytes: Uint8Array;
  type: number;
  seq: number;
  payloadBytes: number;
  /** Bytes of extensions between header and payload, if the packet is a probe of the path. */
  paddingBytes: number;
  sentUs: number;
  transmissions: number;
  isLost: boolean;
}

/** Makes a packet that has not been sent. `bytes` has room for header, padding and payload. */
export function makeSent(
  bytes: Uint8Array,
  type: number,
  seq: number,
  payloadBytes: number,
  paddingBytes: number,
): Sent {
  return {
    bytes,
    type,
    seq,
    payloadBytes,
    paddingBytes,
    sentUs: 0,
    transmissions: 0,
    order: 0,
    isSacked: false,
    isLost: false,
  };
}
