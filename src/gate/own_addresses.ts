/**
 * The addresses of this machine from which the gate sends: all, or those to which the user has bound
 * the program.
 *
 * @module
 */

import type { BoundAddresses } from "../base/mod.ts";
import { GateError } from "./errors.ts";

/** The addresses from which the gate sends. */
export class OwnAddresses {
  readonly #bound: BoundAddresses | undefined;

  /** @param bound `undefined` for all addresses of this machine */
  constructor(bound: BoundAddresses | undefined) {
    this.#bound = bound;
  }

  /**
   * Returns the address from which a socket of a family sends; `undefined` if any may be used.
   *
   * @throws {GateError} `EADDRNOTAVAIL` if there is no address of this family
   */
  of(family: "IPv4" | "IPv6"): string | undefined {
    if (!this.#bound) return undefined;
    const address = family === "IPv4" ? this.#bound.ipv4 : this.#bound.ipv6;
    if (address !== undefined) return address;
    throw new GateError("EADDRNOTAVAIL", `libreseed is bound to an interface without ${family}`);
  }

  /** Whether a socket may be bound to an address of this machine. */
  includes(address: string): boolean {
    return !this.#bound || [this.#bound.ipv4, this.#bound.ipv6].includes(address);
  }
}
