/**
 * The key by which a download remembers a peer.
 *
 * @module
 */

import type { Wire } from "../libraries/mod.ts";

/** Returns a peer's key, from its connection. */
export function peerKey({ remoteAddress, remotePort }: Wire): string {
  return addressKey(`${remoteAddress}:${remotePort}`);
}

/**
 * Returns a peer's key: its IP address without the port, which changes with each connection that the peer
 * opens.
 *
 * @param address `HOST:PORT`
 */
export function addressKey(address: string): string {
  // For a loopback address the port is kept, because peers on this machine differ only in their
  // port.
  return /^(127\.|::1|::ffff:127\.)/.test(address) ? address : address.replace(/:\d+$/, "");
}
