/**
 * The torrent engine. It owns the WebTorrent client, the TCP listener, the torrents and the DHT
 * nodes, one for each address family, from start to close.
 *
 * The engine neither announces torrents nor searches for peers. Other code does both with the DHT
 * nodes that `nodes()` lends, and passes the peer addresses that it finds to `addPeers()`.
 *
 * @module
 */

import type { BindingState, Clock } from "../base/mod.ts";
import type { Contact, DhtNode, PeerAddress } from "../dht/mod.ts";
import { addTorrent } from "./add_torrent.ts";
import { createClient, type CreatedClient, throttle } from "./client.ts";
import {
  type DhtDetails,
  DhtHosts,
  type DhtState,
  type FamilyStatus,
  type Traffic,
} from "./dht/mod.ts";
import { mayDialOf, type Routes } from "./dial/mod.ts";
import { Download } from "./download.ts";
import { type DownloadRequest, invalidTorrent, sharedBy } from "./download_request.ts";
import { engineClosed, EngineError, engineFailed } from "./errors.ts";
import { Introductions } from "./holes/mod.ts";
import { type PeerHandshake, sayWhoWeAre } from "./extended_handshake.ts";
import type { LanStatus, Neighbours } from "./lan/mod.ts";
import { applyReplacements, type Client, type Torrent, wakeOnHandshake } from "./libraries/mod.ts";
import { findNeighbours } from "./neighbours.ts";
import { dhtOptionsOf, type EngineOptions, type RateLimits, whyUnusable } from "./options.ts";
import type { PeerListeners } from "./listen/mod.ts";
import { RendezvousPeers } from "./rendezvous/mod.ts";
import { type SeedOrder, Seeds } from "./seeds.ts";
import { statusOf, type TorrentStatus, type Totals, totalsOf } from "./torrents.ts";
import type { Transports, UtpStatus } from "./transport/mod.ts";

/** Maximum number of attempts to find a port that is free for both TCP and UDP. */
const FREE_PORT_TRIES = 8;

/**
 * The torrent engine with its DHT nodes: seeds and downloads archives, and lends the nodes.
 */
export class Engine {
  readonly #client: Client;
  readonly #listeners: PeerListeners;
  readonly #dht: DhtHosts | undefined;
  readonly #routes: Routes;
  /** Local discovery; `undefined` if it is off. */
  readonly #neighbours: Neighbours | undefined;
  readonly #announcesSeeds: boolean;
  readonly #transports: Transports;
  readonly #clock: Clock;
  /** Introductions of peers to each other (BEP 55). */
  readonly introductions: Introductions;
  /** Peers that are met at rendezvous. */
  readonly rendezvous: RendezvousPeers;
  readonly #shared: ReturnType<typeof sharedBy>;
  readonly #seeds: Seeds;
  readonly #downloads = new Set<Download>();
  readonly #onPeerHandshake: (said: PeerHandshake) => void;
  /** Total bytes transferred by torrents that have been removed. */
  readonly #transferred = { uploadedBytes: 0, downloadedBytes: 0, webSeedBytes: 0 };
  #ending: Promise<void> | undefined;

  /**
   * Starts an engine. Opens the TCP port, then the UDP port of the same number. If the UDP port is
   * taken, the engine starts without the DHT and retries with exponential back-off.
   *
   * @throws {EngineError} `TCP_PORT_IN_USE` (kind `in-use`) or `TCP_PORT_FAILED`
   * @throws {Error} if an npm package has changed a private member that libreseed replaces or calls
   */
  static async start(options: EngineOptions): Promise<Engine> {
    applyReplacements();
    for (let tries = 1;; tries++) {
      try {
        return await Engine.#startOnce(options);
      } catch (error) {
        const isTaken = error instanceof EngineError && error.code === "TCP_PORT_IN_USE";
        if (options.port !== 0 || tries >= FREE_PORT_TRIES || !isTaken) throw error;
      }
    }
  }

  static async #startOnce(options: EngineOptions): Promise<Engine> {
    const dht = options.dht ? new DhtHosts(dhtOptionsOf(options)) : undefined;
    const unusable = whyUnusable(options.bindingState);
    if (unusable !== undefined) dht?.suspend(unusable);
    // For port 0, a port number is needed that is free for both TCP and UDP. UDP is opened first,
    // because another attempt is cheap if the port number turns out to be taken for TCP.
    const port = options.port === 0 && dht ? await dht.four.open(0) ?? 0 : options.port;
    const created = createClient(options, port, dht?.four);
    try {
      await created.listening;
    } catch (error) {
      dht?.close();
      throw error;
    }
    // If the UDP port is not open yet, it is opened now, with the number of the TCP port.
    if (dht && dht.four.state.state !== "on") await dht.four.open(created.client.torrentPort);
    const engine = new Engine(created, dht, options);
    if (unusable !== undefined) engine.#suspend(unusable);
    return engine;
  }

  private constructor(
    { client, listeners, routes, transports, lanPort }: CreatedClient,
    dht: DhtHosts | undefined,
    options: EngineOptions,
  ) {
    this.#client = client;
    this.#listeners = listeners;
    this.#transports = transports;
    this.#dht = dht;
    if (dht) dht.onUtp6 = (utp) => transports.use(6, utp);
    this.#routes = routes;
    this.#clock = options.clock;
    // Like its DHT node, the archives of a program that ends soon are not worth announcing.
    this.#announcesSeeds = !options.readOnly;
    this.#shared = sharedBy(options, (bytes) => this.#transferred.webSeedBytes += bytes);
    this.introductions = new Introductions({
      clock: options.clock,
      wakeSeed: (infoHashHex) => this.#seeds.wake(infoHashHex),
      dialUtpFirst: (address) => transports.dialUtpFirst(address),
    });
    this.#onPeerHandshake = options.onPeerHandshake ?? (() => {});
    this.#seeds = new Seeds({
      clock: options.clock,
      add: (torrent, filePath) => this.#add(torrent, filePath, false),
      onUnreadable: (infoHashHex, error) => {
        if (!this.#ending) options.onUnreadable?.(infoHashHex, error);
      },
    });
    const find = async (infoHashHex: string) => {
      const live = this.#downloading().find((torrent) => torrent.infoHash === infoHashHex);
      return live ?? await this.#seeds.wake(infoHashHex);
    };
    const ports = { main: () => this.port, lan: lanPort, utp: dht };
    this.#neighbours = findNeighbours(options, routes, ports, find);
    this.rendezvous = new RendezvousPeers({
      ...{ client, clock: options.clock },
      onQuestion: options.onQuestion ?? (() => Promise.resolve({ entries: [], items: [] })),
      introduce: (wire) => sayWhoWeAre(wire, this.port),
      mayDial: mayDialOf(options),
    });
    wakeOnHandshake(client, {
      find: async (infoHashHex) => {
        if (this.isSeeding(infoHashHex)) options.onAsked?.(infoHashHex);
        return this.rendezvous.find(infoHashHex) ?? await find(infoHashHex);
      },
      findObfuscated: (hashHex) =>
        this.rendezvous.findObfuscated(hashHex) ??
          this.#seeds.findObfuscated(hashHex, this.#downloading().map(({ infoHash }) => infoHash)),
    });
    client.on("error", (error: Error) => {
      if (this.#ending || !client.destroyed) return;
      options.onFailure?.(engineFailed(error));
    });
  }

  /** Whether an archive is seeded, asleep or awake. */
  readonly isSeeding = (infoHashHex: string): boolean => this.#seeds.has(infoHashHex);

  /** Port number of both the TCP listener and the DHT. */
  get port(): number {
    return this.#client.torrentPort;
  }

  /** Current state of the DHT, that of IPv4 unless only nodes of IPv6 answer. */
  get dhtState(): DhtState {
    return this.#dht?.state ?? { state: "off", why: "it is switched off", byChoice: true };
  }

  /** Traffic of the DHT's UDP socket of IPv4; `undefined` if the engine runs no DHT node. */
  get dhtTraffic(): Readonly<Traffic> | undefined {
    return this.#dht?.four.traffic;
  }

  /** Connections and traffic of uTP; `undefined` if the engine speaks no uTP. */
  get utp(): UtpStatus | undefined {
    return this.#transports.status;
  }

  /** Lends the DHT node of IPv4; `undefined` while its UDP socket is closed. */
  node(): DhtNode | undefined {
    return this.#dht?.four.node();
  }

  /**
   * Lends the DHT nodes of both families whose UDP sockets are open. If only one DHT answers, the
   * other is left out.
   */
  nodes(): DhtNode[] {
    return this.#dht?.nodes() ?? [];
  }

  /** Status of the DHT node of IPv6; `undefined` if there is none. */
  get dht6(): FamilyStatus | undefined {
    return this.#dht?.status(6);
  }

  /** Routing tables and packets by kind of the DHT nodes. */
  get dhtDetails(): DhtDetails {
    return this.#dht?.details() ?? { families: [] };
  }

  /** See {@linkcode DhtHosts.useIpv6}. */
  async useIpv6(wanted: boolean, localAddress?: string): Promise<void> {
    if (!this.#ending) await this.#dht?.useIpv6(wanted, this.port, localAddress);
  }

  /** See {@linkcode DhtHosts.canAnnounce}. */
  get canAnnounce(): boolean {
    return this.#dht?.canAnnounce ?? false;
  }

  /** Takes a DHT node id that fits the external address (BEP 42), if the present one does not. */
  setExternalAddress(address: string): void {
    this.#dht?.setExternalAddress(address);
  }

  /** Asks many DHT nodes at which address they see us. */
  surveyAddress(): void {
    this.#dht?.surveyAddress();
  }

  /** Tells the engine that this machine is in another network, or was suspended. */
  networkChanged(): void {
    this.#dht?.networkChanged();
    this.#routes.networkChanged();
    this.#neighbours?.networkChanged();
  }

  /** Adds bootstrap addresses of the DHT. An empty routing table is filled from them at once. */
  addBootstrap(addresses: { host: string; port: number }[]): void {
    this.#dht?.addBootstrap(addresses);
  }

  /** Nodes of the DHT routing table, for the caller to save and to pass to the next start. */
  knownNodes(): Contact[] {
    return this.#dht?.knownNodes() ?? [];
  }

  /**
   * Seeds complete archives. The engine does not hash them again, because the caller has verified
   * them. A `.torrent` that is given by path is read when the first peer connects for its archive.
   *
   * @throws {EngineError} `ENGINE_CLOSED`
   */
  async seed(archives: readonly SeedOrder[]): Promise<void> {
    if (this.#ending || this.#client.destroyed) throw engineClosed();
    for (const archive of archives) {
      await this.#seeds.add(archive);
      if (this.#announcesSeeds) this.#neighbours?.add(archive.infoHashHex);
    }
  }

  /**
   * Downloads one archive. Resolves when all pieces are written and verified against the infohash
   * and the torrent has been removed from the client.
   *
   * @returns the bytes of the `.torrent` file
   * @throws {EngineError} `TORRENT_INVALID`, `TORRENT_TOO_LARGE`, `TORRENT_UNEXPECTED`,
   * `DOWNLOAD_CANCELLED` (when `signal` aborts)
   */
  async download(request: DownloadRequest): Promise<Uint8Array> {
    const { infoHashHex, torrent, filePath } = request;
    // The infohash is checked here, because WebTorrent treats any other string as a path or URL of
    // a `.torrent` and reads it.
    if (!/^[0-9a-f]{40}$/.test(infoHashHex)) {
      throw invalidTorrent(infoHashHex, "its infohash is not 40 lower-case hexadecimal digits");
    }
    const added = this.#add(torrent ?? infoHashHex, filePath, true);
    const download = new Download(added, request, this.#clock, this.#shared);
    this.#downloads.add(download);
    this.#neighbours?.add(infoHashHex, true);
    try {
      return await download.run();
    } catch (error) {
      if (error instanceof EngineError && error.code === "DOWNLOAD_CANCELLED") throw error;
      if (this.#ending) throw engineClosed(error);
      // If the torrent has no infohash, parsing its `.torrent` has failed.
      if (added.infoHash) throw error;
      throw invalidTorrent(infoHashHex, "it cannot be read", error);
    } finally {
      this.#downloads.delete(download);
      this.#neighbours?.remove(infoHashHex);
    }
  }

  /** Returns the running download with this infohash, if there is one. */
  downloadOf(infoHashHex: string): Download | undefined {
    return [...this.#downloads].find(({ request }) => request.infoHashHex === infoHashHex);
  }

  /** Passes peer addresses to the download with this infohash, if there is one. */
  addPeers(infoHashHex: string, peers: PeerAddress[]): void {
    this.downloadOf(infoHashHex)?.addPeers(peers);
  }

  /** Passes peer addresses and URLs of web seeds to the download with this infohash, if any. */
  addSources(infoHashHex: string, peers: PeerAddress[], webSeeds: readonly string[]): void {
    this.downloadOf(infoHashHex)?.addSources(peers, webSeeds);
  }

  /** Stops seeding an archive; its files stay on disk. Does nothing if it is not seeded. */
  async remove(infoHashHex: string): Promise<void> {
    this.#neighbours?.remove(infoHashHex);
    await this.#seeds.remove(infoHashHex);
  }

  /** Changes the upload and download limits. The new limits apply to running transfers too. */
  setLimits(limits: RateLimits): void {
    throttle(this.#client, limits);
  }

  /**
   * Tells the engine whether the addresses to which it is bound can be used. While they cannot, it has
   * no connection, listens at no port and sends nothing.
   */
  setBindingState(state: BindingState): void {
    const unusable = whyUnusable(state);
    if (unusable !== undefined) return this.#suspend(unusable);
    this.#client.dials?.resume();
    this.#listeners.resume();
    this.#dht?.resume();
    this.#neighbours?.networkChanged();
  }

  #suspend(why: string): void {
    this.#listeners.suspend();
    this.#client.dials?.suspend();
    this.#dht?.suspend(why);
  }

  /** Status of every torrent, seeded or downloading. */
  torrents(): TorrentStatus[] {
    return [...this.#seeds.statuses(), ...this.#downloading().map(statusOf)];
  }

  /** Describes a torrent and its peers, and wakes no archive; `undefined` if there is no torrent. */
  torrentDetails(infoHashHex: string): ReturnType<Seeds["details"]> {
    return this.downloadOf(infoHashHex)?.details() ?? this.#seeds.details(infoHashHex);
  }

  /** The peers of the local network; `undefined` if local discovery is off. */
  get lan(): LanStatus | undefined {
    return this.#neighbours?.status;
  }

  /** Transfer totals of all torrents since the engine started. */
  totals(): Totals {
    return totalsOf(this.#client.torrents, this.#transferred);
  }

  /**
   * Closes the engine: the torrents, the listener and the DHT nodes. Resolves after `deadlineMs`
   * milliseconds at the latest, because WebTorrent may take seconds to close, or never call back.
   */
  close(deadlineMs = 3_000): Promise<void> {
    this.#ending ??= new Promise((resolve) => {
      if (this.#client.destroyed) return resolve();
      const timer = this.#clock.after(deadlineMs, resolve);
      this.#client.destroy(() => {
        timer.cancel();
        resolve();
      });
    });
    this.#listeners.close();
    this.#neighbours?.close();
    this.#seeds.close();
    this.rendezvous.close();
    // After the client has closed its connections, and before their socket is closed.
    this.#transports.close();
    this.#dht?.close();
    return this.#ending;
  }

  #downloading(): Torrent[] {
    return [...this.#downloads].map(({ torrent }) => torrent);
  }

  #add(torrent: string | Uint8Array, filePath: string, isDownload: boolean): Torrent {
    if (this.#ending || this.#client.destroyed) throw engineClosed();
    return addTorrent(torrent, {
      ...{ client: this.#client, filePath, isDownload, clock: this.#clock },
      ...{ introductions: this.introductions, onPeerHandshake: this.#onPeerHandshake },
      port: () => this.port,
      onPrivate: (infoHashHex) => this.#neighbours?.remove(infoHashHex),
      onClose: ({ uploaded, received }) => {
        this.#transferred.uploadedBytes += uploaded;
        this.#transferred.downloadedBytes += received;
      },
    });
  }
}
