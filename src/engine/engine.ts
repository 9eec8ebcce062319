/**
 * The engine: owns WebTorrent, the TCP listener, the torrents and the one DHT node, from their
 * beginning to their end. Lends the node through `node()`. Peers are looked for and announced by
 * whoever borrows the node; the engine only takes their addresses.
 *
 * @module
 */

import type { Clock } from "../base/mod.ts";
import type { Contact, DhtNode, PeerAddress } from "../dht/mod.ts";
import { createClient, listening } from "./client.ts";
import { DhtHost, type DhtState, type SocketFactory, type Traffic } from "./dht/mod.ts";
import { Download, type DownloadRequest, invalidTorrent } from "./download.ts";
import { EngineError } from "./errors.ts";
import {
  ArchiveStore,
  type Client,
  take,
  type Torrent,
  wakeOnHandshake,
  type Wire,
} from "./libraries/mod.ts";
import { type SeedOrder, Seeds } from "./seeds.ts";
import {
  dropIfBothSeed,
  dropIfRefusing,
  dropSeeders,
  letEndEarly,
  serveFrom,
  statusOf,
  type TorrentStatus,
  type Totals,
  totalsOf,
} from "./torrents.ts";

/** Options of {@linkcode Engine.start}. */
export interface EngineOptions {
  clock: Clock;
  /** TCP for peers and UDP for the DHT; 0 for any free one. */
  port: number;
  /** Whether to have a DHT node at all. */
  dht: boolean;
  /** Addresses to begin with; host names are looked up by the caller. */
  bootstrap: { host: string; port: number }[];
  /** DHT nodes of an earlier run. */
  knownNodes?: Contact[];
  /** Take part in the DHT without being part of it (BEP 43): for a short visit. */
  readOnly?: boolean;
  /** Connections of one torrent. */
  maxConnections?: number;
  /** Connections that others have opened, of all torrents together; 500 unless given. */
  maxIncoming?: number;
  /** Bytes a second for all torrents; `undefined` for no limit. */
  uploadLimit?: number;
  /** Bytes a second for all torrents; `undefined` for no limit. */
  downloadLimit?: number;
  /** Called when the DHT comes or goes. */
  onDhtState?: (state: DhtState) => void;
  /** Called if the engine dies by itself. */
  onFailure?: (error: EngineError) => void;
  /** Called if a `.torrent` cannot be read when a peer wants its archive, which is turned away. */
  onUnreadable?: (infoHashHex: string, error: Error) => void;
  /**
   * Hosts that are dialled at any port and however often (`dial_budget.ts`); loopback and private ones
   * unless given.
   */
  isFreeHost?: (host: string) => boolean;
  /** Opens UDP sockets; a test hands in its own. */
  createSocket?: SocketFactory;
}

/**
 * Peers of one torrent that are served at the same time. WebTorrent chooses them anew every ten seconds
 * only: with its ten, the place of one that has got everything would stay empty until then.
 */
const SERVED_AT_ONCE = 200;
/** Tries to find a number that is free for TCP and UDP alike, when any port will do. */
const FREE_PORT_TRIES = 8;

/** Owns the torrents and the one DHT node. */
export class Engine {
  readonly #client: Client;
  readonly #dht: DhtHost | undefined;
  readonly #clock: Clock;
  readonly #seeds: Seeds;
  readonly #downloads = new Set<Download>();
  /** What the torrents that have ended had moved. */
  readonly #moved = { uploadedBytes: 0, downloadedBytes: 0 };
  #ending: Promise<void> | undefined;

  /**
   * Opens the TCP port, then the UDP port of the same number. A UDP port that is taken switches the
   * DHT off until it is free; it does not stop the engine.
   *
   * @throws {EngineError} `TCP_PORT_IN_USE` (kind `in-use`) or `TCP_PORT_FAILED`
   */
  static async start(options: EngineOptions): Promise<Engine> {
    for (let tries = 1;; tries++) {
      try {
        return await Engine.#startOnce(options);
      } catch (error) {
        const again = options.port === 0 && tries < FREE_PORT_TRIES &&
          error instanceof EngineError && error.code === "TCP_PORT_IN_USE";
        if (!again) throw error;
      }
    }
  }

  static async #startOnce(options: EngineOptions): Promise<Engine> {
    const dht = options.dht
      ? new DhtHost({
        clock: options.clock,
        bootstrap: options.bootstrap,
        knownNodes: options.knownNodes,
        readOnly: options.readOnly,
        onState: options.onDhtState,
        createSocket: options.createSocket,
      })
      : undefined;
    // Any free port has to be free for both, and UDP's is the scarcer: a TCP port that is taken only
    // costs another try.
    const port = options.port === 0 && dht ? await dht.open(0) ?? 0 : options.port;
    const client = createClient(options, port, dht);
    try {
      await listening(client, port);
    } catch (error) {
      dht?.close();
      throw error;
    }
    // Also if any port would do and none could be opened: it is the TCP port's number from now on.
    if (dht && dht.state.state !== "on") await dht.open(client.torrentPort);
    return new Engine(client, dht, options);
  }

  private constructor(client: Client, dht: DhtHost | undefined, options: EngineOptions) {
    this.#client = client;
    this.#dht = dht;
    this.#clock = options.clock;
    this.#seeds = new Seeds({
      clock: options.clock,
      add: (torrent, filePath) =>
        this.#add(torrent, { filePath, writable: false, skipVerify: true }),
      onUnreadable: (infoHashHex, error) => {
        if (!this.#ending) options.onUnreadable?.(infoHashHex, error);
      },
    });
    wakeOnHandshake(client, {
      find: async (infoHashHex) => {
        const live = this.#downloading().find((torrent) => torrent.infoHash === infoHashHex);
        return live ?? await this.#seeds.wake(infoHashHex);
      },
      unhide: (hashHex) =>
        this.#seeds.unhide(hashHex, this.#downloading().map(({ infoHash }) => infoHash)),
    });
    client.on("error", (error: Error) => {
      if (this.#ending || !client.destroyed) return;
      options.onFailure?.(
        new EngineError("failed", "ENGINE_CLOSED", `The torrent engine failed: ${error.message}`, {
          cause: error,
        }),
      );
    });
  }

  /** The port, TCP and UDP. */
  get port(): number {
    return this.#client.torrentPort;
  }

  /** Whether the DHT is there, and if not, why. */
  get dhtState(): DhtState {
    return this.#dht?.state ?? { state: "off", why: "it is switched off" };
  }

  /** What passed through the UDP socket; `undefined` without a DHT. */
  get dhtTraffic(): Readonly<Traffic> | undefined {
    return this.#dht?.traffic;
  }

  /** The DHT node to borrow, while there is one. */
  node(): DhtNode | undefined {
    return this.#dht?.node();
  }

  /** Names more addresses to begin with; an empty routing table is filled from them at once. */
  addBootstrap(addresses: { host: string; port: number }[]): void {
    this.#dht?.addBootstrap(addresses);
  }

  /** The nodes of the routing table, for the next start. */
  knownNodes(): Contact[] {
    return this.#dht?.knownNodes() ?? [];
  }

  /**
   * Seeds whole archives. They are not hashed again: whoever calls has verified them. A `.torrent`
   * that is given by its path is read when the first peer wants its archive.
   *
   * @throws {EngineError} `ENGINE_CLOSED`
   */
  async seed(archives: readonly SeedOrder[]): Promise<void> {
    if (this.#ending || this.#client.destroyed) throw engineClosed();
    for (const archive of archives) await this.#seeds.hold(archive);
  }

  /**
   * Downloads one archive. Resolves when every piece is there and checked against the infohash; the
   * torrent is no longer active then.
   *
   * @returns the `.torrent`
   * @throws {EngineError} `TORRENT_INVALID`, `TORRENT_TOO_LARGE`, `TORRENT_UNEXPECTED`,
   * `DOWNLOAD_CANCELLED` (when `signal` aborts)
   */
  async download(request: DownloadRequest): Promise<Uint8Array> {
    const { infoHashHex, torrent, filePath } = request;
    // WebTorrent would take anything else for a path or an address to read the torrent from.
    if (!/^[0-9a-f]{40}$/.test(infoHashHex)) {
      throw invalidTorrent(infoHashHex, "that is no infohash of 40 lower-case hexadecimal digits");
    }
    const added = this.#add(torrent ?? infoHashHex, { filePath, writable: true });
    const download = new Download(added, request, this.#clock);
    this.#downloads.add(download);
    try {
      return await download.run();
    } catch (error) {
      if (error instanceof EngineError && error.code === "DOWNLOAD_CANCELLED") throw error;
      if (this.#ending) throw engineClosed(error);
      // Without an infohash it did not get as far as being a torrent.
      if (added.infoHash) throw error;
      throw invalidTorrent(infoHashHex, "it cannot be read", error);
    } finally {
      this.#downloads.delete(download);
    }
  }

  /** Hands peers to a torrent that is being downloaded. Others have no use for them. */
  addPeers(infoHashHex: string, peers: PeerAddress[]): void {
    for (const download of this.#downloads) {
      if (download.request.infoHashHex === infoHashHex) download.addPeers(peers);
    }
  }

  /** Seeds an archive no longer; its files stay. Does nothing if it is not seeded. */
  async remove(infoHashHex: string): Promise<void> {
    await this.#seeds.remove(infoHashHex);
  }

  /** Changes the limits, bytes a second for all torrents together; `undefined` for none. */
  setLimits(uploadLimit: number | undefined, downloadLimit: number | undefined): void {
    this.#client.throttleUpload(uploadLimit ?? -1);
    this.#client.throttleDownload(downloadLimit ?? -1);
  }

  /** All torrents as they stand. */
  torrents(): TorrentStatus[] {
    return [...this.#seeds.statuses(), ...this.#downloading().map(statusOf)];
  }

  /** What all torrents together have moved since the start, and move. */
  totals(): Totals {
    return totalsOf(this.#client.torrents, this.#moved);
  }

  /**
   * Ends the torrents, the listener and the DHT node. WebTorrent may take seconds over it, or not
   * come back at all; after `deadlineMs` milliseconds this resolves regardless.
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
    this.#seeds.close();
    this.#dht?.close();
    return this.#ending;
  }

  #downloading(): Torrent[] {
    return [...this.#downloads].map(({ torrent }) => torrent);
  }

  #add(
    torrent: string | Uint8Array,
    { filePath, writable, skipVerify = false }: {
      filePath: string;
      writable: boolean;
      skipVerify?: boolean;
    },
  ): Torrent {
    if (this.#ending || this.#client.destroyed) throw engineClosed();
    const added = this.#client.add(torrent, {
      store: ArchiveStore,
      storeOpts: { filePath, writable },
      // WebTorrent would hold up to 20 whole pieces of each torrent; the system caches the file.
      storeCacheSlots: 0,
      uploads: SERVED_AT_ONCE,
      skipVerify,
    });
    letEndEarly(added);
    added.on("wire", (wire: Wire) => {
      take(wire);
      serveFrom(added, wire);
      dropIfBothSeed(added, wire);
      dropIfRefusing(wire);
    });
    added.once("done", () => dropSeeders(added));
    added.once("close", () => {
      this.#moved.uploadedBytes += added.uploaded;
      this.#moved.downloadedBytes += added.received;
    });
    return added;
  }
}

function engineClosed(cause?: unknown): EngineError {
  const message = "The torrent engine has been closed";
  return new EngineError("failed", "ENGINE_CLOSED", message, { cause });
}
