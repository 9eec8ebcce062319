/**
 * Bounds the connections that others open to us. WebTorrent takes all that come, and each costs a file
 * and memory. When there is no room, the one that has been silent for longest goes; if all are in use,
 * the newcomer does. One address gets a quarter of the room, so that it cannot take all of it.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import type { Clock } from "../../base/mod.ts";

/** A connection (`net.Socket`). */
export interface Incoming extends EventEmitter {
  readonly remoteAddress?: string;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  destroy(): void;
}

/** Silent for so long, it makes room for another. Peers that have nothing to say do so every minute. */
const SILENT_MS = 5_000;
/** How often silence is looked for, at most. */
const LOOK_MS = 1_000;
const SHARE_OF_ADDRESS = 4;

/** What passed when it was looked at. */
interface Passed {
  bytes: number;
  sinceMs: number;
}

/** Counts the connections that come in through one listener. */
export class ConnectionLimit {
  readonly #most: number;
  readonly #clock: Clock;
  /** In the order in which they came. */
  readonly #open = new Map<Incoming, Passed>();
  readonly #byAddress = new Map<string, number>();
  #lookedMs = -Infinity;
  /** How many were turned away or had to make room. */
  dropped = 0;

  constructor(most: number, clock: Clock) {
    this.#most = most;
    this.#clock = clock;
  }

  /** How many there are. */
  get count(): number {
    return this.#open.size;
  }

  /** Takes a connection, or destroys it. */
  take(connection: Incoming): boolean {
    const address = connection.remoteAddress ?? "";
    const ofAddress = this.#byAddress.get(address) ?? 0;
    const isTooMany = !isLoopback(address) && ofAddress >= this.#most / SHARE_OF_ADDRESS;
    if (isTooMany || (this.#open.size >= this.#most && !this.#makeRoom())) {
      this.dropped++;
      connection.destroy();
      return false;
    }
    this.#open.set(connection, { bytes: passedBytes(connection), sinceMs: this.#clock.now() });
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
    if (nowMs - this.#lookedMs < LOOK_MS) return false;
    this.#lookedMs = nowMs;
    let room = 0;
    for (const [connection, passed] of [...this.#open]) {
      const bytes = passedBytes(connection);
      if (bytes !== passed.bytes) {
        this.#open.set(connection, { bytes, sinceMs: nowMs });
      } else if (nowMs - passed.sinceMs >= SILENT_MS && room < this.#most / 4) {
        room++;
        this.dropped++;
        this.#forget(connection, connection.remoteAddress ?? "");
        connection.destroy();
      }
    }
    return room > 0;
  }
}

function passedBytes({ bytesRead, bytesWritten }: Incoming): number {
  return bytesRead + bytesWritten;
}

/** A test network, or a program of this machine's user. */
function isLoopback(address: string): boolean {
  return /^(127\.|::1$|::ffff:127\.)/.test(address);
}
