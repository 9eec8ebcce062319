/**
 * Write tokens (BEP 44, after BEP 5): whoever puts an item shows that it receives packets at the address
 * that it sends from. Nothing is kept of those that were given.
 *
 * @module
 */

import { createHash, randomBytes } from "node:crypto";
import { type Clock, equalBytes } from "../../base/mod.ts";

/** A token is good for this long at least, and twice as long at most (BEP 5 has 5 and 10 minutes). */
const SECRET_AGE_MS = 5 * 60_000;
const TOKEN_BYTES = 8;

/** Gives tokens and knows them again. */
export class WriteTokens {
  readonly #clock: Clock;
  #secret = randomBytes(20);
  #secretBefore = randomBytes(20);
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.now();
  }

  /** A token for an address, 8 bytes. */
  give(host: string): Uint8Array {
    this.#rotate();
    return tokenOf(host, this.#secret);
  }

  /** Whether a token was given to that address lately. */
  isGood(host: string, token: Uint8Array): boolean {
    this.#rotate();
    return [this.#secret, this.#secretBefore].some((secret) =>
      equalBytes(tokenOf(host, secret), token)
    );
  }

  #rotate(): void {
    const ageMs = Math.abs(this.#clock.now() - this.#sinceMs);
    if (ageMs < SECRET_AGE_MS) return;
    this.#secretBefore = ageMs < 2 * SECRET_AGE_MS ? this.#secret : randomBytes(20);
    this.#secret = randomBytes(20);
    this.#sinceMs = this.#clock.now();
  }
}

function tokenOf(host: string, secret: Uint8Array): Uint8Array {
  return createHash("sha1").update(secret).update(host).digest().subarray(0, TOKEN_BYTES);
}
