/**
 * A stream over a channel of the gate, in place of a `net.Socket`. The stream sends no more bytes
 * than the gate's credit, and gives credit back when its reader has read bytes.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { type Tell, WINDOW_BYTES } from "../gate_thread/mod.ts";
import { type ClientChannel, errorOf, type OpenChannel, type Target } from "./client_channel.ts";

type Done = (error?: Error | null) => void;

/**
 * A connection that the gate holds. Emits `connect` once it is open. The members beside those of
 * `Duplex` are those of `net.Socket`.
 */
export class GateSocket extends Duplex {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** Our own address and port on the connection. */
  localAddress: string | undefined;
  localPort: number | undefined;
  connecting = true;
  bytesRead = 0;
  bytesWritten = 0;
  readonly #channel: ClientChannel;
  /** Number of bytes that may still be sent to the gate. */
  #credit = WINDOW_BYTES;
  /** Number of received bytes for which the gate has not got its credit back. */
  #owed = 0;
  #writing: { bytes: Uint8Array; done: Done } | undefined;

  constructor(open: OpenChannel, target: Target, options: { allowHalfOpen?: boolean }) {
    super({ ...options, readableHighWaterMark: WINDOW_BYTES / 4 });
    if (target.kind === "dial") {
      this.remoteAddress = target.host;
      this.remotePort = target.port;
    }
    this.#channel = open(target, (told) => this.#onTell(told));
  }

  /** Family of the other end's address, as `node:net` names it. */
  get remoteFamily(): "IPv4" | "IPv6" | undefined {
    if (this.remoteAddress === undefined) return undefined;
    return this.remoteAddress.includes(":") ? "IPv6" : "IPv4";
  }

  /** Does nothing: the gate sends without delay. */
  setNoDelay(): this {
    return this;
  }

  /** Does nothing: peers have keep-alive messages of their own. */
  setKeepAlive(): this {
    return this;
  }

  override _read(): void {
    this.#giveCredit();
  }

  #giveCredit(): void {
    if (this.#owed < WINDOW_BYTES / 4) return;
    this.#channel.credit(this.#owed);
    this.#owed = 0;
  }

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, done: Done): void {
    this.#writing = { bytes, done };
    this.#send();
  }

  override _final(done: Done): void {
    this.#channel.end();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.connecting = false;
    this.#channel.close();
    this.#writing = undefined;
    done(error);
  }

  #onTell(told: Tell): void {
    if (told.tell === "packets") {
      for (const { bytes: { buffer, byteOffset, length } } of told.packets) {
        this.bytesRead += length;
        this.#owed += length;
        if (this.push(Buffer.from(buffer, byteOffset, length))) this.#giveCredit();
      }
    } else if (told.tell === "credit") {
      this.#credit += told.amount;
      this.#send();
    } else if (told.tell === "end") this.push(null);
    else if (told.tell === "open") {
      this.connecting = false;
      this.localAddress = told.host;
      this.localPort = told.port;
      this.emit("connect");
    } else if (told.tell === "closed" && told.error) {
      this.destroy(errorOf(told));
    }
  }

  /** Sends as many of the pending bytes as the credit allows. Calls back after the last byte. */
  #send(): void {
    if (!this.#writing) return;
    const { bytes, done } = this.#writing;
    if (this.#credit === 0 && bytes.length > 0) return;
    // A copy, because a transferred buffer is lost to this thread, and the writer may still use it.
    const copy = new Uint8Array(bytes.subarray(0, this.#credit));
    const { length } = copy;
    if (length > 0) this.#channel.send([{ host: "", port: 0, bytes: copy }], [copy.buffer]);
    this.#credit -= length;
    this.bytesWritten += length;
    const rest = bytes.subarray(length);
    this.#writing = rest.length > 0 ? { bytes: rest, done } : undefined;
    if (!this.#writing) done();
  }
}
