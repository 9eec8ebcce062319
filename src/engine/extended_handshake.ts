/**
 * Says to peers who we are: our peer id (BEP 20) and the members of our extended handshake (BEP 10,
 * BEP 21). Reads what peers say about us in theirs. npm:bittorrent-protocol sends and receives the
 * handshakes, and adds the ids of extensions.
 *
 * @module
 */

import { concatBytes, peerAddressBytes, utf8, version } from "../base/mod.ts";
import { RELAY_MEMBER } from "./holes/mod.ts";
import type { Torrent, Wire } from "./libraries/mod.ts";

/** Our client code in Azureus-style peer ids. No other program is known to use these letters. */
const CLIENT_CODE = "LS";
const RANDOM_BYTES = 12;
/**
 * Number of unanswered requests that a peer may have with us: 32 MiB of blocks. The upload queue
 * takes more, but a peer that keeps more gains nothing.
 */
const MAX_REQUESTS = 2_048;
/** Number of the version of libreseed's own extensions. */
const LIBRESEED_EXTENSIONS = 1;

/**
 * Makes a peer id of 20 bytes: `-LS`, the version as four characters, `-` and 12 random bytes.
 *
 * @param release version of libreseed, semver
 */
export function makePeerId(release: string = version): Uint8Array {
  const [major = 0, minor = 0, patch = 0] = release.split(/[.+-]/).map(Number);
  const digits = [major, minor, patch].map((number) => Math.min(number, 35).toString(36));
  const text = `-${CLIENT_CODE}${digits.join("").toUpperCase()}0-`;
  return concatBytes(utf8(text), crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)));
}

/**
 * Says in our extended handshake who we are. To be called before the handshake is sent.
 *
 * @param port TCP port at which peers can connect to us
 */
export function sayWhoWeAre(wire: Wire, port: number): void {
  const yourIp = wire.remoteAddress && peerAddressBytes(wire.remoteAddress);
  Object.assign(membersOf(wire), {
    v: `libreseed/${version}`,
    p: port,
    ...(yourIp && { yourip: yourIp }),
    lr: LIBRESEED_EXTENSIONS,
  });
}

/**
 * Fills our extended handshake for a peer of a torrent. To be called at the torrent's event `wire`,
 * before the handshake is sent.
 *
 * @param port TCP port at which peers can connect to us
 * @param wantsRelay whether to ask other seeders to keep the connection, for introductions (BEP 55)
 */
export function fillExtendedHandshake(
  torrent: Torrent,
  wire: Wire,
  port: number,
  wantsRelay: boolean,
): void {
  sayWhoWeAre(wire, port);
  Object.assign(membersOf(wire), {
    reqq: MAX_REQUESTS,
    upload_only: torrent.done ? 1 : 0,
    ...(wantsRelay && { [RELAY_MEMBER]: 1 }),
  });
}

/** The members of our extended handshake to a peer. */
function membersOf(wire: Wire): Record<string, unknown> {
  return (wire as unknown as { extendedHandshake: Record<string, unknown> }).extendedHandshake;
}

/** Claims of a peer in its extended handshake. The peer may lie, and may repeat them at any time. */
export interface PeerHandshake {
  /** Address of the peer, as text. */
  peer: string;
  /** Whether we dialled the peer. */
  isDialled: boolean;
  /** Our address as the peer sees it: 4 bytes (IPv4) or 16 (IPv6). */
  yourIp?: Uint8Array;
  /** Version of libreseed's own extensions; absent for other programs. */
  libreseed?: number;
}

/** Calls a function with each extended handshake of a peer (BEP 10). */
export function readExtendedHandshake(wire: Wire, onRead: (said: PeerHandshake) => void): void {
  wire.on("extended", (name: unknown, handshake: Record<string, unknown>) => {
    const peer = wire.remoteAddress;
    if (name !== "handshake" || peer === undefined) return;
    const { yourip, lr } = handshake;
    const isAddress = yourip instanceof Uint8Array && [4, 16].includes(yourip.length);
    onRead({
      peer,
      isDialled: wire.type.endsWith("Outgoing"),
      // A copy, because the bytes are part of a longer message.
      ...(isAddress && { yourIp: yourip.slice() }),
      ...(Number.isSafeInteger(lr) && { libreseed: lr as number }),
    });
  });
}
