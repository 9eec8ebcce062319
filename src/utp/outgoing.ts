/**
 * The sending half of a connection: cuts bytes into packets, keeps them until they are acknowledged,
 * and sends again what was lost.
 *
 * A packet counts as lost when three packets that were sent after it have arrived. That holds for
 * packets that were sent again, too, so the loss of one costs a round trip and no timeout.
 *
 * @module
 */

import { Congestion } from "./congestion.ts";
import type { DelayMeter } from "./delay_history.ts";
import { type ByteBudget, MAX_FLIGHT_BYTES, MAX_PACKETS } from "./limits.ts";
import { Fifo } from "./fifo.ts";
import { Pacer } from "./pacer.ts";
import { HEADER_BYTES, ST } from "./packet.ts";
import { PacketMemory } from "./packet_memory.ts";
import { PathMtu } from "./path_mtu.ts";
import type { RoundTrip } from "./round_trip.ts";
import { readSelective } from "./selective.ts";
import { SendOrder } from "./send_order.ts";
import { SendQueue } from "./send_queue.ts";
import { makeSent, type Sent } from "./sent.ts";
import { distance, isBefore, SEQ_MASK, SeqRing } from "./sequence.ts";

/** Number of later packets whose arrival shows that a packet was lost. */
const REORDERED = 3;
/** Number of acknowledgements of the same packet that show a loss, without selective ones. */
const DUPLICATES = 3;
/** Bytes that each connection may have in flight, also when the shared budget is used up. */
const SPARED_FLIGHT_BYTES = 64 * 1024;

/** The parts of its connection that {@linkcode Outgoing} needs. */
export interface OutgoingOptions {
  /** Sequence number of the first packet. */
  next: number;
  family: 4 | 6;
  roundTrip: RoundTrip;
  delays: DelayMeter;
  /** Bytes in flight of all connections. */
  budget: ByteBudget;
  /** Writes the header of a packet, and sends it. */
  transmit: (sent: Sent) => void;
}

/** The packets of one direction of a connection. */
export class Outgoing {
  /** Sequence number of the next new packet. */
  next: number;
  /** Receive window of the peer, in bytes. */
  peerWindowBytes = MAX_FLIGHT_BYTES;
  /** Bytes of payload that are under way: neither acknowledged nor lost. */
  flightBytes = 0;
  readonly #options: OutgoingOptions;
  readonly #congestion: Congestion;
  readonly #mtu: PathMtu;
  readonly #pacer = new Pacer();
  readonly #ring = new SeqRing<Sent>();
  /** The first sequence number that is not acknowledged. */
  #oldest: number;
  readonly #queue = new SendQueue();
  #isEnding = false;
  #finSeq: number | undefined;
  readonly #sendOrder = new SendOrder<Sent>();
  /** Highest order of all packets that have arrived. */
  #arrivedOrder = -1;
  #lostCount = 0;
  /** The lost packets in the order in which their loss was noticed, and some that came after all. */
  readonly #lost = new Fifo<Sent>();
  /** Number of times that the last acknowledgement was repeated, by a peer without selective ones. */
  #duplicates = 0;
  /** Whether the peer sends selective acknowledgements. */
  #isSelective = false;
  /** The first sequence number that the last selective acknowledgement does not cover. */
  #coveredUntil: number | undefined;
  /** Losses of packets before this number belong to a loss that has been answered already. */
  #recoverUntil: number;
  #isRecovering = false;
  #isLimited = false;
  #isPaced = false;
  readonly #memory = new PacketMemory();

  constructor(options: OutgoingOptions) {
    this.#options = options;
    this.next = this.#oldest = this.#recoverUntil = options.next;
    this.#mtu = new PathMtu(options.family);
    this.#congestion = new Congestion(this.#payloadBytes);
  }

  /** Number of packets that are not acknowledged in order. */
  get unacknowledged(): number {
    return distance(this.#oldest, this.next);
  }

  /** Whether bytes wait for the window. */
  get isWaiting(): boolean {
    return this.#queue.lengthBytes > 0 || this.#lostCount > 0;
  }

  /** Whether the end of the stream has been acknowledged. */
  get isFinished(): boolean {
    return this.#finSeq !== undefined && this.unacknowledged === 0;
  }

  /** Congestion window in bytes. */
  get windowBytes(): number {
    return this.#congestion.windowBytes;
  }

  /** Time at which packets are sent that the last flush held back; `Infinity` if there are none. */
  get paceAtUs(): number {
    return this.#isPaced ? this.#pacer.readyUs : Infinity;
  }

  /** Size of the datagrams that are sent now, in bytes. */
  get datagramBytes(): number {
    return this.#mtu.datagramBytes;
  }

  /** Queueing delay. A peer that reports more than a packet was under way has a jumping clock, or lies. */
  get #queueUs(): number {
    return Math.min(this.#options.delays.queueUs, this.#options.roundTrip.latestUs);
  }

  get #payloadBytes(): number {
    return this.#mtu.datagramBytes - HEADER_BYTES;
  }

  /** Queues bytes. `done` is called when all have been copied into packets. */
  write(bytes: Uint8Array, done: () => void): void {
    this.#queue.add(bytes, done);
  }

  /** Queues the end of the stream, after all queued bytes. */
  end(): void {
    this.#isEnding = true;
  }

  /** Forgets the queued bytes that are in no packet yet. */
  dropQueued(): void {
    this.#queue.clear();
  }

  /** Gives back what this connection has of the shared budget, and tells all writers. */
  release(): void {
    this.#addFlight(-this.flightBytes);
    this.#queue.clear();
    this.#queue.tellWriters();
  }

  /** Whether a received packet acknowledges nothing that was not sent, and is not too old. */
  admits(ack: number): boolean {
    const beyond = distance((this.#oldest - 1) & SEQ_MASK, ack);
    return beyond <= this.unacknowledged || SEQ_MASK + 1 - beyond <= MAX_PACKETS;
  }

  /**
   * Takes an acknowledgement that {@linkcode admits} allows.
   *
   * @param isState whether the packet carries nothing else, so that a repeated one tells of a loss
   * @returns whether something was acknowledged for the first time
   */
  acknowledged(
    ack: number,
    selective: Uint8Array | undefined,
    isState: boolean,
    nowUs: number,
  ): boolean {
    const { roundTrip } = this.#options;
    const count = distance((this.#oldest - 1) & SEQ_MASK, ack);
    if (count > this.unacknowledged) return false;
    const flightBefore = this.flightBytes;
    let ackedBytes = 0;
    for (let i = 0; i < count; i++) {
      ackedBytes += this.#arrived(this.#at(this.#oldest), nowUs);
      this.#ring.delete(this.#oldest);
      this.#oldest = (this.#oldest + 1) & SEQ_MASK;
    }
    if (selective) ackedBytes += this.#takeSelective(ack, selective, nowUs);
    else if (isState) this.#coveredUntil = undefined;
    // A packet that arrives twice makes the peer repeat an acknowledgement, too, without a loss.
    if (count > 0 || this.#isSelective) this.#duplicates = 0;
    else if (isState && this.unacknowledged > 0) this.#duplicates++;
    const first = this.unacknowledged > 0 ? this.#at(this.#oldest) : undefined;
    // A peer without selective acknowledgements tells of one loss in each round trip.
    const isPartial = count > 0 && !this.#isSelective && this.#isRecovering &&
      first !== undefined && first.order < this.#arrivedOrder;
    if (this.#isRecovering && distance(this.#recoverUntil, this.#oldest) <= SEQ_MASK >> 1) {
      this.#isRecovering = false;
    } else if (this.#duplicates === DUPLICATES || isPartial) {
      this.#lose(first, nowUs);
    }
    if (selective || this.#isRecovering) this.#findLost(nowUs);
    else this.#sendOrder.dropArrived();
    if (ackedBytes > 0) {
      roundTrip.progress();
      this.#congestion.acked({
        bytes: ackedBytes,
        queueUs: this.#queueUs,
        rttUs: roundTrip.currentUs,
        lowestRttUs: roundTrip.lowestUs,
        nowUs,
        packetBytes: this.#payloadBytes,
        isLimited: this.#isLimited || flightBefore >= this.#congestion.windowBytes,
      });
    }
    return ackedBytes > 0 || count > 0;
  }

  /** Treats all packets in flight as lost, when the retransmission timeout has passed. */
  timedOut(): void {
    for (let seq = this.#oldest; seq !== this.next; seq = (seq + 1) & SEQ_MASK) {
      const sent = this.#at(seq);
      if (!sent.isSacked && !sent.isLost) this.#markLost(sent);
    }
    if (this.#options.roundTrip.timeoutUs > 4_000_000) this.#mtu.restart();
    this.#congestion.timedOut();
    this.#isRecovering = true;
    this.#recoverUntil = this.next;
  }

  /**
   * Sends what the windows allow: first what was lost, then new packets.
   *
   * @param isProbe whether one packet may be sent though the peer's window is closed
   */
  flush(nowUs: number, isProbe = false): void {
    this.#isLimited = this.#isPaced = false;
    const { currentUs } = this.#options.roundTrip;
    this.#pacer.refill(nowUs, this.#congestion, currentUs, this.#payloadBytes);
    this.#sendLost(nowUs, isProbe);
    this.#sendNew(nowUs, isProbe);
    this.#queue.tellWriters();
  }

  /** Begins an outgoing connection with an `ST_SYN`. */
  sendSyn(nowUs: number): void {
    this.#send(this.#make(ST.syn, 0, 0), nowUs);
  }

  #sendNew(nowUs: number, isProbe: boolean): void {
    while (this.#queue.lengthBytes > 0 && this.#lostCount === 0) {
      const length = Math.min(this.#queue.lengthBytes, this.#payloadBytes);
      if (!this.#fits(length, isProbe)) return;
      this.#send(this.#cut(length), nowUs);
    }
    if (this.#isEnding && this.#finSeq === undefined && this.#queue.lengthBytes === 0) {
      this.#finSeq = this.next;
      this.#send(this.#make(ST.fin, 0, 0), nowUs);
    }
  }

  #fits(length: number, isProbe: boolean): boolean {
    const { budget } = this.#options;
    if (this.unacknowledged >= MAX_PACKETS - 1) return false;
    if (this.flightBytes === 0) return isProbe || this.peerWindowBytes > 0;
    const after = this.flightBytes + length;
    if (after > this.peerWindowBytes) return false;
    if (after > SPARED_FLIGHT_BYTES && length > budget.left) return false;
    return this.#fitsWindow(after);
  }

  /** Whether the congestion window allows a number of bytes in flight, and the pace one more packet. */
  #fitsWindow(flightBytes: number): boolean {
    const fits = flightBytes <= this.#congestion.windowBytes;
    if (fits && this.#pacer.hasCredit) return true;
    this.#isLimited = true;
    this.#isPaced = fits;
    return false;
  }

  /**
   * Sends lost packets again. A window that is small does not hold them back: it was larger when
   * they were first sent, and it is small because the peer keeps the packets that follow them. A
   * closed window holds them back, unless the peer has a packet that was sent later. The oldest
   * packet does not wait for the congestion window, because the peer may be unable to acknowledge
   * later packets without it.
   */
  #sendLost(nowUs: number, isProbe: boolean): void {
    for (let sent; (sent = this.#lost.first) !== undefined; this.#lost.remove()) {
      if (!sent.isLost) continue;
      const isClosed = this.peerWindowBytes === 0 && sent.order > this.#arrivedOrder;
      const after = this.flightBytes + sent.payloadBytes;
      const fits = sent.seq === this.#oldest || this.#fitsWindow(after);
      if (this.flightBytes > 0 ? isClosed || !fits : isClosed && !isProbe) return;
      sent.isLost = false;
      this.#lostCount--;
      this.#transmit(sent, nowUs);
    }
  }

  #send(sent: Sent, nowUs: number): void {
    this.#ring.set(sent.seq, sent, this.#oldest);
    this.next = (this.next + 1) & SEQ_MASK;
    this.#transmit(sent, nowUs);
  }

  #transmit(sent: Sent, nowUs: number): void {
    sent.sentUs = nowUs;
    sent.transmissions++;
    this.#sendOrder.add(sent);
    this.#pacer.take(sent.payloadBytes);
    this.#addFlight(sent.payloadBytes);
    this.#options.transmit(sent);
  }

  /** Makes a packet of the next queued bytes. */
  #cut(length: number): Sent {
    const isFull = length === this.#payloadBytes;
    const sent = this.#make(ST.data, length, isFull ? this.#mtu.padding() : 0);
    this.#queue.take(sent.bytes.subarray(sent.bytes.length - length));
    // An idle connection keeps no memory for packets to come.
    if (this.#queue.lengthBytes === 0) this.#memory.release();
    return sent;
  }

  #make(type: number, payloadBytes: number, paddingBytes: number): Sent {
    const lengthBytes = HEADER_BYTES + paddingBytes + payloadBytes;
    const bytes = this.#memory.take(lengthBytes, this.#queue.lengthBytes);
    return makeSent(bytes, type, this.next, payloadBytes, paddingBytes);
  }

  /** Returns a packet that is not acknowledged in order. */
  #at(seq: number): Sent {
    return this.#ring.get(seq, this.#oldest)!;
  }

  /** Notes the arrival of a packet. Returns the number of its bytes if it is the first notice. */
  #arrived(sent: Sent, nowUs: number): number {
    if (sent.isSacked) return 0;
    sent.isSacked = true;
    if (sent.isLost) {
      sent.isLost = false;
      this.#lostCount--;
    } else this.#addFlight(-sent.payloadBytes);
    const { roundTrip } = this.#options;
    const rttUs = nowUs - sent.sentUs;
    // An acknowledgement sooner than a round trip belongs to an earlier transmission of the packet
    // (RFC 8985, section 6.2).
    if (sent.transmissions === 1 || rttUs >= roundTrip.lowestUs) {
      roundTrip.add(rttUs);
      this.#arrivedOrder = Math.max(this.#arrivedOrder, sent.order);
    }
    if (sent.paddingBytes > 0) this.#mtu.arrived(sent.bytes.length);
    return sent.payloadBytes;
  }

  #takeSelective(ack: number, selective: Uint8Array, nowUs: number): number {
    let ackedBytes = 0;
    const most = distance(ack, this.next) - 2;
    const covered = readSelective(selective, (index) => {
      if (index >= most) return;
      const sent = this.#ring.get((ack + 2 + index) & SEQ_MASK, this.#oldest);
      if (sent) ackedBytes += this.#arrived(sent, nowUs);
    });
    this.#isSelective = true;
    this.#coveredUntil = covered && (ack + 2 + covered) & SEQ_MASK;
    return ackedBytes;
  }

  /** Finds packets that are lost, by the order in which packets were sent and have arrived. */
  #findLost(nowUs: number): void {
    const lostUntil = this.#arrivedOrder - REORDERED;
    const end = this.#coveredUntil;
    const isCovered = ({ seq }: Sent) => end === undefined || isBefore(seq, end);
    for (let sent; (sent = this.#sendOrder.takeUntil(lostUntil, isCovered)) !== undefined;) {
      this.#lose(sent, nowUs);
    }
  }

  #lose(sent: Sent | undefined, nowUs: number): void {
    if (!sent || sent.isSacked || sent.isLost) return;
    const wasProbe = sent.paddingBytes > 0;
    this.#markLost(sent);
    // The loss of a probe tells of the path's size, not of congestion.
    if (wasProbe || this.#isRecovering) return;
    this.#isRecovering = true;
    this.#recoverUntil = this.next;
    this.#congestion.lost(nowUs);
  }

  #markLost(sent: Sent): void {
    sent.isLost = true;
    this.#lostCount++;
    this.#lost.add(sent);
    this.#addFlight(-sent.payloadBytes);
    if (sent.paddingBytes === 0) return;
    this.#mtu.wasLost(sent.bytes.length);
    // Sent again, the packet has no padding. The memory before its payload takes the header.
    sent.bytes = sent.bytes.subarray(sent.paddingBytes);
    sent.paddingBytes = 0;
  }

  #addFlight(bytes: number): void {
    this.flightBytes += bytes;
    this.#options.budget.used += bytes;
  }
}
