/**
 * One connection to a peer from two dials, one by TCP and one by uTP. The second dial begins a moment
 * after the first. The one that is open first stays, the other is closed.
 *
 * @module
 */

import { EventEmitter } from "node:events";
import type { Clock, Timer } from "../../base/mod.ts";

/** A connection to a peer: a `net.Socket`, or what has its members (`GateSocket`, `UtpSocket`). */
export interface PeerSocket extends EventEmitter {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly destroyed: boolean;
  /** Takes received bytes; see `libraries/webtorrent/peer_pipes.ts`. */
  onBytes?: (bytes: Uint8Array) => boolean;
  write(bytes: Uint8Array, done?: () => void): boolean;
  pause(): unknown;
  resume(): unknown;
  destroy(error?: Error): unknown;
}

/** Protocol that carries a connection. */
export type Carrier = "tcp" | "utp";

/** A way to dial a peer. */
export interface Way {
  carrier: Carrier;
  dial: () => PeerSocket;
}

/** Options of {@linkcode RacingSocket}. */
export interface RaceOptions {
  clock: Clock;
  first: Way;
  second: Way;
  /** Time after which the second dial begins, unless the first is open or has failed (ms). */
  headStartMs: number;
}

/** Events of a connection that the race passes on from the one that stays. */
const EVENTS = ["drain", "end", "finish", "error", "close"];
/** The events that come when the peer ends a connection, or the connection fails. */
const ENDS = new Set(["end", "error", "close"]);

/**
 * A connection that is the first of two dials to open. Emits `connect` then, or the error of the
 * first dial if both fail.
 */
export class RacingSocket extends EventEmitter implements PeerSocket {
  destroyed = false;
  /** Whether the peer ended the connection, or it failed, before it was destroyed here. */
  isEndedByPeer = false;
  readonly #options: RaceOptions;
  /** The dials that are under way. */
  readonly #dials = new Map<Carrier, PeerSocket>();
  #winner: PeerSocket | undefined;
  #carrier: Carrier | undefined;
  #timer: Timer | undefined;
  #firstError: Error | undefined;
  #hasDialledSecond = false;
  #take: (bytes: Uint8Array) => boolean = () => true;

  constructor(options: RaceOptions) {
    super();
    this.#options = options;
    this.#timer = options.clock.after(options.headStartMs, () => this.#dialSecond());
    this.#dial(options.first);
  }

  /** The protocol of the connection; `undefined` until one of the dials is open. */
  get carrier(): Carrier | undefined {
    return this.#carrier;
  }

  get remoteAddress(): string | undefined {
    return this.#winner?.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#winner?.remotePort;
  }

  get localAddress(): string | undefined {
    return this.#winner?.localAddress;
  }

  get localPort(): number | undefined {
    return this.#winner?.localPort;
  }

  get bytesRead(): number {
    return this.#winner?.bytesRead ?? 0;
  }

  get bytesWritten(): number {
    return this.#winner?.bytesWritten ?? 0;
  }

  get onBytes(): (bytes: Uint8Array) => boolean {
    return this.#take;
  }

  set onBytes(take: (bytes: Uint8Array) => boolean) {
    this.#take = take;
    const winner = this.#winner;
    if (winner?.onBytes) winner.onBytes = take;
  }

  /** Writes to the open connection. To be called after `connect`. */
  write(bytes: Uint8Array, done?: () => void): boolean {
    return this.#winner!.write(bytes, done);
  }

  pause(): this {
    this.#winner?.pause();
    return this;
  }

  resume(): this {
    this.#winner?.resume();
    return this;
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.#timer?.cancel();
    if (this.#winner) this.#winner.destroy(error);
    else {
      this.#dropOthers();
      queueMicrotask(() => {
        if (error) this.emit("error", error);
        this.emit("close");
      });
    }
    return this;
  }

  #dial({ carrier, dial }: Way): void {
    const socket = dial();
    this.#dials.set(carrier, socket);
    socket.once("connect", () => this.#won(carrier, socket));
    socket.on("error", (error: Error) => this.#failed(carrier, error));
    socket.once("close", () => this.#failed(carrier, new Error("the connection was closed")));
  }

  #dialSecond(): void {
    this.#timer?.cancel();
    if (this.#hasDialledSecond || this.#winner || this.destroyed) return;
    this.#hasDialledSecond = true;
    this.#dial(this.#options.second);
  }

  #won(carrier: Carrier, socket: PeerSocket): void {
    if (this.#dials.get(carrier) !== socket) return;
    this.#dials.delete(carrier);
    this.#timer?.cancel();
    this.#dropOthers();
    this.#winner = socket;
    this.#carrier = carrier;
    for (const event of EVENTS) {
      socket.on(event, (...values: unknown[]) => {
        if (ENDS.has(event)) this.isEndedByPeer ||= !this.destroyed;
        if (event === "close") this.destroyed = true;
        this.emit(event, ...values);
      });
    }
    if (!socket.onBytes) socket.on("data", (bytes) => void (this.#take(bytes) || socket.pause()));
    this.emit("connect");
  }

  #failed(carrier: Carrier, error: Error): void {
    if (!this.#dials.delete(carrier)) return;
    this.#firstError ??= error;
    if (!this.#hasDialledSecond) return this.#dialSecond();
    if (this.#dials.size === 0) this.destroy(this.#firstError);
  }

  /** Closes the dials that have not won. */
  #dropOthers(): void {
    for (const socket of this.#dials.values()) socket.destroy();
    this.#dials.clear();
  }
}
