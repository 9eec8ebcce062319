/**
 * Decides which addresses count as our router: the default gateway that the launcher names. If the
 * launcher knows none, private addresses that answered a search for routers count.
 *
 * @module
 */

import { type Address, formatAddress, isLocal, isLoopback, parseAddress } from "../base/mod.ts";

/** Time during which an address that answered a search counts as a router (ms). */
const ANSWERED_MS = 3_600_000;
/** Maximum number of remembered addresses. The oldest is dropped. */
const MAX_ANSWERED = 8;

/** The addresses at which requests to routers may be sent. */
export class Gateways {
  readonly #allowLocal: boolean;
  #gateway: string | undefined;
  /** Time when each address answered last; the oldest first. */
  readonly #answered = new Map<string, number>();

  /** @param allowLocal whether the router may have an address of this machine */
  constructor(allowLocal: boolean) {
    this.#allowLocal = allowLocal;
  }

  /** Sets the default gateway, as the launcher knows it. */
  set gateway(address: string | undefined) {
    this.#gateway = address;
    this.#answered.clear();
  }

  /** Notes an answer to a search. Returns whether the sender counts as a router from now on. */
  noteAnswer(address: Address, nowMs: number): boolean {
    const text = formatAddress(address);
    if (!this.#isNear(address)) return false;
    if (this.#gateway !== undefined) return text === this.#gateway;
    this.#answered.delete(text);
    if (this.#answered.size >= MAX_ANSWERED) {
      this.#answered.delete(this.#answered.keys().next().value!);
    }
    this.#answered.set(text, nowMs);
    return true;
  }

  /** Returns a router's address in canonical form; `undefined` for any other address. */
  find(text: string, nowMs: number): string | undefined {
    const address = parseAddress(text);
    if (!address || !this.#isNear(address)) return undefined;
    const known = formatAddress(address);
    if (this.#gateway !== undefined) return known === this.#gateway ? known : undefined;
    return nowMs - (this.#answered.get(known) ?? -Infinity) <= ANSWERED_MS ? known : undefined;
  }

  /** Whether an IPv4 address lies in a private network, or on this machine if that is allowed. */
  #isNear(address: Address): boolean {
    return address.length === 4 && isLocal(address) && (this.#allowLocal || !isLoopback(address));
  }
}
