/**
 * Decides which address counts as our router's: the default gateway that the launcher names. Where
 * the launcher knows none, an address of the own network that answered a search for routers.
 *
 * @module
 */

import { type Address, formatAddress, isLocal, isLoopback, parseAddress } from "./addresses.ts";

/** How long an address that answered a search counts as a router's (ms). Searches are repeated. */
const ANSWERED_MS = 3_600_000;
/** Maximum number of addresses that answered. The oldest is forgotten. */
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

  /** Whether an answer to a search comes from a router: it may be asked afterwards. */
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

  /** Returns the address of a router in its one form, or `undefined` for any other address. */
  find(text: string, nowMs: number): string | undefined {
    const address = parseAddress(text);
    if (!address || !this.#isNear(address)) return undefined;
    const known = formatAddress(address);
    if (this.#gateway !== undefined) return known === this.#gateway ? known : undefined;
    return nowMs - (this.#answered.get(known) ?? -Infinity) <= ANSWERED_MS ? known : undefined;
  }

  /** Whether an address of IPv4 lies in a private network. */
  #isNear(address: Address): boolean {
    return address.length === 4 && isLocal(address) && (this.#allowLocal || !isLoopback(address));
  }
}
