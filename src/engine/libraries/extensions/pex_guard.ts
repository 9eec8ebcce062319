/**
 * A guard before npm:ut_pex (peer exchange, BEP 11): the connection passes a peer's messages to the
 * guard instead of the package. Without the guard, npm:ut_pex
 *
 * - accepts messages of any length, any number of them, and keeps an object for each address in them
 *   until the connection ends;
 * - lets a peer report another peer as gone. npm:webtorrent then removes that peer from the dial
 *   queue, so a lying peer could keep us from a seeder.
 *
 * The guard disconnects a peer whose message is longer than any honest one, and ignores reports
 * that a peer is gone. It also ignores the messages of a peer that sends them faster than honest ones
 * come: otherwise one peer could keep its own addresses in the few places of the dial queue that
 * peer exchange has. `engine/download` decides how many of the reported addresses are dialled.
 *
 * @module
 */

import type { EventEmitter } from "node:events";
import { type Clock, TokenBucket } from "../../../base/mod.ts";
import type { Extension, ExtensionClass } from "./extension.ts";

/**
 * Maximum length of a peer exchange message, in bytes. BEP 11 allows 50 added and 50 dropped
 * addresses for each address family. Some programs send 200 of each, which fit too: 200 * (7 + 6)
 * bytes for IPv4 and 200 * (19 + 18) for IPv6.
 */
const MAX_MESSAGE_BYTES = 16 * 1024;
/**
 * Limit of the messages of one connection that are read. BEP 11 allows one a minute; an honest peer
 * may send the first ones in quick succession, while its swarm grows.
 */
const READ = { burst: 6, perSecond: 6 / 60 };
/**
 * Maximum number of addresses that npm:ut_pex remembers for one connection. The package remembers
 * the addresses that a peer has sent, so as not to send them back to that peer.
 */
const MAX_REMEMBERED = 1_000;

/** The members of a connection that the guard uses. */
interface Wire {
  ut_pex: Extension & EventEmitter & {
    /** Forgets all addresses that the peer has sent. */
    reset(): void;
  };
  destroy(): void;
}

/** Makes the guard class. A connection must `use` it after npm:webtorrent has set up npm:ut_pex. */
export function pexGuard(clock: Clock): ExtensionClass<Wire> {
  return class PexGuard implements Extension {
    readonly #wire: Wire;
    readonly #library: Wire["ut_pex"];
    readonly #read = new TokenBucket(READ, clock.now());
    #remembered = 0;

    constructor(wire: Wire) {
      this.#wire = wire;
      this.#library = wire.ut_pex;
      const count = () => this.#remembered++;
      // Removes npm:webtorrent's listener, which would remove a peer from the dial queue when another
      // peer reports it as gone.
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
      if (!this.#read.take(clock.now())) return;
      this.#library.onMessage(message);
      if (this.#remembered > MAX_REMEMBERED) this.reset();
    }

    /**
     * Forgets all addresses that the peer has sent. npm:webtorrent, too, calls this method when the
     * connection ends.
     */
    reset(): void {
      this.#library.reset();
      this.#remembered = 0;
    }
  };
}
