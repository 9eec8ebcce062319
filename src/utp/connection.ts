/**
 * One uTP connection (BEP 29): its states and its timers. What it sends is in `outgoing.ts`, what it
 * receives in `incoming.ts`.
 *
 * @module
 */

import { AckPolicy } from "./ack_policy.ts";
import { DelayMeter } from "./delay_history.ts";
import { closedError, type UtpErrorCode } from "./errors.ts";
import { Incoming, type Reader } from "./incoming.ts";
import { type Allowance, type ByteBudget, MAX_FLIGHT_BYTES } from "./limits.ts";
import { type Header, makePacket, type Packet, ST, writeHeader, writePadding } from "./packet.ts";
import { Outgoing } from "./outgoing.ts";
import { RoundTrip } from "./round_trip.ts";
import type { Sent } from "./sent.ts";
import { SEQ_MASK } from "./sequence.ts";

/** Time without sending after which a keep-alive is sent: NATs forget a mapping after 30 s. */
const KEEP_ALIVE_US = 29_000_000;
/** Number of consecutive timeouts after which a connection, or a dial, has failed. */
const MAX_TIMEOUTS = { open: 7, connecting: 4 } as const;
/** Longest time for which a peer may keep its window closed without a word, µs. */
const CLOSED_WINDOW_US = 60_000_000;
/** Shortest and longest time between two packets that ask whether a window is still closed, µs. */
const [WINDOW_PROBE_US, MAX_WINDOW_PROBE_US] = [500_000, 15_000_000];
/** Longest time for which a missing packet is waited for while later ones are kept, µs. */
const GAP_US = 60_000_000;
/** Longest time that a closed connection waits for the peer to acknowledge the end, µs. */
const LINGER_US = 5_000_000;

/** The parts of its endpoint that a connection needs. */
export interface Link {
  /** Bytes that all connections have in flight. */
  readonly flight: ByteBudget;
  /** Monotonic time in microseconds, from any starting point. */
  nowUs(): number;
  send(packet: Uint8Array, host: string, port: number): void;
  /** Asks for a call of {@linkcode Connection.onTime} at a time, or earlier. */
  schedule(atUs: number): void;
  /**
   * Removes a connection that has ended: its later packets count as those of an unknown connection.
   */
  forget(connection: Connection): void;
}

/** The user of a connection. */
export interface Handlers extends Reader {
  onOpen(): void;
  /** Called once, when the connection has ended without being closed by its user. */
  onClose(error: Error): void;
}

/** Addresses and numbers of a connection. */
export interface ConnectionOptions {
  host: string;
  port: number;
  /** Connection ids of the packets that we receive and send. */
  receiveId: number;
  sendId: number;
  /** Sequence number of our first packet. */
  next: number;
  /**
   * The budget of received bytes that the connections of the peer's machine keep for their readers.
   */
  kept: Allowance;
  /** Sequence number of the peer's `ST_SYN`; absent if we dial. */
  accepted?: { last: number };
}

/** A connection. */
export class Connection {
  readonly options: ConnectionOptions;
  handlers: Handlers | undefined;
  readonly #link: Link;
  readonly #roundTrip = new RoundTrip();
  readonly #delays = new DelayMeter();
  readonly #outgoing: Outgoing;
  #incoming: Incoming | undefined;
  #state: "connecting" | "open" | "closing" | "closed" = "connecting";
  #timeouts = 0;
  /** Number of packets in a row that were sent to find out whether the peer's window is still closed. */
  #windowProbes = 0;
  readonly #acks = new AckPolicy();
  #heardUs: number;
  /** Window that the last packet of ours offered. */
  #offeredBytes = 0;
  /** Times of the next acknowledgement, timeout, keep-alive and end, and the end of a gap's time. */
  #gapUntilUs = Infinity;
  #ackAtUs = Infinity;
  #timeoutAtUs = Infinity;
  #keepAliveAtUs = Infinity;
  #endAtUs = Infinity;
  /** Time at which packets that were held back to spread them are sent. */
  #paceAtUs = Infinity;

  constructor(options: ConnectionOptions, link: Link) {
    this.options = options;
    this.#link = link;
    this.#heardUs = link.nowUs();
    this.#outgoing = new Outgoing({
      next: options.next,
      family: options.host.includes(":") ? 6 : 4,
      roundTrip: this.#roundTrip,
      delays: this.#delays,
      budget: link.flight,
      transmit: (sent) => this.#transmit(sent),
    });
    if (options.accepted) {
      this.#state = "open";
      this.#incoming = this.#makeIncoming(options.accepted.last);
      this.#keepAliveAtUs = this.#heardUs + KEEP_ALIVE_US;
      link.schedule(this.#keepAliveAtUs);
    }
  }

  /** Whether data can be exchanged. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Whether the connection is over. Its user may have ended it from inside of a call. */
  get #hasEnded(): boolean {
    return this.#state === "closed";
  }

  /** Congestion window, round-trip time and queueing delay, for tests and figures. */
  get figures(): { windowBytes: number; rttUs: number; queueUs: number; datagramBytes: number } {
    const { windowBytes, datagramBytes } = this.#outgoing;
    const rttUs = this.#roundTrip.smoothedUs;
    return { windowBytes, rttUs, queueUs: this.#delays.queueUs, datagramBytes };
  }

  /** Time of the next call of {@linkcode onTime} that is needed. */
  get dueUs(): number {
    const soonUs = Math.min(this.#ackAtUs, this.#timeoutAtUs, this.#keepAliveAtUs);
    return Math.min(soonUs, this.#endAtUs, this.#gapUntilUs, this.#paceAtUs);
  }

  /** Dials the peer. */
  connect(): void {
    this.#outgoing.sendSyn(this.#link.nowUs());
    this.#armTimeout();
  }

  /**
   * Sends bytes, as the windows allow.
   *
   * @param done called when all bytes are in packets, or the connection has ended; their memory may
   * change then
   */
  write(bytes: Uint8Array, done: () => void): void {
    if (this.#state !== "open" && this.#state !== "connecting") return done();
    this.#outgoing.write(bytes, done);
    this.#flush();
  }

  /** Ends our half of the connection, after all bytes that were written. */
  end(): void {
    this.#outgoing.end();
    this.#flush();
  }

  /** Holds received bytes back. */
  pause(): void {
    this.#incoming?.pause();
  }

  /** Passes received bytes on again, and tells the peer that there is room. */
  resume(): void {
    const incoming = this.#incoming;
    if (!incoming || this.#state !== "open") return;
    incoming.resume();
    // The peer may have stopped because the window was too small for a packet.
    const room = incoming.windowBytes;
    if (this.isOpen && this.#offeredBytes < room / 2) this.#sendState();
  }

  /** Closes the connection: ends it in an orderly way, without waiting or reading on. */
  close(): void {
    if (this.#state === "closed" || this.#state === "closing") return;
    if (this.#state === "connecting") return this.abort();
    this.#state = "closing";
    this.handlers = undefined;
    this.#incoming!.release();
    this.#outgoing.dropQueued();
    this.#outgoing.end();
    this.#endAtUs = this.#link.nowUs() + LINGER_US;
    this.#link.schedule(this.#endAtUs);
    this.#flush();
    this.#endIfDone();
  }

  /** Ends the connection at once, and tells the peer with an `ST_RESET`. */
  abort(): void {
    if (this.#state === "closed") return;
    const nowUs = this.#link.nowUs();
    this.#send(makePacket(this.#header(ST.reset, this.#outgoing.next, nowUs)), nowUs);
    this.#end();
  }

  /** Ends the connection like {@linkcode abort}, and tells its user why. */
  reset(code: UtpErrorCode): void {
    const { handlers } = this;
    this.abort();
    handlers?.onClose(closedError(code, this.options));
  }

  /** Takes a packet of this connection. */
  receive(packet: Packet): void {
    if (this.#state === "closed") return;
    const { type, ack } = packet;
    const nowUs = this.#link.nowUs();
    if (type === ST.syn) return this.#onSyn(packet);
    // A packet that acknowledges packets never sent is forged, or of another connection.
    if (!this.#outgoing.admits(ack)) return;
    if (type === ST.reset) {
      return this.#fail(this.#state === "connecting" ? "ECONNREFUSED" : "ECONNRESET");
    }
    if (this.#state === "connecting" && !this.#open(packet)) return;
    if (this.#hasEnded) return;
    this.#heardUs = nowUs;
    this.#delays.received(packet.timestampUs, packet.delayUs, nowUs);
    this.#outgoing.peerWindowBytes = Math.min(packet.windowBytes, MAX_FLIGHT_BYTES);
    if (packet.windowBytes > 0) this.#windowProbes = 0;
    const isState = type === ST.state;
    if (this.#outgoing.acknowledged(ack, packet.selective, isState, nowUs)) {
      this.#timeouts = 0;
      this.#timeoutAtUs = Infinity;
    }
    if (!isState) this.#take(packet, nowUs);
    this.#flush();
    this.#endIfDone();
  }

  /** Runs the timers that are due. */
  onTime(nowUs: number): void {
    if (this.#endAtUs <= nowUs) return this.#end();
    if (this.#gapUntilUs <= nowUs) return this.reset("ETIMEDOUT");
    if (this.#ackAtUs <= nowUs || this.#keepAliveAtUs <= nowUs) this.#sendState();
    if (this.#timeoutAtUs <= nowUs) this.#onTimeout(nowUs);
    else if (this.#paceAtUs <= nowUs) this.#flush();
  }

  #makeIncoming(last: number): Incoming {
    return new Incoming(last, {
      onBytes: (bytes) => this.handlers?.onBytes(bytes) ?? true,
      onEnd: () => this.handlers?.onEnd(),
    }, this.options.kept);
  }

  /** Opens a dialled connection, if a packet acknowledges our `ST_SYN`. */
  #open({ ack, seq }: Packet): boolean {
    if (ack !== this.options.next) return false;
    this.#state = "open";
    // The first packet with data has the same number as the `ST_STATE` that accepts: `ST_STATE` uses
    // up no number. BEP 29 can be read otherwise, but libutp and libtorrent do it like this.
    this.#incoming = this.#makeIncoming((seq - 1) & SEQ_MASK);
    this.#keepAliveAtUs = this.#link.nowUs() + KEEP_ALIVE_US;
    this.#link.schedule(this.#keepAliveAtUs);
    this.handlers?.onOpen();
    return true;
  }

  /** Answers a repeated `ST_SYN`, whose answer was lost. */
  #onSyn({ seq }: Packet): void {
    if (this.options.accepted?.last === seq && this.#state === "open") this.#sendState();
  }

  #take({ seq, payload, type }: Packet, nowUs: number): void {
    const incoming = this.#incoming!;
    const isFin = type === ST.fin;
    const taken = incoming.take(seq, isFin ? payload.subarray(0, 0) : payload, isFin);
    if (this.#hasEnded) return;
    this.#watchGap(taken === "in order", nowUs);
    if (this.#acks.received(taken, isFin, incoming.hasGap, nowUs)) this.#sendState();
    else if (this.#ackAtUs === Infinity) {
      this.#ackAtUs = nowUs + this.#acks.delayUs;
      this.#link.schedule(this.#ackAtUs);
    }
  }

  #flush(): void {
    if (this.#state === "connecting" || this.#state === "closed") return;
    this.#outgoing.flush(this.#link.nowUs());
    this.#armTimeout();
    this.#paceAtUs = this.#outgoing.paceAtUs;
    if (this.#paceAtUs !== Infinity) this.#link.schedule(this.#paceAtUs);
  }

  #armTimeout(): void {
    if (this.#hasEnded) return;
    if (this.#outgoing.unacknowledged === 0 && !this.#outgoing.isWaiting) {
      this.#timeoutAtUs = Infinity;
    } else if (this.#timeoutAtUs === Infinity) {
      const pauseUs = Math.min(2 ** this.#windowProbes * WINDOW_PROBE_US, MAX_WINDOW_PROBE_US);
      this.#timeoutAtUs = this.#link.nowUs() +
        Math.max(this.#roundTrip.timeoutUs, this.#windowProbes > 0 ? pauseUs : 0);
      this.#link.schedule(this.#timeoutAtUs);
    }
  }

  #onTimeout(nowUs: number): void {
    const isConnecting = this.#state === "connecting";
    const isWindowClosed = this.#outgoing.peerWindowBytes === 0 &&
      nowUs - this.#heardUs < CLOSED_WINDOW_US;
    if (++this.#timeouts >= MAX_TIMEOUTS[isConnecting ? "connecting" : "open"] && !isWindowClosed) {
      return this.#fail("ETIMEDOUT");
    }
    if (this.#outgoing.peerWindowBytes === 0) this.#windowProbes++;
    this.#roundTrip.backOff();
    this.#outgoing.timedOut();
    this.#outgoing.flush(nowUs, true);
    this.#timeoutAtUs = Infinity;
    this.#armTimeout();
  }

  #transmit(sent: Sent): void {
    const { bytes, type, seq, paddingBytes } = sent;
    const header = this.#header(type, seq, sent.sentUs);
    // The connection id of an `ST_SYN` is the one that the answer will have.
    if (type === ST.syn) header.connectionId = this.options.receiveId;
    writeHeader(bytes, header);
    if (paddingBytes > 0) writePadding(bytes, paddingBytes);
    if (!this.#incoming?.hasGap) this.#noteAcked();
    this.#send(bytes, sent.sentUs);
  }

  #sendState(): void {
    const nowUs = this.#link.nowUs();
    const header = this.#header(ST.state, this.#outgoing.next, nowUs);
    this.#noteAcked();
    this.#send(makePacket(header, this.#incoming?.selective()), nowUs);
  }

  #noteAcked(): void {
    this.#acks.acknowledged();
    this.#ackAtUs = Infinity;
  }

  #header(type: number, seq: number, nowUs: number): Header {
    const windowBytes = this.#offeredBytes = this.#incoming?.windowBytes ?? 0;
    return {
      type,
      connectionId: this.options.sendId,
      timestampUs: nowUs,
      delayUs: this.#delays.reportedUs,
      windowBytes,
      seq,
      ack: this.#incoming?.ack ?? 0,
    };
  }

  #send(bytes: Uint8Array, nowUs: number): void {
    if (this.#keepAliveAtUs !== Infinity) this.#keepAliveAtUs = nowUs + KEEP_ALIVE_US;
    this.#link.send(bytes, this.options.host, this.options.port);
  }

  /** Notes how long the next packet in order may be missing. */
  #watchGap(isProgress: boolean, nowUs: number): void {
    if (!this.#incoming!.hasGap) this.#gapUntilUs = Infinity;
    else if (isProgress || this.#gapUntilUs === Infinity) {
      this.#gapUntilUs = nowUs + GAP_US;
      this.#link.schedule(this.#gapUntilUs);
    }
  }

  #fail(code: UtpErrorCode): void {
    const { handlers } = this;
    this.#end();
    handlers?.onClose(closedError(code, this.options));
  }

  /** Ends a closing connection when both sides have acknowledged the other's end. */
  #endIfDone(): void {
    if (this.#state !== "closing" || !this.#outgoing.isFinished) return;
    if (!this.#incoming!.hasEnded) return;
    // The acknowledgement of the peer's end may be lost; then the peer sends its end again.
    const endAtUs = this.#link.nowUs() + this.#roundTrip.timeoutUs;
    if (endAtUs >= this.#endAtUs) return;
    this.#endAtUs = endAtUs;
    this.#link.schedule(endAtUs);
  }

  #end(): void {
    this.#state = "closed";
    this.handlers = undefined;
    this.#outgoing.release();
    this.#incoming?.release();
    this.#ackAtUs =
      this.#timeoutAtUs =
      this.#keepAliveAtUs =
      this.#endAtUs =
      this.#gapUntilUs =
      this.#paceAtUs =
        Infinity;
    this.#link.forget(this);
  }
}
