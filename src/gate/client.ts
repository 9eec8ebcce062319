/**
 * The asking thread's side of the gate's port. Offers sockets, ranges of web seeds' files, a UDP
 * socket and local discovery over one port. `client_socket.ts` and `client_udp.ts` have the
 * sockets.
 *
 * @module
 */

import { type Clock, systemClock } from "../base/mod.ts";
import type { Ask, Tell } from "../gate_thread/mod.ts";
import { type Asking, errorOf, type OpenChannel } from "./client_channel.ts";
import { type HeardPeer, type LocalDiscovery, startDiscovery } from "./client_discovery.ts";
import { RouterSockets } from "./client_router.ts";
import { GateSocket } from "./client_socket.ts";
import { GateUdp } from "./client_udp.ts";
import { GateError } from "./errors.ts";
import { type PostOrder, requestPost } from "./post_request.ts";
import { type FetchedRange, type RangeOrder, requestRange } from "./range_request.ts";

/** The gate, seen from a thread that asks. */
export class GateClient {
  readonly #port: MessagePort;
  readonly #clock: Clock;
  readonly #channels = new Map<number, (told: Tell) => void>();
  #lastId = 0;
  /** Whether the gate has sent a message. */
  hasAnswered = false;
  #failure: GateError | undefined;

  /** @param port a port of `GateConnection.open` */
  constructor(port: MessagePort, clock: Clock = systemClock) {
    this.#port = port;
    this.#clock = clock;
    port.onmessage = ({ data }: MessageEvent<Tell>) => {
      this.hasAnswered = true;
      const onTell = this.#channels.get(data.id);
      if (data.tell === "closed") this.#channels.delete(data.id);
      onTell?.(data);
    };
  }

  /**
   * Connects to a peer. The socket emits `connect`, or `error` with a code such as `ECONNREFUSED`
   * or `ADDRESS_REFUSED`.
   *
   * @param options `allowHalfOpen` as of `node:net`
   */
  dial(
    { host, port, allowHalfOpen = false }: { host: string; port: number; allowHalfOpen?: boolean },
  ): GateSocket {
    return new GateSocket(this.#open, { kind: "dial", host, port }, { allowHalfOpen });
  }

  /**
   * Connects to a web server by its name or address. TLS checks the certificate by the name. The
   * socket emits the same events as that of {@linkcode GateClient.dial}.
   */
  reach(name: string, port: number, tls: boolean): GateSocket {
    const target = { kind: tls ? "https" : "http", host: name, port } as const;
    return new GateSocket(this.#open, target, { allowHalfOpen: true });
  }

  /**
   * Opens a range of a web seed's file. `range_request.ts` says what is thrown.
   *
   * @param signal ends the transfer at any time
   */
  fetchRange(order: RangeOrder, signal?: AbortSignal): Promise<FetchedRange> {
    return requestRange((name, port, tls) => this.reach(name, port, tls), order, signal);
  }

  /**
   * Sends a request with the method POST, and returns the status of the answer. `post_request.ts` says what
   * is thrown.
   *
   * @param signal ends the request at any time
   */
  post(order: PostOrder, signal: AbortSignal): Promise<number> {
    return requestPost((name, port, tls) => this.reach(name, port, tls), order, signal);
  }

  /**
   * Looks up the addresses of a peer that is known by a host name. Returns at least one.
   *
   * @throws {GateError} `NAME_NOT_FOUND`; `ADDRESS_REFUSED` if no address may be dialled at that port
   */
  lookUp(name: string, port: number): Promise<string[]> {
    const hosts: string[] = [];
    return new Promise((resolve, reject) => {
      this.#open({ kind: "names", host: name, port }, (told) => {
        if (told.tell === "packets") hosts.push(...told.packets.map(({ host }) => host));
        else if (told.tell === "closed" && told.error) reject(errorOf(told));
        else if (told.tell === "closed") resolve(hosts);
      });
    });
  }

  /** Makes an unbound UDP socket of IPv6. */
  udp(): GateUdp {
    return new GateUdp(this.#open);
  }

  /** The sockets to the router. */
  router(): RouterSockets {
    return new RouterSockets(this.#open);
  }

  /**
   * Begins local discovery (BEP 14).
   *
   * @param port port at which our torrents are served
   * @param onPeers called with neighbours that announced a torrent of ours
   * @param onClosed called with the reason if local discovery ends
   * @param isTcpOnly whether we speak no uTP at `port`. The gate then refuses uTP there, and each
   * neighbour that tries it is reported for all torrents of the last 15 minutes
   * @param laterPort a second port, which each announcement names two seconds later, for a firewall
   * that lets in nothing else. With it, a neighbour that tries uTP is reported for the torrents
   * announced last
   */
  discover(
    port: number,
    onPeers: (peers: HeardPeer[]) => void,
    onClosed: (error: GateError) => void = () => {},
    isTcpOnly = false,
    laterPort?: number,
  ): LocalDiscovery {
    const ports = { port, isTcpOnly, laterPort };
    return startDiscovery(this.#open, this.#clock, ports, onPeers, onClosed);
  }

  /** Ends all present and later channels with an error. Called when the gate has died. */
  fail(error: GateError): void {
    this.#failure = error;
    this.#port.close();
    const { code, message } = error;
    const channels = [...this.#channels];
    this.#channels.clear();
    for (const [id, onTell] of channels) onTell({ tell: "closed", id, error: { code, message } });
  }

  readonly #open: OpenChannel = (target, onTell) => {
    const id = ++this.#lastId;
    const ask = (message: Asking, transfer: Transferable[] = []) => {
      if (this.#channels.has(id)) this.#port.postMessage({ ...message, id } as Ask, transfer);
    };
    this.#channels.set(id, onTell);
    if (this.#failure) {
      queueMicrotask(() => this.fail(this.#failure!));
    } else ask({ ask: "open", ...target });
    return {
      send: (packets, transfer) => ask({ ask: "packets", packets }, transfer),
      credit: (amount) => ask({ ask: "credit", amount }),
      end: () => ask({ ask: "end" }),
      close: () => {
        ask({ ask: "close" });
        this.#channels.delete(id);
      },
    };
  };
}
