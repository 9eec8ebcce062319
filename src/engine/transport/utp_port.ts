/**
 * The part of a UDP socket that uTP uses. `../dht/utp_packets.ts` implements it on the DHT's socket.
 *
 * @module
 */

import type { Received, UtpCounts } from "../../utp/mod.ts";

/** Numbers of uTP packets since the start. Only the UDP payload counts as bytes. */
export interface UtpTraffic {
  packetsIn: number;
  bytesIn: number;
  packetsOut: number;
  bytesOut: number;
}

/** Traffic and connections of uTP. */
export type UtpStatus = UtpTraffic & UtpCounts;

/** Sends and receives uTP packets. */
export interface UtpPort {
  readonly traffic: UtpTraffic;
  /** Takes each uTP packet; says what became of it. While `undefined`, uTP is refused. */
  receiver: ((bytes: Uint8Array, host: string, port: number) => Received) | undefined;
  /** Sends a packet, or drops it if there is no socket now. */
  send(bytes: Uint8Array, host: string, port: number): void;
  /** Whether a peer may begin another connection now. */
  admits(host: string, port: number): boolean;
}
