/**
 * A simulated network for uTP: endpoints on a fake clock, and links with a rate, a queue, delay,
 * jitter, loss and duplicates, all from one seed.
 *
 * @module
 */

import { UtpEndpoint, type UtpEndpointOptions, type UtpSocket } from "../../src/utp/mod.ts";
import { FakeClock } from "./fake_clock.ts";
import { seededRandom } from "./simulated_dht.ts";

/** Properties of one direction of a path. */
export interface LinkOptions {
  /** One-way delay, and its random variation, in milliseconds. Variation reorders packets. */
  delayMs: number;
  jitterMs?: number;
  /** Shares of packets that are lost, and that arrive twice, 0 to 1. */
  loss?: number;
  duplicates?: number;
  /** Rate of the bottleneck; without it there is no queue. */
  bytesPerSecond?: number;
  /** Length of the queue before the bottleneck, in milliseconds at its rate. */
  queueMs?: number;
  /** Longest datagram that passes, in bytes. */
  mtuBytes?: number;
}

/** Bytes that a packet takes on the line beside the datagram: IPv4 and UDP. */
const HEADERS_BYTES = 28;

/** One direction of a path. Several streams can share it. */
export class SimulatedLink {
  readonly #clock: FakeClock;
  readonly #random: () => number;
  readonly #options: LinkOptions;
  /** Time at which the bottleneck will have sent all that waits. */
  #freeAtMs = 0;
  packets = 0;
  bytes = 0;
  /** Sum of the queueing delays of all packets, in milliseconds. */
  queuedMs = 0;

  constructor(clock: FakeClock, random: () => number, options: LinkOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#options = options;
  }

  /** Queueing delay of a packet that is sent now, in milliseconds. */
  get queueMs(): number {
    return Math.max(this.#freeAtMs - this.#clock.now(), 0);
  }

  /** Sends a datagram, whose arrival calls `arrive`, or does not. */
  send(lengthBytes: number, arrive: () => void): void {
    const { delayMs, jitterMs = 0, loss = 0, duplicates = 0, bytesPerSecond, mtuBytes } =
      this.#options;
    if (lengthBytes > (mtuBytes ?? Infinity) || this.#random() < loss) return;
    const queueMs = this.queueMs;
    let sentMs = 0;
    if (bytesPerSecond !== undefined) {
      if (queueMs > (this.#options.queueMs ?? 1_000)) return;
      const lineMs = (lengthBytes + HEADERS_BYTES) / bytesPerSecond * 1_000;
      this.#freeAtMs = Math.max(this.#freeAtMs, this.#clock.now()) + lineMs;
      sentMs = queueMs + lineMs;
    }
    this.packets++;
    this.bytes += lengthBytes;
    this.queuedMs += queueMs;
    const times = this.#random() < duplicates ? 2 : 1;
    for (let i = 0; i < times; i++) {
      this.#clock.after(sentMs + delayMs + this.#random() * jitterMs, arrive);
    }
  }
}

/** A datagram on its way, as a test sees it. */
export interface Datagram {
  bytes: Uint8Array;
  from: string;
  to: string;
}

/** Number of datagrams that a system holds for a program (Linux: 208 KiB with overheads). */
const SOCKET_BUFFER_PACKETS = 90;

/** The program of a host, which may do nothing for a time while its system goes on receiving. */
class Program {
  readonly #clock: FakeClock;
  /** Number of datagrams that were dropped because the buffer was full. */
  dropped = 0;
  #busyUntilMs = 0;
  #waiting: (() => void)[] = [];

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  stall(lengthMs: number): void {
    this.#busyUntilMs = Math.max(this.#busyUntilMs, this.#clock.now() + lengthMs);
    // An event loop runs timers before it reads sockets.
    this.onTime(() =>
      this.#clock.after(0.1, () => {
        for (const take of this.#waiting.splice(0)) take();
      })
    );
  }

  /** Takes a datagram that has come now, as soon as the program is not busy. */
  receive(take: () => void): void {
    const isBusy = this.#clock.now() < this.#busyUntilMs || this.#waiting.length > 0;
    if (!isBusy) take();
    else if (this.#waiting.length < SOCKET_BUFFER_PACKETS) this.#waiting.push(take);
    else this.dropped++;
  }

  /** Does what is due now, as soon as the program is not busy. */
  onTime(fire: () => void): void {
    const leftMs = this.#busyUntilMs - this.#clock.now();
    if (leftMs <= 0) fire();
    else this.#clock.after(leftMs, () => this.onTime(fire));
  }
}

/** Endpoints, by host, and the links between them. All have port 6881. */
export class SimulatedNetwork {
  readonly clock = new FakeClock(0);
  readonly random: () => number;
  readonly endpoints = new Map<string, UtpEndpoint>();
  /** All datagrams that were sent, if a test wants to look. */
  onSend: ((datagram: Datagram) => void) | undefined;
  readonly #links = new Map<string, SimulatedLink>();
  readonly #clockSkew = new Map<string, (nowUs: number) => number>();
  readonly #programs = new Map<string, Program>();

  constructor(seed = 1) {
    this.random = seededRandom(seed);
  }

  makeLink(options: LinkOptions): SimulatedLink {
    return new SimulatedLink(this.clock, this.random, options);
  }

  /** Uses a link for all that one host sends to another. */
  connect(from: string, to: string, link: SimulatedLink): void {
    this.#links.set(`${from} ${to}`, link);
  }

  /** Lets the clock of a host differ from the others. */
  skew(host: string, clock: (nowUs: number) => number): void {
    this.#clockSkew.set(host, clock);
  }

  /** Lets the program of a host do nothing for a time. */
  stall(host: string, lengthMs: number): void {
    this.#programs.get(host)!.stall(lengthMs);
  }

  /** Number of datagrams that were dropped because the program of a host did not take them. */
  dropped(host: string): number {
    return this.#programs.get(host)!.dropped;
  }

  /** Adds an endpoint. `accepted` gets the connections that others begin. */
  add(
    host: string,
    accepted: (socket: UtpSocket) => void = () => {},
    options: Partial<UtpEndpointOptions> = {},
  ): UtpEndpoint {
    const program = new Program(this.clock);
    this.#programs.set(host, program);
    const endpoint = new UtpEndpoint({
      nowUs: () => (this.#clockSkew.get(host) ?? ((us) => us))(this.clock.now() * 1_000),
      after: (delayMs, fire) => this.clock.after(delayMs, () => program.onTime(fire)),
      random16: () => Math.floor(this.random() * 65_536),
      send: (bytes, to) => this.send(bytes, host, to),
      onConnection: accepted,
      ...options,
    });
    this.endpoints.set(host, endpoint);
    return endpoint;
  }

  /** Sends a datagram, which anybody may do. */
  send(bytes: Uint8Array, from: string, to: string): void {
    this.onSend?.({ bytes, from, to });
    const link = this.#links.get(`${from} ${to}`);
    // A copy, because the sender may write to the packet again when it sends it again.
    const packet = bytes.slice();
    link?.send(packet.length, () => {
      const program = this.#programs.get(to);
      program?.receive(() => this.endpoints.get(to)?.receive(packet, from, 6881));
    });
  }
}

/** Two hosts with a path between them. */
export interface Pair {
  network: SimulatedNetwork;
  /** The host that dials, and the one that accepts. */
  dialler: UtpEndpoint;
  acceptor: UtpEndpoint;
  /** Dials, and resolves to both ends once the acceptor has the connection. */
  open(): Promise<{ dialled: UtpSocket; accepted: UtpSocket }>;
}

export const [DIALLER, ACCEPTOR] = ["192.0.2.1", "192.0.2.2"];

/** Makes two hosts whose path has the same properties in both directions. */
export function makePair(seed: number, link: LinkOptions, back: LinkOptions = link): Pair {
  const network = new SimulatedNetwork(seed);
  const waiting: ((socket: UtpSocket) => void)[] = [];
  const dialler = network.add(DIALLER);
  const acceptor = network.add(ACCEPTOR, (socket) => waiting.shift()!(socket));
  network.connect(DIALLER, ACCEPTOR, network.makeLink(link));
  network.connect(ACCEPTOR, DIALLER, network.makeLink(back));
  return {
    ...{ network, dialler, acceptor },
    async open() {
      for (;;) {
        const accepted = new Promise<UtpSocket>((resolve) => waiting.push(resolve));
        const dialled = dialler.connect(ACCEPTOR, 6881);
        const failed = new Promise<undefined>((resolve) => {
          dialled.once("error", () => resolve(undefined));
        });
        // The acceptor has a connection once the dialler has said something.
        dialled.write(Uint8Array.of(0));
        const socket = await network.clock.until(Promise.race([accepted, failed]));
        if (!socket) {
          // All that was sent got lost, so it is dialled again.
          waiting.pop();
          continue;
        }
        await network.clock.until(
          new Promise<void>((resolve) => void socket.once("data", () => resolve())),
        );
        socket.removeAllListeners("data");
        return { dialled, accepted: socket };
      }
    },
  };
}
