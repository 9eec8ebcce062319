/**
 * The traffic of a DHT node's UDP socket, in packets and bytes.
 *
 * @module
 */

/**
 * Numbers of packets and bytes that the socket has received, sent and dropped since the start, without
 * the uTP packets that {@linkcode UtpPackets} counts. Only the UDP payload counts as bytes.
 */
export interface Traffic {
  packetsIn: number;
  bytesIn: number;
  packetsOut: number;
  bytesOut: number;
  /** Number of received packets that could not be parsed or had an invalid member. */
  malformed: number;
  /**
   * Number of received queries and uTP packets that exceeded the rate limits, or came from a port
   * below 1024.
   */
  limited: number;
  /** Number of received replies with an unknown transaction id or from the wrong sender. */
  unasked: number;
  /**
   * Number of packets that could not be sent, for lack of a socket or of a usable address and port.
   */
  unsent: number;
}

/** Returns counters that are all 0. */
export function noTraffic(): Traffic {
  return {
    packetsIn: 0,
    bytesIn: 0,
    packetsOut: 0,
    bytesOut: 0,
    malformed: 0,
    limited: 0,
    unasked: 0,
    unsent: 0,
  };
}

/** Returns the sum of the traffic of two sockets. */
export function addTraffic(a: Readonly<Traffic>, b: Readonly<Traffic>): Traffic {
  const sum = { ...a };
  for (const key of Object.keys(sum) as (keyof Traffic)[]) sum[key] += b[key];
  return sum;
}
