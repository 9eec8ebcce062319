/**
 * A guard around npm:ut_pex (BEP 11), which a connection uses in the package's place. By itself the
 * package
 *
 * - reads messages of any length, each address as an object that is kept as long as the connection;
 * - lets a peer say that another has left, which takes that one out of the queue of peers to dial, and
 *   could keep us from a seeder.
 *
 * A peer whose message is longer than any honest one gets disconnected, and peers that are said to have
 * left are kept. How many of the named peers are dialled is up to `engine/download`.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import type { Extension, ExtensionClass } from "./extension.ts";

/**
 * BEP 11 allows 50 addresses added and 50 dropped in each family; programs that send 200 of each stay
 * below too, with 200 * (7 + 6) bytes for IPv4 and 200 * (19 + 18) for IPv6.
 */
const MAX_MESSAGE_BYTES = 16 * 1024;
/** Addresses that are remembered for a connection, so that they are not sent back to it. */
const MAX_REMEMBERED = 1_000;

/** The parts of a connection that the guard uses. */
interface Wire {
  ut_pex: Extension & EventEmitter & {
    /** Forgets the addresses that the peer named. */
    reset(): void;
  };
  destroy(): void;
}

/** The extension to use for a connection, after npm:webtorrent has set up its own. */
export const PexGuard: ExtensionClass<Wire> = class PexGuard implements Extension {
  readonly #wire: Wire;
  readonly #library: Wire["ut_pex"];
  #remembered = 0;

  constructor(wire: Wire) {
    this.#wire = wire;
    this.#library = wire.ut_pex;
    const count = () => this.#remembered++;
    // npm:webtorrent's own listener takes the peer out of the queue of peers to dial.
    this.#library.removeAllListeners("dropped");
    this.#library.on("dropped", count);
    this.#library.on("peer", count);
  }

  get name(): string {
    return "ut_pex";
  }

  onHandshake(): void {}

  onExtendedHandshake(handshake: unknown): void {
    this.#library.onExtendedHandshake(handshake);
  }

  onMessage(message: Uint8Array): void {
    if (message.length > MAX_MESSAGE_BYTES) return this.#wire.destroy();
    this.#library.onMessage(message);
    if (this.#remembered > MAX_REMEMBERED) this.reset();
  }

  /** Called by npm:webtorrent at the end of the connection, too. */
  reset(): void {
    this.#library.reset();
    this.#remembered = 0;
  }
};
