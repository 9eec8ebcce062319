/**
 * Implements the worker's API: connects the engine with the DHT manager and the announcement
 * schedule, which borrow the engine's DHT node.
 *
 * @module
 */

import { type Clock, collectGarbage, errorToData, fromHex } from "../base/mod.ts";
import {
  DhtError,
  DhtManager,
  type DhtManagerOptions,
  RateLimiter,
  Reannouncer,
} from "../dht/mod.ts";
import { type DhtState, Engine, type TorrentStatus, wantRanges } from "../engine/mod.ts";
import type { MachineAddresses } from "../launcher/mod.ts";
import type { MutableItem } from "../records/mod.ts";
import { announceEach } from "./announce_now.ts";
import { WorkerBinding } from "./binding.ts";
import { DefectLog } from "./defects.ts";
import { downloadArchive } from "./download.ts";
import { DownloadCalls } from "./download_calls.ts";
import type { GateAccess } from "./gate_access.ts";
import { guardedClock } from "./guarded_clock.ts";
import {
  isReachable,
  type KeptSeed,
  NO_STATS,
  type ReportData,
  reportToData,
  type TunableOptions,
  type WorkerApi,
  type WorkerEvent,
  type WorkerOptions,
  type WorkerStarted,
  type WorkerStatus,
} from "./protocol.ts";
import { OpenedPorts } from "./opened_ports.ts";
import { Outreach } from "./outreach.ts";
import { AskedArchives } from "./asked_archives.ts";
import { Rendezvous } from "./rendezvous.ts";
import { RunningOperations } from "./running_operations.ts";
import { RendezvousSearches } from "./rendezvous_searches.ts";
import { notStarted } from "./errors.ts";
import { ipv6Use, Reach } from "./reach.ts";

/** Implements {@linkcode WorkerApi} in the worker thread: runs the engine and the DHT manager. */
export class WorkerRuntime implements WorkerApi {
  readonly #clock: Clock;
  readonly #send: (event: WorkerEvent) => void;
  readonly #createManager: (options: DhtManagerOptions) => DhtManager;
  readonly #ports: OpenedPorts;
  readonly #gate: Pick<GateAccess, "client" | "status"> | undefined;
  readonly #binding: WorkerBinding;
  readonly #operations = new RunningOperations();
  readonly #downloads = new DownloadCalls(() => this.#running);
  readonly #rendezvous: Rendezvous;
  readonly #asked: AskedArchives;
  #engine: Engine | undefined;
  #manager: DhtManager | undefined;
  #managerFailure: string | undefined;
  readonly #defects: DefectLog;
  readonly #searches: RendezvousSearches;
  #limiter: RateLimiter | undefined;
  #reannouncer: Reannouncer | undefined;
  #reach: Reach | undefined;
  #outreach: Outreach | undefined;
  /** Addresses of this machine that the launcher told before the start. */
  #hostAddresses: MachineAddresses | undefined;

  /** @param parts `createManager` creates the DHT manager; replaced in tests of failures */
  constructor(
    clock: Clock,
    send: (event: WorkerEvent) => void,
    parts: {
      createManager?: (options: DhtManagerOptions) => DhtManager;
      ports?: OpenedPorts;
      gate?: Pick<GateAccess, "client" | "status">;
      binding?: WorkerBinding;
    } = {},
  ) {
    this.#clock = clock;
    this.#send = send;
    this.#defects = new DefectLog(send);
    this.#searches = new RendezvousSearches(clock, () => this.#borrowing);
    this.#createManager = parts.createManager ?? ((options) => new DhtManager(options));
    this.#ports = parts.ports ?? new OpenedPorts(clock);
    this.#gate = parts.gate;
    this.#binding = parts.binding ?? new WorkerBinding();
    this.#asked = new AskedArchives(clock, (infoHashHex) => send({ event: "asked", infoHashHex }));
    this.#rendezvous = new Rendezvous({
      ...{ clock, send, peers: () => this.#running.rendezvous, schedule: () => this.#schedule },
      findPeers: (...call) => this.#searches.findToAsk(...call),
      isOurs: this.#isOurs,
    });
  }

  async start(options: WorkerOptions): Promise<WorkerStarted> {
    const bound = this.#binding.options;
    const engine = await Engine.start({
      clock: this.#clock,
      ...options,
      gate: this.#gate?.client,
      ...bound,
      isFreeHost: options.allowLocal ? undefined : () => false,
      onDhtState: (state) => {
        if (this.#managerFailure === undefined) this.#send({ event: "dht", state });
        // When DHT nodes answer again, failed announcements are repeated without a back-off.
        if (isReachable(state)) this.#reannouncer?.resume();
      },
      onAddressVote: (voter, claim) => this.#reach?.vote(voter, claim),
      knowsAddress: (family) => this.#reach?.knowsAddress(family) === true,
      // Peers that dialled us have no vote: an attacker may connect as often as it likes.
      onPeerHandshake: ({ peer, isDialled, yourIp }) => {
        if (isDialled && yourIp) this.#reach?.vote(peer, yourIp);
      },
      onIncoming: (host) => this.#reach?.noteIncoming(host),
      onQuestion: (question) => this.#rendezvous.hear(question),
      onAsked: (infoHashHex) => this.#asked.note(infoHashHex),
      onFailure: (error) => this.#send({ event: "failure", error: errorToData(error) }),
      onUnreadable: (infoHashHex, { message }) =>
        this.#send({ event: "unreadable", infoHashHex, message }),
    });
    this.#engine = engine;
    this.#binding.follow(bound.bindingState, (state) => {
      engine.setBindingState(state);
      this.#send({ event: "binding", state });
    });
    const clock = guardedClock(this.#clock, this.#defects.log);
    this.#limiter = new RateLimiter(clock, options.dhtPacketsPerSecond);
    try {
      this.#manager = this.#createManager({
        // The nodes are requested for each operation, because the engine may have replaced them.
        nodes: () => engine.nodes(),
        clock,
        storeNodes: options.storeNodes,
        minNodes: options.minNodes,
        limiter: this.#limiter,
      });
    } catch (error) {
      // Without a DHT manager, the engine still serves peers that know this machine's address.
      this.#managerFailure = `the DHT manager did not start: ${(error as Error).message}`;
      this.#send({ event: "dht", state: this.#dhtState() });
    }
    this.#reannouncer = new Reannouncer({
      announcer: {
        put: (item, options) => this.#defects.watch(() => this.#borrowing.put(item, options)),
        announcePeer: (infoHash, port, options) =>
          // The router's port is one of IPv4.
          this.#defects.watch(() =>
            this.#borrowing.announcePeer(infoHash, { 4: port, 6: engine.port }, options)
          ),
      },
      clock,
      intervalMs: options.reannounceIntervalMs,
      port: engine.port,
      isReachable: () => this.#manager !== undefined && engine.canAnnounce,
      families: () => engine.nodes().map(({ family }) => family),
      onReport: (report) => this.#send({ event: "announced", report: reportToData(report) }),
      onError: this.#defects.log,
    });
    this.#outreach = options.readOnly ? undefined : new Outreach({
      clock: this.#clock,
      findPeers: (infoHash, onPeers) =>
        this.#borrowing.findPeers(infoHash, { background: true, onPeers }),
      dial: (infoHashHex, peers) => void engine.introductions.reachOut(infoHashHex, peers),
      isOurs: this.#isOurs,
    });
    let openedIpv6: Promise<void> | undefined;
    this.#reach = new Reach({
      ...{ clock: this.#clock, port: engine.port, usesIpv6For: ipv6Use(options) },
      portMapping: () => this.#ports.mapping ?? (options.mapsPort ? { sinceMs: 0 } : undefined),
      pinhole: () => this.#ports.pinhole,
      onStatus: (status) => {
        const { placement } = status.ipv4;
        const isClosed = placement === "nat" || placement === "carrier-nat";
        engine.introductions.relays.isWanted = isClosed;
        if (this.#outreach) this.#outreach.isWanted = isClosed;
        this.#send({ event: "reachability", status });
      },
      onExternal: (address) => engine.setExternalAddress(address),
      onDoubt: () => engine.surveyAddress(),
      onMoved: () => this.#announceAgain(engine),
      onIpv6: (has, address) => openedIpv6 = engine.useIpv6(has, address),
    });
    if (this.#hostAddresses) this.setHostAddresses(this.#hostAddresses);
    if (this.#binding.needsIpv6) await openedIpv6;
    this.#ports.start({
      ...{ port: engine.port, secret: options.mappingSecret },
      onChange: (event) => {
        this.#send(event);
        this.#schedule.port = this.#announcedPort;
        this.#reach?.update();
      },
      // A router may lie about its address, so the nodes are asked.
      onRouterAddress: () => engine.surveyAddress(),
    });
    return { port: engine.port, nodeIdHex: this.#nodeIdHex(), dht: this.#dhtState() };
  }

  configure(options: TunableOptions): Promise<void> {
    this.#running.setLimits(options);
    this.#manager?.configure(options);
    if (this.#limiter) this.#limiter.perSecond = options.dhtPacketsPerSecond;
    if (this.#reannouncer) this.#reannouncer.intervalMs = options.reannounceIntervalMs;
    return Promise.resolve();
  }

  /** Takes the addresses of this machine's interfaces, as the launcher tells them. */
  setHostAddresses(found: MachineAddresses): void {
    this.#hostAddresses = found;
    // Bound sockets use no other address, and the node id must not tell another one.
    this.#reach?.setHostAddresses(found.addresses.filter(this.#binding.uses), found);
  }

  ping = (): Promise<void> => Promise.resolve();

  tidy = (): Promise<void> => Promise.resolve(collectGarbage());

  status(): Promise<WorkerStatus> {
    const engine = this.#running;
    return Promise.resolve({
      port: engine.port,
      nodeIdHex: this.#nodeIdHex(),
      dht: this.#dhtState(),
      dhtNodes: engine.node()?.tableSize() ?? 0,
      ...{ traffic: engine.dhtTraffic, dht6: engine.dht6, utp: engine.utp },
      manager: this.#manager?.stats() ?? NO_STATS,
      schedule: this.#schedule.counts(),
      totals: engine.totals(),
      binding: this.#binding.status,
      gate: this.#gate?.status,
      ...this.#ports.status,
      reachability: this.#reach!.status,
      hostAddresses: this.#hostAddresses?.addresses,
      lan: engine.lan,
    });
  }

  torrents = (): Promise<TorrentStatus[]> => Promise.resolve(this.#running.torrents());

  torrentDetails: WorkerApi["torrentDetails"] = (infoHashHex) =>
    Promise.resolve(this.#running.torrentDetails(infoHashHex));

  dhtDetails: WorkerApi["dhtDetails"] = () => Promise.resolve(this.#running.dhtDetails);

  async seed(archives: KeptSeed[]): Promise<void> {
    await this.#running.seed(archives);
    for (const { infoHashHex, announceDueMs, modifiedMs, announces = true } of archives) {
      if (announces) this.#schedule.keepTorrent(infoHashHex, announceDueMs, modifiedMs);
      this.#outreach?.add(infoHashHex);
    }
  }

  async unseed(infoHashHex: string): Promise<void> {
    this.#schedule.forget(infoHashHex);
    this.#outreach?.forget(infoHashHex);
    await this.#running.remove(infoHashHex);
  }

  download: WorkerApi["download"] = (operation, order) =>
    this.#operation(operation, (signal) =>
      downloadArchive(order, {
        ...{ engine: this.#running, manager: () => this.#borrowing, clock: this.#clock, signal },
        searches: this.#searches,
        port: () => ({ 4: this.#announcedPort, 6: this.#running.port }),
        onProgress: (progress) => this.#send({ event: "progress", operation, progress }),
      }));

  addSources = this.#downloads.addSources;
  widen = this.#downloads.widen;
  wantBeginning = this.#downloads.wantBeginning;
  offerReused = this.#downloads.offerReused;

  want: WorkerApi["want"] = (operation, infoHashHex, ranges) =>
    this.#operation(operation, (signal) => {
      return wantRanges(this.#running.downloadOf(infoHashHex), ranges, signal);
    });

  get: WorkerApi["get"] = (operation, key, tellsShown) => {
    const tell = (item: MutableItem) => this.#send({ event: "shown", operation, item });
    const onShown = tellsShown ? tell : undefined;
    return this.#operation(operation, (signal) => this.#borrowing.get(key, { signal, onShown }));
  };

  put: WorkerApi["put"] = (operation, item, terms) =>
    this.#operation(operation, (signal) => this.#borrowing.put(item, { ...terms, signal }));

  findPeers: WorkerApi["findPeers"] = (operation, infoHashHex) =>
    this.#operation(
      operation,
      (signal) => this.#borrowing.findPeers(fromHex(infoHashHex)!, { signal }),
    );

  setRendezvous: WorkerApi["setRendezvous"] = (places) =>
    Promise.resolve(this.#rendezvous.set(places));

  askRendezvous: WorkerApi["askRendezvous"] = (operation, question, peers) =>
    this.#operation(operation, (signal) => {
      const dht = this.#dhtState();
      if (dht.state !== "off") return this.#rendezvous.ask(operation, question, signal, peers);
      // "No peer was found" would be untrue, because nobody was asked.
      throw new DhtError("network", "DHT_OFF", `Nobody can be asked without the DHT: ${dht.why}`);
    });

  answerQuestion: WorkerApi["answerQuestion"] = (number, answer) =>
    Promise.resolve(this.#rendezvous.answer(number, answer));

  keepRecords: WorkerApi["keepRecords"] = (records) =>
    Promise.resolve(this.#schedule.keepRecords(records));

  keepTorrents: WorkerApi["keepTorrents"] = (torrents) => {
    const seeded = torrents.filter(({ infoHashHex }) => this.#running.isSeeding(infoHashHex));
    return Promise.resolve(this.#schedule.keepTorrents(seeded));
  };

  retainAnnouncements: WorkerApi["retainAnnouncements"] = (idsHex) =>
    Promise.resolve(this.#schedule.retain(idsHex));

  forgetRecord = (targetHex: string): Promise<void> =>
    Promise.resolve(this.#reannouncer?.forget(targetHex));

  announceNow(operation: number, idsHex: string[], urgent: boolean): Promise<void> {
    return this.#operation(operation, (signal) => {
      const send = (report: ReportData) => this.#send({ event: "announced", operation, report });
      return announceEach(this.#schedule, idsHex, urgent, signal, send);
    });
  }

  cancel = (operation: number): Promise<void> =>
    Promise.resolve(this.#operations.cancel(operation));

  addBootstrap = (addresses: { host: string; port: number }[]): Promise<void> =>
    Promise.resolve(this.#running.addBootstrap(addresses));

  knownNodes: WorkerApi["knownNodes"] = () => Promise.resolve(this.#running.knownNodes());

  async stop(deadlineMs: number): Promise<void> {
    this.#operations.cancelAll();
    this.#reannouncer?.stop();
    this.#outreach?.stop();
    const unmapped = this.#ports.stop();
    const begunMs = this.#clock.now();
    try {
      await this.#manager?.stop(deadlineMs / 2);
    } catch (error) {
      this.#defects.log(error);
    }
    await unmapped;
    await this.#engine?.close(Math.max(deadlineMs - (this.#clock.now() - begunMs), 0));
  }

  /** Announces everything again, because peers know this machine by an address that it has lost. */
  #announceAgain(engine: Engine): void {
    engine.networkChanged();
    this.#ports.networkChanged();
    this.#schedule.announceAll();
  }

  /** Returns the engine; throws before the worker has started. */
  get #running(): Engine {
    if (this.#engine) return this.#engine;
    throw notStarted();
  }

  /** Port at which peers reach this machine. */
  get #announcedPort(): number {
    return this.#ports.announcedPort ?? this.#running.port;
  }

  /** Returns the announcement schedule; throws before the worker has started. */
  get #schedule(): Reannouncer {
    if (this.#reannouncer) return this.#reannouncer;
    throw notStarted();
  }

  /** Returns the DHT manager; throws if it failed to start. */
  get #borrowing(): DhtManager {
    if (this.#manager) return this.#manager;
    throw new DhtError("network", "DHT_OFF", `There is no DHT: ${this.#managerFailure}`);
  }

  #dhtState(): DhtState {
    if (this.#managerFailure !== undefined) return { state: "off", why: this.#managerFailure };
    return this.#running.dhtState;
  }

  #nodeIdHex(): string | undefined {
    return this.#engine?.node()?.id.toHex();
  }

  #isOurs = ({ host }: { host: string }): boolean =>
    host === this.#reach?.status.ipv4.external?.address;

  async #operation<T>(operation: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (!this.#engine) throw notStarted();
    return await this.#operations.run(operation, work);
  }
}
