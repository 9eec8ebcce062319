/**
 * The asking thread's side of the gate's port. Offers sockets, ranges of web seeds' files, a UDP
 * socket and local discovery over one port. `client_socket.ts` and `client_udp.ts` have the
 * sockets.
 *
 * @module
 */

import { GateError } from "./errors.ts";
import { type FetchedRange, type RangeOrder, requestRange } from "./range_request.ts";
import { GateSocket } from "./client_socket.ts";
import { GateUdp } from "./client_udp.ts";
import { RouterSockets } from "./client_router.ts";
import { type Asking, errorOf, type OpenChannel } from "./client_channel.ts";
import type { HeardPeer, Tell } from "./protocol.ts";

/** Local discovery of the peers of torrents. */
export interface LocalDiscovery {
  /**
   * Announces torrents, of at most 512 infohashes in hexadecimal. Peers of a torrent are reported
   * for 15 minutes from its announcement.
   *
   * @returns how many infohashes were sent, and how many the rate limit has left out
   */
  announce(infoHashesHex: string[]): Promise<{ sent: number; skipped: number }>;
  close(): void;
}

/** The gate, seen from a thread that asks. */
export class GateClient {
  readonly #port: MessagePort;
  readonly #channels = new Map<number, (told: Tell) => void>();
  #lastId = 0;
  #failure: GateError | undefined;

  /** @param port a port of `GateConnection.open` */
  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<Tell>) => {
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
    return new GateSocket(this.#open, { ask: "dial", host, port }, { allowHalfOpen });
  }

  /**
   * Connects to a web server by its name or address. TLS checks the certificate by the name. The
   * socket emits the same events as that of {@linkcode GateClient.dial}.
   */
  reach(name: string, port: number, tls: boolean): GateSocket {
    return new GateSocket(this.#open, { ask: "reach", name, port, tls }, { allowHalfOpen: true });
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
   * Looks up the addresses of a peer that is known by a host name. Returns at least one.
   *
   * @throws {GateError} `NAME_NOT_FOUND`; `ADDRESS_REFUSED` if no address may be dialled at that port
   */
  lookUp(name: string, port: number): Promise<string[]> {
    return new Promise((resolve, reject) => {
      this.#open({ ask: "names", name, port }, (told) => {
        if (told.tell === "addresses") resolve(told.hosts);
        else if (told.tell === "closed") {
          reject(errorOf(told) ?? new GateError("ECANCELED", "The look-up has ended"));
        }
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
   */
  discover(
    port: number,
    onPeers: (peers: HeardPeer[]) => void,
    onClosed: (error: GateError) => void = () => {},
  ): LocalDiscovery {
    const waiting: PromiseWithResolvers<{ sent: number; skipped: number }>[] = [];
    const fail = (error: GateError) => waiting.splice(0).forEach(({ reject }) => reject(error));
    const channel = this.#open({ ask: "discover", port }, (told) => {
      if (told.tell === "peers") onPeers(told.peers);
      else if (told.tell === "announced") {
        waiting.shift()?.resolve({ sent: told.sent, skipped: told.skipped });
      } else if (told.tell === "closed") {
        const error = errorOf(told) ?? new GateError("ECANCELED", "Local discovery has ended");
        fail(error);
        onClosed(error);
      }
    });
    return {
      announce: (infoHashesHex) => {
        const answer = Promise.withResolvers<{ sent: number; skipped: number }>();
        waiting.push(answer);
        channel.ask({ ask: "announce", infoHashesHex });
        return answer.promise;
      },
      close: () => {
        channel.close();
        fail(new GateError("ECANCELED", "Local discovery was closed"));
      },
    };
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

  readonly #open: OpenChannel = (first, onTell) => {
    const id = ++this.#lastId;
    const ask = (message: Asking, transfer: Transferable[] = []) => {
      if (this.#channels.has(id)) this.#port.postMessage({ ...message, id }, transfer);
    };
    this.#channels.set(id, onTell);
    if (this.#failure) {
      queueMicrotask(() => this.fail(this.#failure!));
    } else ask(first);
    return {
      ask,
      close: () => {
        ask({ ask: "close" });
        this.#channels.delete(id);
      },
    };
  };
}
