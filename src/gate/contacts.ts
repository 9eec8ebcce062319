/**
 * Decides which addresses and ports the gate may contact. Remembers the neighbours that local
 * discovery has heard.
 *
 * @module
 */

import {
  type Address,
  formatAddress,
  isLocal,
  isNodePort,
  isPeerPort,
  isPublic,
} from "../base/mod.ts";

/**
 * Time during which a heard neighbour may be dialled (ms). Announcements repeat each five minutes.
 */
export const HEARD_MS = 3_600_000;
/**
 * Maximum number of remembered neighbours, and of ports of one neighbour. The oldest is dropped.
 */
const MAX_HEARD = 256;
const MAX_HEARD_PORTS = 8;

/** The addresses and ports that the gate may contact. */
export class Contacts {
  readonly #allowLocal: boolean;
  /** Time when each neighbour was heard last, by `ADDRESS PORT`; the oldest first. */
  readonly #heard = new Map<string, number>();

  /** @param allowLocal whether local addresses may be contacted, at any port */
  constructor(allowLocal: boolean) {
    this.#allowLocal = allowLocal;
  }

  /** Whether a web server at this address and port may be asked. */
  mayFetch(address: Address, port: number): boolean {
    return isPublic(address) && isPeerPort(port) || this.#isAllowedLocal(address, port);
  }

  /** Whether a peer may be dialled: a public one, or a neighbour heard within the last hour. */
  mayDial(address: Address, port: number, nowMs: number): boolean {
    const heardMs = this.#heard.get(keyOf(address, port));
    return this.mayFetch(address, port) || heardMs !== undefined && nowMs - heardMs <= HEARD_MS;
  }

  /** Whether a datagram may be sent to this address of IPv6. */
  maySend(address: Address, port: number): boolean {
    return address.length === 16 &&
      (isPublic(address) && isNodePort(port) || this.#isAllowedLocal(address, port));
  }

  /** Notes that a neighbour has announced itself at this port. */
  noteHeard(address: Address, port: number, nowMs: number): void {
    const key = keyOf(address, port);
    this.#heard.delete(key);
    const same = [...this.#heard.keys()].filter((one) => one.startsWith(keyOf(address, "")));
    if (same.length >= MAX_HEARD_PORTS) this.#heard.delete(same[0]!);
    if (this.#heard.size >= MAX_HEARD) this.#heard.delete(this.#heard.keys().next().value!);
    this.#heard.set(key, nowMs);
  }

  #isAllowedLocal(address: Address, port: number): boolean {
    return this.#allowLocal && isLocal(address) && port >= 1 && port <= 65_535;
  }
}

function keyOf(address: Address, port: number | ""): string {
  return `${formatAddress(address)} ${port}`;
}
