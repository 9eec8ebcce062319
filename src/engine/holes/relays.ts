/**
 * Connections that two seeders keep although they have nothing to exchange. Over them, a seeder that
 * cannot be dialled is introduced to readers (BEP 55). It says in its extended handshake that it
 * wants them kept.
 *
 * @module
 */

import { formatAddress, networkOf, peerAddressBytes } from "../../base/mod.ts";
import type { Wire } from "../libraries/mod.ts";

/** Name of the extension in the extended handshake (BEP 10). */
export const HOLE_EXTENSION = "ut_holepunch";
/** Member of the extended handshake (BEP 10) by which a peer asks to keep its connection. */
export const RELAY_MEMBER = "relay";

/** Maximum number of connections kept because a peer asks for it. */
const MAX_KEPT_FOR_OTHERS = 128;
/** Maximum number of connections kept because we want it. */
const MAX_KEPT_FOR_OURSELVES = 32;
/**
 * Maximum number of connections of each kind to one network (/24, or /48 for IPv6), so that one
 * attacker cannot take the places of all seeders.
 */
const MAX_OF_A_NETWORK = 8;

/** The members of a connection that tell what its peer wants. */
type RelayWire = Wire & {
  peerExtendedMapping?: Record<string, number>;
  peerExtendedHandshake?: { lr?: unknown; relay?: unknown };
};

/** Whether a peer knows the extension. */
export function knowsHoles(wire: Wire): boolean {
  return ((wire as RelayWire).peerExtendedMapping?.[HOLE_EXTENSION] ?? 0) > 0;
}

/** Decides which connections between seeders are kept. */
export class Relays {
  /** Whether we cannot be dialled, and so want relays. */
  isWanted = false;
  readonly #kept = { ours: new Set<Wire>(), others: new Set<Wire>() };

  /** Whether a connection to another seeder is kept. */
  keeps(wire: Wire): boolean {
    const { ours, others } = this.#kept;
    if (ours.has(wire) || others.has(wire)) return true;
    const { lr, relay } = (wire as RelayWire).peerExtendedHandshake ?? {};
    // Other programs close a connection between seeders themselves.
    if (!knowsHoles(wire) || typeof lr !== "number") return false;
    if (this.isWanted && hasRoom(ours, MAX_KEPT_FOR_OURSELVES, wire)) return keep(ours, wire);
    return relay === 1 && hasRoom(others, MAX_KEPT_FOR_OTHERS, wire) && keep(others, wire);
  }
}

function hasRoom(kept: ReadonlySet<Wire>, most: number, wire: Wire): boolean {
  if (kept.size >= most) return false;
  const network = networkOfPeer(wire);
  const same = [...kept].filter((one) => networkOfPeer(one) === network);
  return same.length < MAX_OF_A_NETWORK;
}

function networkOfPeer({ remoteAddress = "" }: Wire): string {
  const address = peerAddressBytes(remoteAddress);
  const host = address ? formatAddress(address) : remoteAddress;
  return address && networkOf(host) || host;
}

function keep(kept: Set<Wire>, wire: Wire): true {
  kept.add(wire);
  wire.once("close", () => kept.delete(wire));
  return true;
}
