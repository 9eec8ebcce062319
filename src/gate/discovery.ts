/**
 * The channel of local discovery (BEP 14): announces torrents to the own network by multicast, and
 * hears the announcements of neighbours. A neighbour counts only if its address lies in a network
 * of one of this machine's interfaces. `bep14.ts` has the bytes.
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";
import {
  type Address,
  blockOf,
  type Clock,
  isInBlock,
  isLocal,
  isNodePort,
  isPublic,
  parseAddress,
  TokenBucket,
} from "../base/mod.ts";
import { encodeAnnouncement, GROUPS, MAX_INFO_HASHES, parseAnnouncement, PORT } from "./bep14.ts";
import type { Channel, Line } from "./channel.ts";
import type { Contacts } from "./contacts.ts";
import { GateError } from "./errors.ts";
import type { Ask } from "./protocol.ts";

/** An address of a network interface of this machine, as `Deno.networkInterfaces` tells. */
export type Interface = Pick<Deno.NetworkInterfaceInfo, "name" | "family" | "address" | "cidr">;

/** Rate limits of sent and of read announcements, per second. Further ones are dropped. */
const SENT_RATE = { burst: 64, perSecond: 2 };
const HEARD_RATE = { burst: 256, perSecond: 32 };
/** Time during which neighbours of an announced torrent are reported (ms): three announcements. */
const INTEREST_MS = 15 * 60_000;
/** Maximum number of torrents whose neighbours are reported. */
const MAX_INTERESTS = 65_536;

/** A channel of local discovery on all interfaces. */
export class Discovery implements Channel {
  readonly #line: Line;
  readonly #contacts: Contacts;
  readonly #clock: Clock;
  readonly #port: number;
  readonly #cookie = crypto.randomUUID();
  readonly #networks;
  readonly #senders: { family: Interface["family"]; socket: Socket }[] = [];
  readonly #sockets: Socket[] = [];
  /** Time when each torrent was announced last, by infohash in hexadecimal; the oldest first. */
  readonly #interests = new Map<string, number>();
  readonly #sent: TokenBucket;
  readonly #heard: TokenBucket;
  /** Resolves when each socket is bound or has failed. */
  readonly #ready: Promise<void>;

  /** @param port port at which our torrents are, for the announcements */
  constructor(
    line: Line,
    contacts: Contacts,
    clock: Clock,
    interfaces: readonly Interface[],
    port: number,
  ) {
    this.#line = line;
    this.#contacts = contacts;
    this.#clock = clock;
    this.#port = port;
    this.#networks = interfaces.map(({ cidr }) => blockOf(cidr));
    this.#sent = new TokenBucket(SENT_RATE, clock.now());
    this.#heard = new TokenBucket(HEARD_RATE, clock.now());
    const opening = (["IPv4", "IPv6"] as const).flatMap((family) =>
      this.#open(family, interfaces.filter((one) => one.family === family))
    );
    this.#ready = Promise.all(opening).then(() => line.tell({ tell: "open" }));
  }

  take(ask: Ask): void {
    if (ask.ask !== "announce") {
      throw new GateError("BAD_REQUEST", `Local discovery does not take ${ask.ask}`);
    }
    const { infoHashesHex } = ask;
    this.#ready.then(() => this.#announce(infoHashesHex));
  }

  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.close();
    this.#senders.length = 0;
  }

  #announce(all: readonly string[]): void {
    const nowMs = this.#clock.now();
    let sent = 0;
    for (let at = 0; at < all.length; at += MAX_INFO_HASHES) {
      const infoHashesHex = all.slice(at, at + MAX_INFO_HASHES);
      for (const infoHashHex of infoHashesHex) this.#noteInterest(infoHashHex, nowMs);
      if (!this.#sent.take(nowMs)) continue;
      sent += infoHashesHex.length;
      const announcement = { port: this.#port, infoHashesHex, cookie: this.#cookie };
      for (const { family, socket } of this.#senders) {
        // The interface may have disappeared. The other interfaces go on.
        socket.send(encodeAnnouncement(family, announcement), PORT, GROUPS[family], () => {});
      }
    }
    this.#line.tell({ tell: "announced", sent, skipped: all.length - sent });
  }

  /** Opens one socket that hears the group, and one for each interface that sends to the group. */
  #open(family: Interface["family"], interfaces: readonly Interface[]): Promise<void>[] {
    if (interfaces.length === 0) return [];
    const scopeOf = ({ name, address }: Interface) => family === "IPv4" ? address : `::%${name}`;
    // Bound to the group, the socket gets no datagram that was sent to this machine alone.
    const hearing = this.#bind(family, PORT, GROUPS[family], (socket) => {
      socket.on("message", (bytes, { address }) => this.#hear(bytes, address));
      for (const one of interfaces) {
        attempt(() => socket.addMembership(GROUPS[family], scopeOf(one)));
      }
    });
    const sending = interfaces.map((one) =>
      this.#bind(family, 0, one.address, (socket) => {
        socket.setMulticastTTL(1);
        attempt(() => socket.setMulticastInterface(scopeOf(one)));
        this.#senders.push({ family, socket });
      })
    );
    return [hearing, ...sending];
  }

  /** Binds a socket. If that fails, the other sockets go on. */
  #bind(
    family: Interface["family"],
    port: number,
    address: string,
    onBound: (socket: Socket) => void,
  ): Promise<void> {
    const type = family === "IPv4" ? "udp4" : "udp6";
    const socket = createSocket({ type, reuseAddr: port !== 0, ipv6Only: family === "IPv6" });
    this.#sockets.push(socket);
    return new Promise((resolve) => {
      // `close` comes without an error when the channel closes first.
      socket.on("error", () => resolve()).on("close", resolve);
      socket.bind(port, address, () => {
        attempt(() => onBound(socket));
        resolve();
      });
    });
  }

  #noteInterest(infoHashHex: string, nowMs: number): void {
    this.#interests.delete(infoHashHex);
    if (this.#interests.size >= MAX_INTERESTS) {
      this.#interests.delete(this.#interests.keys().next().value!);
    }
    this.#interests.set(infoHashHex, nowMs);
  }

  #hear(bytes: Uint8Array, host: string): void {
    const nowMs = this.#clock.now();
    if (!this.#heard.take(nowMs)) return;
    const announcement = parseAnnouncement(bytes);
    const address = parseAddress(host);
    if (!announcement || !address || announcement.cookie === this.#cookie) return;
    const { port } = announcement;
    if (!isNodePort(port) || !this.#isNeighbour(address)) return;
    const shared = announcement.infoHashesHex.filter((infoHashHex) =>
      nowMs - (this.#interests.get(infoHashHex) ?? -Infinity) <= INTEREST_MS
    );
    if (shared.length === 0) return;
    if (!isPublic(address)) this.#contacts.noteHeard(address, port, nowMs);
    const peers = [...new Set(shared)].map((infoHashHex) => ({ infoHashHex, host, port }));
    this.#line.tell({ tell: "peers", peers });
  }

  /** Link-local addresses are no neighbours: cloud providers serve credentials at one of them. */
  #isNeighbour(address: Address): boolean {
    return (isPublic(address) || isLocal(address)) &&
      this.#networks.some((network) => isInBlock(network, address));
  }
}

/** Calls a function of a socket that fails where an interface has no multicast. */
function attempt(call: () => void): void {
  try {
    call();
  } catch {
    // The other interfaces go on.
  }
}
