/**
 * The receiving half of a connection: puts packets in order, and holds bytes that the reader does not
 * take yet. Bytes that arrive in order while the reader reads are passed on without a copy.
 *
 * @module
 */

import {
  type Allowance,
  MAX_PACKETS,
  PACKET_OVERHEAD_BYTES,
  RECEIVE_WINDOW_BYTES,
} from "./limits.ts";
import { distance, isBefore, SEQ_MASK, SeqRing } from "./sequence.ts";

/**
 * Maximum length of a selective acknowledgement that we send, in bytes: the largest multiple of four
 * that fits into an extension. Its 2,016 packets are more than a window of full packets.
 */
const MAX_SELECTIVE_BYTES = 252;
/**
 * Maximum number of bytes that a connection keeps, with overheads: a full window of bytes, and as
 * much again for packets that came early and for overheads.
 */
const MAX_KEPT_BYTES = 2 * RECEIVE_WINDOW_BYTES;
/**
 * Window that an empty connection offers while the memory for the peer's machine is used up, in
 * bytes.
 */
const LEAST_WINDOW_BYTES = 4_096;

/** The reader of a connection. */
export interface Reader {
  /**
   * Takes bytes. The reader may keep no reference to them after it returns.
   *
   * @returns whether the reader takes more at once; if not, it calls {@linkcode Incoming.resume}
   */
  onBytes(bytes: Uint8Array): boolean;
  /** Called once after the last byte. */
  onEnd(): void;
}

/** The outcome of a received packet. */
export type Taken =
  /** The next packet. */
  | "in order"
  /** A later packet, which is kept until those before it have come. */
  | "early"
  /** A packet that had come before. */
  | "repeated"
  /** A packet that is too far ahead, comes after the end, or does not fit into the buffer. */
  | "dropped";

/** The packets of one direction of a connection. */
export class Incoming {
  readonly #reader: Reader;
  readonly #budget: Allowance;
  /** The next sequence number in order. */
  #next: number;
  readonly #early = new SeqRing<Uint8Array>();
  #earlyCount = 0;
  /** The highest sequence number that is kept. */
  #highest: number;
  #keptBytes = 0;
  /** The part of the kept bytes that is in order and waits for the reader. */
  #unreadBytes = 0;
  #finSeq: number | undefined;
  #unread: Uint8Array[] = [];
  #isPaused = false;
  #hasEnded = false;

  /** @param last the sequence number before the first packet */
  constructor(last: number, reader: Reader, budget: Allowance) {
    this.#next = this.#highest = (last + 1) & SEQ_MASK;
    this.#reader = reader;
    this.#budget = budget;
  }

  /** The last sequence number in order. */
  get ack(): number {
    return (this.#next - 1) & SEQ_MASK;
  }

  /** Whether packets are missing before one that has come. */
  get hasGap(): boolean {
    return this.#earlyCount > 0;
  }

  /** Whether all has come, up to the peer's end of the stream. */
  get hasEnded(): boolean {
    return this.#finSeq !== undefined && distance(this.#finSeq, this.#next) === 1;
  }

  /**
   * Number of bytes that can be received. Packets that came early do not shrink the window at
   * first: if they closed it, the peer could not send the missing packet.
   */
  get windowBytes(): number {
    const room = Math.min(
      RECEIVE_WINDOW_BYTES - this.#unreadBytes,
      MAX_KEPT_BYTES - this.#keptBytes,
    );
    const own = Math.max(room, 0);
    return Math.min(
      own,
      this.#keptBytes === 0 ? Math.max(this.#left, LEAST_WINDOW_BYTES) : this.#left,
    );
  }

  get #left(): number {
    return this.#budget.left;
  }

  /** Takes a packet with data, or the end of the stream. */
  take(seq: number, payload: Uint8Array, isFin: boolean): Taken {
    const ahead = distance(this.#next, seq);
    if (ahead > SEQ_MASK >> 1) return "repeated";
    if (ahead >= MAX_PACKETS || !this.#isBeforeEnd(seq, isFin)) return "dropped";
    if (ahead > 0) return this.#keep(seq, payload, isFin);
    const mustKeep = this.#isPaused && !this.#hasEnded;
    if (mustKeep && !this.#hasRoom(payload.length)) return "dropped";
    if (isFin) this.#finSeq = seq;
    this.#next = (this.#next + 1) & SEQ_MASK;
    this.#deliver(payload, false);
    if (this.#earlyCount > 0) this.#deliverEarly();
    this.#tellEnd();
    return "in order";
  }

  /** Makes the selective acknowledgement; `undefined` if no packet is missing. */
  selective(): Uint8Array | undefined {
    if (this.#earlyCount === 0) return undefined;
    const first = (this.#next + 1) & SEQ_MASK;
    const count = distance(first, this.#highest) + 1;
    const lengthBytes = Math.min(Math.ceil(count / 32) * 4, MAX_SELECTIVE_BYTES);
    const bits = new Uint8Array(lengthBytes);
    for (let i = 0; i < Math.min(count, lengthBytes * 8); i++) {
      if (this.#early.get((first + i) & SEQ_MASK, this.#next)) bits[i >> 3]! |= 1 << (i & 7);
    }
    return bits;
  }

  /** Holds bytes back from the reader from now on. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Passes bytes on again. */
  resume(): void {
    this.#isPaused = false;
    const unread = this.#unread;
    let at = 0;
    while (at < unread.length && !this.#isPaused) {
      const bytes = unread[at++]!;
      this.#addUnread(-bytes.length - PACKET_OVERHEAD_BYTES);
      if (!this.#reader.onBytes(bytes)) this.#isPaused = true;
    }
    // The reader may have closed the connection.
    if (this.#unread === unread) this.#unread = unread.slice(at);
    this.#tellEnd();
  }

  /** Forgets all that is kept, and gives its memory back. */
  release(): void {
    this.#budget.used -= this.#keptBytes;
    this.#keptBytes = this.#unreadBytes = this.#earlyCount = 0;
    this.#unread = [];
    this.#hasEnded = this.#isPaused = true;
  }

  #isBeforeEnd(seq: number, isFin: boolean): boolean {
    if (this.#finSeq !== undefined) {
      return isFin ? seq === this.#finSeq : isBefore(seq, this.#finSeq);
    }
    return !isFin || this.#earlyCount === 0 || isBefore(this.#highest, seq);
  }

  #hasRoom(lengthBytes: number): boolean {
    const needed = lengthBytes + PACKET_OVERHEAD_BYTES;
    return this.#keptBytes + needed <= MAX_KEPT_BYTES && needed <= this.#left;
  }

  #keep(seq: number, payload: Uint8Array, isFin: boolean): Taken {
    if (this.#early.get(seq, this.#next)) return "repeated";
    if (this.#hasEnded || !this.#hasRoom(payload.length)) return "dropped";
    if (isFin) this.#finSeq = seq;
    this.#early.set(seq, copyOf(payload), this.#next);
    if (this.#earlyCount++ === 0 || isBefore(this.#highest, seq)) this.#highest = seq;
    this.#addKept(payload.length + PACKET_OVERHEAD_BYTES);
    return "early";
  }

  #deliverEarly(): void {
    for (
      let bytes;
      (bytes = this.#early.get(this.#next, this.#next)) !== undefined && this.#earlyCount > 0;
    ) {
      this.#early.delete(this.#next);
      this.#earlyCount--;
      this.#next = (this.#next + 1) & SEQ_MASK;
      this.#addKept(-bytes.length - PACKET_OVERHEAD_BYTES);
      this.#deliver(bytes, true);
    }
  }

  #deliver(bytes: Uint8Array, isOwn: boolean): void {
    if (bytes.length === 0 || this.#hasEnded) return;
    if (this.#isPaused || this.#unread.length > 0) {
      this.#unread.push(isOwn ? bytes : copyOf(bytes));
      this.#addUnread(bytes.length + PACKET_OVERHEAD_BYTES);
    } else if (!this.#reader.onBytes(bytes)) this.#isPaused = true;
  }

  #tellEnd(): void {
    if (!this.hasEnded || this.#unread.length > 0 || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#reader.onEnd();
  }

  #addUnread(bytes: number): void {
    this.#unreadBytes += bytes;
    this.#addKept(bytes);
  }

  #addKept(bytes: number): void {
    this.#keptBytes += bytes;
    this.#budget.used += bytes;
  }
}

/** Copies a payload, which is a view of the receive buffer. `slice` of a `Buffer` makes a view, too. */
function copyOf(payload: Uint8Array): Uint8Array {
  return new Uint8Array(payload);
}
