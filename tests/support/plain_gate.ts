/**
 * A TCP relay before a peer that looks at the first bytes of each connection: do they begin a plain
 * handshake (BEP 3) or an encrypted one? Refuses one of the two, so a peer can be tested that knows
 * only one form.
 *
 * @module
 */

import { equalBytes, utf8 } from "../../src/base/mod.ts";

const PLAIN_BEGIN = utf8("\x13BitTorrent protocol");

/** The fate of a connection that the relay does not pass on. */
type Refusal = "close" | "silent";

/** A relay to a port of 127.0.0.1. Counts the handshakes of both forms. */
export class PlainGate implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #refusal: Refusal | "pass";
  readonly #port: number;
  readonly #open = new Set<Deno.Conn>();
  readonly #relays: Promise<unknown>[] = [];
  #wanted: "plain" | "encrypted" = "plain";
  /** Number of plain handshakes that were begun. */
  plain = 0;
  /** Number of encrypted handshakes that were begun. */
  encrypted = 0;

  /**
   * @param refusal fate of the handshakes of the form that is not wanted; `pass` passes both forms on
   * @param port port of the peer
   */
  constructor(refusal: Refusal | "pass", port: number) {
    this.#refusal = refusal;
    this.#port = port;
    this.#relays.push(this.#accept());
  }

  /** Address of the relay. */
  get address(): { host: string; port: number } {
    return { host: "127.0.0.1", port: (this.#listener.addr as Deno.NetAddr).port };
  }

  /** Sets the form of handshake that is passed on. */
  wants(form: "plain" | "encrypted"): void {
    this.#wanted = form;
  }

  async #accept(): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        this.#open.add(connection);
        this.#relays.push(this.#relay(connection).catch(() => {}));
      }
    } catch {
      // Ignore the error: the listener has been closed.
    }
  }

  async #relay(connection: Deno.Conn): Promise<void> {
    const first = new Uint8Array(65_536);
    const count = await connection.read(first);
    if (count === null) return connection.close();
    const form = equalBytes(first.subarray(0, PLAIN_BEGIN.length), PLAIN_BEGIN)
      ? "plain"
      : "encrypted";
    this[form]++;
    if (form !== this.#wanted && this.#refusal !== "pass") {
      if (this.#refusal === "close") connection.close();
      return;
    }
    const peer = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
    this.#open.add(peer);
    await peer.write(first.subarray(0, count));
    await Promise.allSettled([
      connection.readable.pipeTo(peer.writable),
      peer.readable.pipeTo(connection.writable),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) {
      try {
        connection.close();
      } catch {
        // Ignore the error: the connection has ended.
      }
    }
    await Promise.all(this.#relays);
  }
}
