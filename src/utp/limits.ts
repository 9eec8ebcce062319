/**
 * Limits on what peers can make us remember or send.
 *
 * @module
 */

import { machineOf } from "../base/mod.ts";

/**
 * Receive window of a connection, in bytes: what a peer may have sent and our reader has not read.
 * At 100 ms it allows 20 MB/s.
 */
export const RECEIVE_WINDOW_BYTES = 2 * 1024 * 1024;
/** Maximum number of bytes in flight of one connection, whatever window the peer offers. */
export const MAX_FLIGHT_BYTES = 4 * 1024 * 1024;
/**
 * Maximum number of packets in flight, and maximum distance of a received packet from the first gap.
 * Far less than half of the 65,536 sequence numbers, so that old packets are told from new ones.
 */
export const MAX_PACKETS = 4_096;
/** Memory that a kept packet takes beside its payload, in bytes. */
export const PACKET_OVERHEAD_BYTES = 128;

/**
 * Limits of {@linkcode UtpUsage}, and so of all endpoints that share it. `halfOpen` is of each
 * endpoint.
 */
export interface UtpLimits {
  /** Maximum number of connections, incoming and outgoing. */
  connections: number;
  /**
   * Maximum number of connections that a peer has begun and not confirmed; each takes some 200
   * bytes. The oldest gives way.
   */
  halfOpen: number;
  /**
   * Maximum number of received bytes that all connections keep, until a gap is filled or the reader
   * takes them.
   */
  keptBytes: number;
  /** Maximum number of bytes in flight over all connections. */
  flightBytes: number;
}

/**
 * Default limits. 1,024 connections are twice what the engine accepts from others. A flood of 500
 * `ST_SYN`s a second leaves a half-open connection two seconds.
 */
export const UTP_LIMITS: UtpLimits = {
  connections: 1_024,
  halfOpen: 1_024,
  keptBytes: 64 * 1024 * 1024,
  flightBytes: 64 * 1024 * 1024,
};

/**
 * Divisor of the free memory: one machine may take an eighth of it. Seven eighths always stay free
 * for others, so no number of machines takes all of it.
 */
const SHARE_OF_FREE = 8;

/** A number of bytes in use, with a maximum. */
export interface Allowance {
  used: number;
  readonly left: number;
}

/** A number of bytes that many users share, with a maximum. */
export class ByteBudget implements Allowance {
  readonly max: number;
  used = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** Number of bytes that are left. */
  get left(): number {
    return Math.max(this.max - this.used, 0);
  }
}

/** The share that all connections of one machine take of a budget: at most an eighth of what all leave free. */
class MachineShare implements Allowance {
  connections = 0;
  readonly #whole: ByteBudget;
  #used = 0;

  constructor(whole: ByteBudget) {
    this.#whole = whole;
  }

  get used(): number {
    return this.#used;
  }

  set used(bytes: number) {
    this.#whole.used += bytes - this.#used;
    this.#used = bytes;
  }

  get left(): number {
    return Math.max(Math.floor(this.#whole.left / SHARE_OF_FREE) - this.#used, 0);
  }
}

/** Counts and budgets of the connections of all endpoints that share them, in both families. */
export class UtpUsage {
  readonly limits: UtpLimits;
  /** Bytes that connections hold for their readers, and that they have in flight. */
  readonly kept: ByteBudget;
  readonly flight: ByteBudget;
  #connections = 0;
  readonly #machines = new Map<string, MachineShare>();

  constructor(limits: UtpLimits = UTP_LIMITS) {
    this.limits = limits;
    this.kept = new ByteBudget(limits.keptBytes);
    this.flight = new ByteBudget(limits.flightBytes);
  }

  /** Whether there may be no further connection now. */
  get isFull(): boolean {
    return this.#connections >= this.limits.connections;
  }

  /**
   * Counts another connection.
   *
   * @param host IP address of the peer; a /64 of IPv6 counts as one machine
   * @returns what the peer's machine may make us keep
   */
  enter(host: string): Allowance {
    this.#connections++;
    const machine = machineOf(host);
    let share = this.#machines.get(machine);
    if (!share) this.#machines.set(machine, share = new MachineShare(this.kept));
    share.connections++;
    return share;
  }

  /** Forgets a connection, which has given its memory back. */
  leave(host: string): void {
    this.#connections--;
    const machine = machineOf(host);
    const share = this.#machines.get(machine)!;
    if (--share.connections === 0) this.#machines.delete(machine);
  }
}
