/**
 * Creates the WebTorrent client with only the features that libreseed uses, and limits its incoming
 * and outgoing connections.
 *
 * @module
 */

import { BlockList, isIP, isIPv6, type Server, type Socket } from "node:net";
import type { DhtHost } from "./dht/mod.ts";
import { DialBudget, Handshakes, isTestHost, Routes } from "./dial/mod.ts";
import { EngineError } from "./errors.ts";
import { makePeerId } from "./extended_handshake.ts";
import {
  acceptPeers,
  acceptPeersElsewhere,
  acceptUtpPeers,
  type Client,
  makeClient,
  OwnDials,
  secureOf,
} from "./libraries/mod.ts";
import { ConnectionLimit, PeerListeners } from "./listen/mod.ts";
import type { EngineOptions, RateLimits } from "./options.ts";
import { carrierOf, Transports } from "./transport/mod.ts";

/** Default maximum number of incoming connections. */
const MAX_INCOMING = 500;
/**
 * Average time after which our DHT node forgets an announced peer. Peers announce themselves at
 * least every hour.
 */
const PEER_AGE_MS = 2 * 3_600_000;

/**
 * Unspecified addresses (0.0.0.0/8 and ::), which the operating system treats as this machine (RFC
 * 6890, "this host on this network"). They are blocked for two reasons: a hostile peer may name
 * them as peer addresses, and if the sandbox may listen on any port of 0.0.0.0, the same permission
 * allows connections to any port of this machine.
 */
const unspecified = new BlockList();
unspecified.addSubnet("0.0.0.0", 8, "ipv4");
unspecified.addAddress("::", "ipv6");

function isUnspecified(host: string): boolean {
  return isIP(host) !== 0 && unspecified.check(host, isIPv6(host) ? "ipv6" : "ipv4");
}

/** A client, and its listeners for peers. */
export interface CreatedClient {
  client: Client;
  listeners: PeerListeners;
  /** The ways to peers. */
  routes: Routes;
  transports: Transports;
  /** Resolves when all listeners listen. */
  listening: Promise<void>;
  /** Returns the port for neighbours, if the client listens there. */
  lanPort: () => number | undefined;
}

/**
 * Creates the client, which begins to listen at once. `applyReplacements` must be called first.
 * `listening` rejects with an {@linkcode EngineError} `TCP_PORT_IN_USE` (kind `in-use`) or
 * `TCP_PORT_FAILED`.
 */
export function createClient(
  options: EngineOptions,
  port: number,
  dht: DhtHost | undefined,
): CreatedClient {
  const { encryption = "prefer", binding } = options;
  // A bound listener has one address. A second listener has the address of the other family.
  const [host, otherHost] = [binding?.ipv4, binding?.ipv6].filter((one) => one !== undefined);
  const { clock, transport } = options;
  const transports = new Transports({ clock, transport, utp: dht?.utp });
  let forNeighbours: Server | undefined;
  const lanPort = () => forNeighbours?.listening ? options.lanPort : undefined;
  const client = makeClient({
    // npm:webtorrent hands this value to `listen` of `node:net`, and replaces it by the bound port.
    torrentPort: host === undefined ? port : { port, host },
    peerId: makePeerId(),
    tracker: false,
    lsd: false,
    natUpnp: false,
    natPmp: false,
    // npm:webtorrent's uTP would need a UDP port of its own, and a native addon. Ours is in
    // `src/utp`, on the DHT's UDP socket.
    utp: false,
    webSeeds: false,
    seedOutgoingConnections: false,
    maxConns: options.maxConnections,
    uploadLimit: throttleRate(options.uploadBytesPerSecond),
    downloadLimit: throttleRate(options.downloadBytesPerSecond),
  }, dht && { krpc: dht.krpc, maxPeerAgeMs: PEER_AGE_MS });
  const routes = new Routes(options);
  client.blocked = { contains: isUnspecified };
  client.dials = new OwnDials(
    new DialBudget({
      clock: options.clock,
      isFree: options.isFreeHost ?? isTestHost,
      ownPort: () => client.torrentPort,
    }),
    options.clock,
    new Handshakes(encryption),
    routes,
    transports,
  );
  // The mode is set here and not as an option, because npm:webtorrent prints a warning about the
  // speed of its RC4 if the option requires encryption.
  client.secure = secureOf(encryption);
  const listeners = new PeerListeners({ clock: options.clock, port: () => client.torrentPort });
  const take = takePeers(client, options);
  const own = acceptPeers(client, take);
  transports.onConnection = acceptUtpPeers(client, take);
  if (!transports.listensByTcp) {
    // npm:webtorrent always listens. A peer whose dial by TCP is refused tries uTP at once.
    client.once("listening", () => own.close());
    return { client, listeners, routes, transports, lanPort, listening: listening(client, port) };
  }
  listeners.add(own, host);
  // A restart of the listener emits `close` too, so the watchdogs end only if the client has been
  // destroyed.
  own.on("close", () => client.destroyed && listeners.close());
  const isListening = listening(client, port).then(async () => {
    if (options.lanPort !== undefined && !binding) {
      const listener = forNeighbours = acceptPeersElsewhere(client, take);
      own.on("close", () => client.destroyed && listener.close());
      // A port that another program has is not announced.
      await listenElsewhere(listener, options.lanPort, undefined).catch(() => {});
    }
    if (otherHost === undefined) return;
    const other = acceptPeersElsewhere(client, take);
    await listenElsewhere(other, client.torrentPort, otherHost);
    own.on("close", () => client.destroyed && other.close());
    listeners.add(other, otherHost);
  });
  return { client, listeners, routes, transports, lanPort, listening: isListening };
}

/** Converts a rate limit to npm:webtorrent's form, in which 0 means no traffic and -1 no limit. */
function throttleRate(bytesPerSecond = 0): number {
  return bytesPerSecond === 0 ? -1 : bytesPerSecond;
}

/** Changes the upload and download limits of a client. */
export function throttle(client: Client, limits: RateLimits): void {
  client.throttleUpload(throttleRate(limits.uploadBytesPerSecond));
  client.throttleDownload(throttleRate(limits.downloadBytesPerSecond));
}

/** Returns the function that takes the incoming connections of a client, and limits them. */
function takePeers(client: Client, options: EngineOptions) {
  const { clock, maxIncoming = MAX_INCOMING } = options;
  const limit = new ConnectionLimit(maxIncoming, clock);
  return (connection: Socket, accept: () => void) => {
    client.dials?.accepted(connection);
    const { remoteAddress } = connection;
    // A router may let a connection in only because our packets went to its address: those of a dial,
    // or, for uTP, those of our DHT node, which sends from the same port.
    const mayProve = carrierOf(connection) === "tcp";
    if (mayProve && remoteAddress && !client.dials?.hasDialled(remoteAddress)) {
      options.onIncoming?.(remoteAddress);
    }
    if (limit.take(connection)) accept();
  };
}

/** Waits until the client listens on its TCP port. */
function listening(client: Client, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => reject(listenError(error, port));
    client.once("error", onError);
    client.once("listening", () => {
      client.removeListener("error", onError);
      resolve();
    });
  });
}

/** Makes a listener listen at an address; `undefined` for all addresses. */
function listenElsewhere(
  listener: Server,
  port: number,
  host: string | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error) => reject(listenError(error, port));
    listener.once("error", onError);
    listener.listen(port, host, () => {
      listener.removeListener("error", onError);
      resolve();
    });
  });
}

function listenError(error: Error & { code?: string }, port: number): EngineError {
  const taken = error.code === "EADDRINUSE";
  return new EngineError(
    taken ? "in-use" : "failed",
    taken ? "TCP_PORT_IN_USE" : "TCP_PORT_FAILED",
    taken
      ? `TCP port ${port} is taken by another program. Choose another with --port, or end that program`
      : `TCP port ${port} cannot be opened: ${error.message}`,
    { cause: error, detail: { port } },
  );
}
