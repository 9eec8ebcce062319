/**
 * Connects peers of which neither can be dialled, because each is behind a NAT or a firewall
 * (BEP 55). A peer that both are connected to introduces them, and both dial each other by uTP at the
 * same time: the packet of each opens its own router for the packets of the other.
 *
 * @module
 */

import {
  type Clock,
  formatAddress,
  formatHostPort,
  type HostPort,
  peerAddressBytes,
  readHostPort,
  type Timer,
  TokenBucket,
  type TokenRate,
} from "../../base/mod.ts";
import { type ExtensionClass, forgiveFailures, type Torrent, type Wire } from "../libraries/mod.ts";
import { decodeHoleMessage, encodeHoleMessage, HOLE_ERRORS, type HoleMessage } from "./message.ts";
import { HOLE_EXTENSION, knowsHoles, Relays } from "./relays.ts";

/** A connection on which the extension may be used. */
interface HoleWire extends Wire {
  use(extension: ExtensionClass<HoleWire>): void;
  extended(name: string, message: Uint8Array): void;
  peerExtendedMapping: Record<string, number>;
  /** The peer's extended handshake (BEP 10): anything that bencode can express. */
  peerExtendedHandshake: { p?: unknown };
}

/** A dial that has not been answered yet. */
interface Unanswered {
  address: HostPort;
  timer: Timer;
  /** Whether the dial is old enough to ask for an introduction. */
  isDue: boolean;
  /** Connections over which an introduction was asked for. */
  asked: Set<HoleWire>;
}

/** Time after which a dial without an answer asks for an introduction (ms). */
const PATIENCE_MS = 1_500;
/** Time after a dial during which peers that connect are still asked (ms). */
const WANTED_MS = 120_000;
/** Maximum number of dials of one torrent that wait for an introduction. The oldest gives way. */
const MAX_UNANSWERED = 16;
/** Messages of one connection that are acted upon. */
const WIRE_RATE: TokenRate = { burst: 16, perSecond: 0.2 };
/** Messages of all connections together that are acted upon. */
const ALL_RATE: TokenRate = { burst: 64, perSecond: 4 };

/** Options of {@linkcode Introductions}. */
export interface IntroductionsOptions {
  clock: Clock;
  /** Returns the torrent of a seeded archive. */
  wakeSeed: (infoHashHex: string) => Promise<Torrent | undefined>;
  /** Has an address dialled by uTP before TCP. */
  dialUtpFirst: (address: HostPort) => void;
}

/** The introductions of one engine. */
export class Introductions {
  /** The connections between seeders that are kept for introductions. */
  readonly relays = new Relays();
  readonly #options: IntroductionsOptions;
  readonly #all: TokenBucket;

  constructor(options: IntroductionsOptions) {
    this.#options = options;
    this.#all = new TokenBucket(ALL_RATE, options.clock.now());
  }

  /** Begins to ask for introductions, to make them and to follow them, until the torrent ends. */
  attach(torrent: Torrent): void {
    const holes = new Holes(torrent, this.#options.clock, () => this.#limitWire());
    torrent.on("wire", (wire: HoleWire) => holes.add(wire));
    torrent.on("dial", (address: string, conn: EventSource) => holes.dialled(address, conn));
    torrent.once("close", () => holes.close());
  }

  /**
   * Dials peers of a seeded archive, which do not know of us or cannot dial us: by uTP first, because
   * such a connection shows the peer which port our router has given to our UDP socket. The peer
   * names this port when it introduces us.
   */
  async reachOut(infoHashHex: string, peers: HostPort[]): Promise<void> {
    const torrent = await this.#options.wakeSeed(infoHashHex);
    for (const peer of peers) {
      if (!torrent || torrent.destroyed) return;
      this.#options.dialUtpFirst(peer);
      torrent.addPeer(formatHostPort(peer));
    }
  }

  /** Returns a function for one connection that says whether a message is acted upon. */
  #limitWire(): () => boolean {
    const { clock } = this.#options;
    const own = new TokenBucket(WIRE_RATE, clock.now());
    return () => own.take(clock.now()) && this.#all.take(clock.now());
  }
}

type EventSource = { once(event: string, listener: () => void): unknown };

/** The introductions of one torrent. */
class Holes {
  readonly #torrent: Torrent;
  readonly #clock: Clock;
  readonly #limitWire: () => () => boolean;
  readonly #wires = new Set<HoleWire>();
  /** Dials without an answer, by `HOST:PORT`; the oldest first. */
  readonly #unanswered = new Map<string, Unanswered>();

  /** @param limitWire returns for a new connection a function that limits its messages */
  constructor(torrent: Torrent, clock: Clock, limitWire: () => () => boolean) {
    this.#torrent = torrent;
    this.#clock = clock;
    this.#limitWire = limitWire;
  }

  add(wire: HoleWire): void {
    const mayAct = this.#limitWire();
    const onMessage = (bytes: Uint8Array) => {
      const message = decodeHoleMessage(bytes);
      if (message && mayAct()) this.#take(wire, message);
    };
    const onKnown = () => {
      for (const dial of this.#unanswered.values()) this.#ask(wire, dial);
    };
    this.#wires.add(wire);
    wire.once("close", () => this.#wires.delete(wire));
    wire.use(
      class implements InstanceType<ExtensionClass<HoleWire>> {
        get name(): string {
          return HOLE_EXTENSION;
        }
        onHandshake(): void {}
        onExtendedHandshake(): void {
          onKnown();
        }
        onMessage(bytes: Uint8Array): void {
          onMessage(bytes);
        }
      },
    );
  }

  /** Watches a dial. If it is not answered soon, introductions are asked for. */
  dialled(text: string, conn: EventSource): void {
    const address = readHostPort(text);
    if (!("port" in address)) return;
    const before = this.#unanswered.get(text);
    conn.once("connect", () => this.#forget(text));
    if (before) return;
    const dial: Unanswered = {
      address,
      isDue: false,
      asked: new Set(),
      timer: this.#clock.after(PATIENCE_MS, () => {
        dial.isDue = true;
        for (const wire of this.#wires) this.#ask(wire, dial);
        dial.timer = this.#clock.after(WANTED_MS, () => this.#forget(text));
      }),
    };
    this.#unanswered.set(text, dial);
    if (this.#unanswered.size > MAX_UNANSWERED) {
      this.#forget(this.#unanswered.keys().next().value!);
    }
  }

  close(): void {
    for (const text of [...this.#unanswered.keys()]) this.#forget(text);
  }

  #forget(text: string): void {
    this.#unanswered.get(text)?.timer.cancel();
    this.#unanswered.delete(text);
  }

  /** Asks a peer for an introduction, if it can make one and was not asked. */
  #ask(wire: HoleWire, { address, isDue, asked }: Unanswered): void {
    if (!isDue || asked.has(wire) || wire.destroyed || !knowsHoles(wire)) return;
    asked.add(wire);
    send(wire, { type: "rendezvous", peer: address, code: 0 });
  }

  #take(wire: HoleWire, { type, peer }: HoleMessage): void {
    if (type === "rendezvous") this.#introduce(wire, peer);
    else if (type === "connect") this.#connect(peer);
    // An error needs no answer: the dial goes on, and so do the questions to other peers.
  }

  /**
   * Tells two peers to connect to each other, as the first has asked. The asker may know the other
   * peer by the port that it listens on. If a router has changed that port, our connection to the
   * peer shows the new one.
   */
  #introduce(asker: HoleWire, peer: HostPort): void {
    const refuse = (code: number) => send(asker, { type: "error", peer, code });
    const from = addressOf(asker);
    const named = [...this.#wires].find((wire) => isAt(wire, peer) && !wire.destroyed);
    if (!from) return refuse(HOLE_ERRORS.noSuchPeer);
    if (!named) return refuse(HOLE_ERRORS.notConnected);
    if (named === asker) return refuse(HOLE_ERRORS.noSelf);
    if (!knowsHoles(named)) return refuse(HOLE_ERRORS.noSupport);
    send(named, { type: "connect", peer: from, code: 0 });
    send(asker, { type: "connect", peer: addressOf(named) ?? peer, code: 0 });
  }

  /** Dials a peer to which another peer has introduced us, although dials to it may have failed. */
  #connect(peer: HostPort): void {
    const torrent = this.#torrent;
    if (torrent.destroyed || !torrent.infoHash) return;
    forgiveFailures(torrent, peer);
    torrent.addPeer(formatHostPort(peer));
  }
}

function send(wire: HoleWire, message: HoleMessage): void {
  if (!wire.destroyed && knowsHoles(wire)) {
    wire.extended(HOLE_EXTENSION, encodeHoleMessage(message));
  }
}

/**
 * Returns the address at which a peer's UDP socket is to be found. A uTP connection comes from that
 * socket. A TCP connection that the peer has dialled comes from any port, so the port that the peer
 * listens on is taken, which most routers keep.
 */
function addressOf(wire: HoleWire): HostPort | undefined {
  const address = peerAddressBytes(wire.remoteAddress ?? "");
  const port = wire.type === "tcpIncoming" ? wire.peerExtendedHandshake?.p : wire.remotePort;
  if (!address || typeof port !== "number" || !Number.isInteger(port)) return undefined;
  return port > 0 && port <= 65_535 ? { host: formatAddress(address), port } : undefined;
}

/** Whether a peer is at an address: the other end of its connection, or the port that it listens on. */
function isAt(wire: HoleWire, { host, port }: HostPort): boolean {
  const address = peerAddressBytes(wire.remoteAddress ?? "");
  return address !== undefined && formatAddress(address) === host &&
    (wire.remotePort === port || wire.peerExtendedHandshake?.p === port);
}
