/**
 * Write tokens (BEP 5, BEP 44). A token in a `put` proves that the sender receives packets at its
 * address. Tokens are computed from a secret, so no token is stored.
 *
 * @module
 */

import { createHash, randomBytes } from "node:crypto";
import { type Clock, equalBytes } from "../../base/mod.ts";

/**
 * Lifetime of a secret. Tokens of the current and the previous secret are valid, so a token is
 * valid for 5 to 10 minutes, as in BEP 5.
 */
const SECRET_AGE_MS = 5 * 60_000;
const TOKEN_BYTES = 8;

/** Issues and verifies write tokens. */
export class WriteTokens {
  readonly #clock: Clock;
  #secret = randomBytes(20);
  #previousSecret = randomBytes(20);
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.now();
  }

  /** Issues a write token of 8 bytes for an address. */
  issue(host: string): Uint8Array {
    this.#rotate();
    return tokenOf(host, this.#secret);
  }

  /** Whether a token was issued to this address and has not expired. */
  isValid(host: string, token: Uint8Array): boolean {
    this.#rotate();
    return [this.#secret, this.#previousSecret].some((secret) =>
      equalBytes(tokenOf(host, secret), token)
    );
  }

  #rotate(): void {
    const ageMs = Math.abs(this.#clock.now() - this.#sinceMs);
    if (ageMs < SECRET_AGE_MS) return;
    this.#previousSecret = ageMs < 2 * SECRET_AGE_MS ? this.#secret : randomBytes(20);
    this.#secret = randomBytes(20);
    this.#sinceMs = this.#clock.now();
  }
}

function tokenOf(host: string, secret: Uint8Array): Uint8Array {
  return createHash("sha1").update(secret).update(host).digest().subarray(0, TOKEN_BYTES);
}
