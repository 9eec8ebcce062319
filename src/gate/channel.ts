/**
 * The interface of the gate's channels, and one of them: the stream. It moves bytes between a
 * connection and the asking thread, with credit in both directions.
 *
 * @module
 */

import { failureOf, GateError } from "./errors.ts";
import { type Ask, type Tell, WINDOW_BYTES } from "./protocol.ts";

/** A message of the gate without its channel's id. */
export type Telling = Tell extends infer One ? One extends Tell ? Omit<One, "id"> : never : never;

/** One channel's connection to the asking thread. */
export interface Line {
  tell(message: Telling, transfer?: Transferable[]): void;
  /** Ends the channel, with an error if one is given. Drops later messages. */
  end(error?: unknown): void;
}

/** An open channel. */
export interface Channel {
  /** Takes a message of the asking thread. Throws if the message does not fit the channel. */
  take(ask: Ask): void;
  /** Releases the channel's sockets. */
  close(): void;
}

/** The members of `Deno.Conn` that a {@linkcode Stream} uses. */
export type Connection = Pick<Deno.Conn, "read" | "write" | "closeWrite" | "close">;

/** Opens the connection of a {@linkcode Stream}. The signal aborts when the channel closes. */
export type OpenConnection = (
  signal: AbortSignal,
) => Promise<Connection & { localAddress?: string }>;

/** Minimum and maximum length of a read buffer, bytes. An idle connection holds a small buffer. */
const READ_BYTES = [4 * 1024, 256 * 1024] as const;

/** A channel of bytes in both directions. Either direction can end before the other. */
export class Stream implements Channel {
  readonly #line: Line;
  readonly #aborting = new AbortController();
  readonly #queue: Uint8Array[] = [];
  #connection: Connection | undefined;
  /** Bytes that may still go to the asking thread, and that may still come from it. */
  #credit = WINDOW_BYTES;
  #allowance = WINDOW_BYTES;
  #isEnded = false;
  #onCredit = () => {};
  #onQueue = () => {};

  constructor(line: Line, open: OpenConnection) {
    this.#line = line;
    this.#run(open).then(() => this.#finish(), (error) => this.#finish(error));
  }

  take(ask: Ask): void {
    if (ask.ask === "credit") {
      this.#credit = Math.min(this.#credit + ask.amount, WINDOW_BYTES);
      this.#onCredit();
    } else if (ask.ask === "data" && !this.#isEnded) {
      this.#allowance -= ask.bytes.length;
      if (this.#allowance < 0) throw new GateError("OVER_CREDIT", "More bytes came than credit");
      this.#queue.push(ask.bytes);
      this.#onQueue();
    } else if (ask.ask === "end") {
      this.#isEnded = true;
      this.#onQueue();
    } else throw new GateError("BAD_REQUEST", `A stream does not take ${ask.ask}`);
  }

  close(): void {
    this.#aborting.abort();
    this.#queue.length = 0;
    try {
      this.#connection?.close();
    } catch {
      // Deno throws if the connection is closed already.
    }
  }

  async #run(open: OpenConnection): Promise<void> {
    const { signal } = this.#aborting;
    const connection = await open(signal);
    this.#connection = connection;
    if (signal.aborted) return;
    const { localAddress } = connection;
    this.#line.tell({ tell: "open", ...(localAddress !== undefined && { localAddress }) });
    await Promise.all([this.#read(connection), this.#write(connection)]);
  }

  #finish(error?: unknown): void {
    this.close();
    this.#line.end(error);
  }

  async #read(connection: Connection): Promise<void> {
    let length: number = READ_BYTES[0];
    let buffer = new Uint8Array(length);
    for (;;) {
      while (this.#credit <= 0) await new Promise<void>((resolve) => this.#onCredit = resolve);
      const room = buffer.subarray(0, this.#credit);
      const count = await connection.read(room);
      if (count === null) break;
      this.#credit -= count;
      // The next buffer is longer after a read that filled this one, and shorter after a small
      // read.
      if (count === buffer.length) length = Math.min(length * 2, READ_BYTES[1]);
      else if (count < length / 8) length = Math.max(length / 2, READ_BYTES[0]);
      const mustCopy = count < buffer.length / 2;
      const bytes = mustCopy ? room.slice(0, count) : room.subarray(0, count);
      this.#line.tell({ tell: "data", bytes }, [bytes.buffer]);
      if (!mustCopy || length < buffer.length) buffer = new Uint8Array(length);
    }
    this.#line.tell({ tell: "end" });
  }

  async #write(connection: Connection): Promise<void> {
    for (let owed = 0;;) {
      const bytes = this.#queue.shift();
      if (bytes) {
        for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
        owed += bytes.length;
        if (owed < WINDOW_BYTES / 4 && this.#queue.length > 0) continue;
        this.#allowance += owed;
        this.#line.tell({ tell: "credit", amount: owed });
        owed = 0;
      } else if (this.#isEnded) {
        // The other end may have closed the connection already.
        return await connection.closeWrite().catch(() => {});
      } else await new Promise<void>((resolve) => this.#onQueue = resolve);
    }
  }
}

/** Data about an error for the message `closed`. */
export function closing(error: unknown): Telling {
  return error === undefined ? { tell: "closed" } : { tell: "closed", error: failureOf(error) };
}
