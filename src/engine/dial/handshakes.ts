/**
 * Chooses the form of the handshake with which a peer is dialled: encrypted (Message Stream
 * Encryption) or plain. Remembers the peers that accepted only the plain form. The dialling itself
 * is in `../libraries/webtorrent`.
 *
 * @module
 */

/**
 * How connections to peers are encrypted, in both directions:
 *
 * - `prefer`: a peer is dialled with encryption, and then without; both are accepted
 * - `require`: only connections whose every byte is encrypted (RC4) are made and accepted
 * - `off`: no connection is encrypted
 */
export type EncryptionMode = "prefer" | "require" | "off";

/** Form of a handshake. */
export type HandshakeForm = "encrypted" | "plain";

/**
 * Maximum number of addresses remembered (LRU): some 50 connections each of 80 torrents, or 400 kB.
 */
const REMEMBERED = 4_096;

/** The forms of handshake that peers accept, as far as earlier connections showed it. */
export class Handshakes {
  readonly mode: EncryptionMode;
  readonly #remembered: number;
  /** Addresses (`HOST:PORT`) of peers that last accepted a plain handshake, the oldest first. */
  readonly #plain = new Set<string>();

  constructor(mode: EncryptionMode, remembered = REMEMBERED) {
    this.mode = mode;
    this.#remembered = remembered;
  }

  /** Form in which a peer (`HOST:PORT`) is dialled first. */
  first(address: string): HandshakeForm {
    if (this.mode === "prefer") return this.#plain.has(address) ? "plain" : "encrypted";
    return this.mode === "require" ? "encrypted" : "plain";
  }

  /**
   * Form in which a peer is dialled at once when a first dial ended without an answer; `undefined`
   * if the mode allows no other form.
   */
  second(first: HandshakeForm): HandshakeForm | undefined {
    if (this.mode !== "prefer") return undefined;
    return first === "encrypted" ? "plain" : "encrypted";
  }

  /** Remembers the form of handshake that a peer (`HOST:PORT`) accepted. */
  accepted(address: string, form: HandshakeForm): void {
    this.#plain.delete(address);
    if (form === "encrypted") return;
    this.#plain.add(address);
    if (this.#plain.size > this.#remembered) this.#plain.delete(this.#plain.values().next().value!);
  }

  /** Number of peers that are remembered. */
  get size(): number {
    return this.#plain.size;
  }
}
