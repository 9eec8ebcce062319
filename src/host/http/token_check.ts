/**
 * Checks the bearer token of requests (RFC 6750), and limits the attempts of each address. The right token
 * is accepted whatever the attempts were, so that nobody can lock its holder out.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { HttpApiError } from "../../api/mod.ts";
import { type Clock, machineOf, TokenBucket, type TokenRate, unmapIpv4 } from "../../base/mod.ts";

/** Attempts with a wrong token that an address has: at once, and from then on. */
const ATTEMPTS: TokenRate = { burst: 10, perSecond: 0.2 };
/** Maximum number of addresses whose attempts are counted. The oldest is forgotten first. */
const MAX_ADDRESSES = 1_024;

/** Options of {@linkcode TokenCheck}. */
export interface TokenCheckOptions {
  /** Reads the token. Its error's message says what to do. */
  read: () => Promise<string>;
  clock: Clock;
  /** Called when an address has used up its attempts. */
  onWarning?: (message: string) => void;
}

/** Checks tokens. */
export class TokenCheck {
  readonly #options: TokenCheckOptions;
  readonly #attempts = new Map<string, TokenBucket>();

  constructor(options: TokenCheckOptions) {
    this.#options = options;
  }

  /**
   * Checks the field `Authorization` of a request.
   *
   * @param remoteHost IP address of the client
   * @throws {HttpApiError} `API_TOKEN`, `API_TOKEN_LIMIT`, `API_TOKEN_UNUSABLE`
   */
  async check(authorization: string | undefined, remoteHost: string): Promise<void> {
    const given = /^bearer +([!-~]{1,256}) *$/i.exec(authorization ?? "")?.[1];
    if (given === undefined) {
      throw new HttpApiError(
        "API_TOKEN",
        "This needs the token, which `libreseed token show` prints, as Authorization: Bearer TOKEN",
        { "www-authenticate": 'Bearer realm="libreseed"' },
      );
    }
    const token = await this.#options.read().catch((error: Error) => {
      throw new HttpApiError("API_TOKEN_UNUSABLE", error.message);
    });
    if (isSame(given, token)) return;
    this.#count(remoteHost);
    throw new HttpApiError("API_TOKEN", "The token is wrong; `libreseed token show` prints it", {
      "www-authenticate": 'Bearer realm="libreseed", error="invalid_token"',
    });
  }

  /** Counts an attempt of an address. @throws {HttpApiError} `API_TOKEN_LIMIT` */
  #count(remoteHost: string): void {
    const { clock, onWarning } = this.#options;
    const address = machineOf(unmapIpv4(remoteHost));
    const bucket = this.#attempts.get(address) ?? new TokenBucket(ATTEMPTS, clock.now());
    this.#attempts.delete(address);
    this.#attempts.set(address, bucket);
    if (this.#attempts.size > MAX_ADDRESSES) {
      this.#attempts.delete(this.#attempts.keys().next().value!);
    }
    const wasFull = bucket.tokens >= 1;
    if (bucket.take(clock.now())) {
      if (wasFull && bucket.tokens < 1) {
        onWarning?.(`${remoteHost} has sent ${ATTEMPTS.burst} wrong tokens to the HTTP API`);
      }
      return;
    }
    throw new HttpApiError("API_TOKEN_LIMIT", "Too many wrong tokens; try again in a minute", {
      "retry-after": "60",
    });
  }
}

/** Compares in a time that depends on neither text. */
function isSame(a: string, b: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
