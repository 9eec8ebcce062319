/**
 * Limits on what peers can make us remember or send.
 *
 * @module
 */

/**
 * Receive window of a connection, in bytes: what a peer may have sent and our reader has not read.
 * At 100 ms it allows 20 MB/s.
 */
export const RECEIVE_WINDOW_BYTES = 2 * 1024 * 1024;
/** Maximum number of bytes in flight of one connection, whatever window the peer offers. */
export const MAX_FLIGHT_BYTES = 4 * 1024 * 1024;
/**
 * Maximum number of packets in flight, and maximum distance of a received packet from the first gap.
 * Far less than half of the 65,536 sequence numbers, so that old packets are told from new ones.
 */
export const MAX_PACKETS = 4_096;
/** Memory that a kept packet takes beside its payload, in bytes. */
export const PACKET_OVERHEAD_BYTES = 128;

/** Limits of a {@linkcode UtpEndpoint}. */
export interface UtpLimits {
  /** Maximum number of connections, incoming and outgoing. */
  connections: number;
  /**
   * Maximum number of connections that a peer has begun and not confirmed; each takes some 200
   * bytes. The oldest gives way.
   */
  halfOpen: number;
  /** Maximum number of bytes in all connections that wait for a gap to be filled or to be read. */
  keptBytes: number;
  /** Maximum number of bytes in flight over all connections. */
  flightBytes: number;
}

/**
 * Default limits. 1,024 connections are twice what the engine accepts from others. A flood of 500
 * `ST_SYN`s a second leaves a half-open connection two seconds.
 */
export const UTP_LIMITS: UtpLimits = {
  connections: 1_024,
  halfOpen: 1_024,
  keptBytes: 64 * 1024 * 1024,
  flightBytes: 64 * 1024 * 1024,
};

/** A number of bytes that many users share, with a maximum. */
export class ByteBudget {
  readonly max: number;
  used = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** Number of bytes that are left. */
  get left(): number {
    return Math.max(this.max - this.used, 0);
  }
}
