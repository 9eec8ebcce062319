/**
 * Limits incoming connections. WebTorrent accepts every connection, and each costs a file
 * descriptor and memory. At the limit, the connections that have been idle longest are dropped. If
 * no connection is idle, the new connection is refused. One address gets at most a quarter of the
 * limit.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import type { Clock } from "../../base/mod.ts";

/** The members of an incoming connection (`net.Socket`) that the limit uses. */
export interface Incoming extends EventEmitter {
  readonly remoteAddress?: string;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  destroy(): void;
}

/** Idle time after which a connection may be dropped for a new one. */
const IDLE_MS = 5_000;
/** Minimum interval between two searches for idle connections. */
const SEARCH_MS = 1_000;
/** Divisor that yields the limit for one address: a quarter of the limit on all connections. */
const ADDRESS_SHARE = 4;

/** Number of bytes that a connection had transferred at the last search for idle connections. */
interface Transfer {
  bytes: number;
  sinceMs: number;
}

/**
 * Limits the number of open incoming connections of one listener, in total and for each address.
 */
export class ConnectionLimit {
  readonly #max: number;
  readonly #clock: Clock;
  /** Open connections in order of arrival. */
  readonly #open = new Map<Incoming, Transfer>();
  readonly #byAddress = new Map<string, number>();
  #searchedMs = -Infinity;

  constructor(max: number, clock: Clock) {
    this.#max = max;
    this.#clock = clock;
  }

  /** Number of open connections. */
  get count(): number {
    return this.#open.size;
  }

  /** Accepts or destroys a new connection, and returns whether it was accepted. */
  take(connection: Incoming): boolean {
    const address = connection.remoteAddress ?? "";
    const ofAddress = this.#byAddress.get(address) ?? 0;
    const isTooMany = !isLoopback(address) && ofAddress >= this.#max / ADDRESS_SHARE;
    if (isTooMany || (this.#open.size >= this.#max && !this.#makeRoom())) {
      connection.destroy();
      return false;
    }
    this.#open.set(connection, { bytes: transferredBytes(connection), sinceMs: this.#clock.now() });
    this.#byAddress.set(address, ofAddress + 1);
    connection.once("close", () => this.#forget(connection, address));
    return true;
  }

  #forget(connection: Incoming, address: string): void {
    if (!this.#open.delete(connection)) return;
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
  }

  #makeRoom(): boolean {
    const nowMs = this.#clock.now();
    if (nowMs - this.#searchedMs < SEARCH_MS) return false;
    this.#searchedMs = nowMs;
    let room = 0;
    for (const [connection, last] of [...this.#open]) {
      const bytes = transferredBytes(connection);
      if (bytes !== last.bytes) {
        this.#open.set(connection, { bytes, sinceMs: nowMs });
      } else if (nowMs - last.sinceMs >= IDLE_MS && room < this.#max / 4) {
        room++;
        this.#forget(connection, connection.remoteAddress ?? "");
        connection.destroy();
      }
    }
    return room > 0;
  }
}

function transferredBytes({ bytesRead, bytesWritten }: Incoming): number {
  return bytesRead + bytesWritten;
}

/**
 * Whether a connection comes from this machine, such as from a local test network or another
 * program of the user.
 */
function isLoopback(address: string): boolean {
  return /^(127\.|::1$|::ffff:127\.)/.test(address);
}
