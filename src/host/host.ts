/**
 * The host of a home directory: creates and connects the state database, the worker and the seed directory,
 * and implements the operations of the control socket. A host in a command's process ends with the command.
 * A host that is the daemon runs until it is stopped.
 *
 * @module
 */

import { fromHex } from "../base/mod.ts";
import { workerSettings } from "../config/mod.ts";
import {
  homePaths,
  type Operations,
  type PackageJson,
  type RecordJson,
  type ReloadedJson,
  type SettingJson,
  type StatusJson,
} from "../control/mod.ts";
import { describeEntry, isCatalogName, removeOldPartials } from "../fetching/mod.ts";
import { parsePublicKey } from "../identity/mod.ts";
import { type ArchiveLimits, archiveLimitsOf } from "../package/mod.ts";
import {
  LazyState,
  removeStaleTemporaries,
  SeedDirectory,
  type StateDatabase,
  type ValidSeedEntry,
} from "../store/mod.ts";
import { Trust } from "../trust/mod.ts";
import type { EngineOptions } from "../launcher/mod.ts";
import { HostBinding } from "./binding.ts";
import { BootstrapNodes } from "./bootstrap.ts";
import { hostStatus } from "./host_status.ts";
import { createKeepers, type Keepers } from "./keepers.ts";
import { DelegatedOperations, type DelegateParts } from "./delegated_operations.ts";
import { engineOptionsOf, type HostOptions, workerOptionsOf } from "./options.ts";
import { namePortOwner } from "./port_owner.ts";
import { mappingSecret } from "./mapping_secret.ts";
import { Observations } from "./observing/mod.ts";
import { PortWatch } from "./port_watch.ts";
import { ReachabilityWatch } from "./reachability_watch.ts";
import {
  AdoptedLists,
  DhtWatch,
  FollowedDescriptions,
  FollowKeeper,
  KeptNodes,
  KeptRecords,
  RecordOperations,
} from "./records/mod.ts";
import { removePackage } from "./remove_package.ts";
import { RendezvousAnswers } from "./rendezvous/mod.ts";
import { describeSettings, readAnew, tellReloaded } from "./reload.ts";
import {
  catalogSeederOf,
  HostDownloads,
  otherNamesIn,
  Packages,
  RevocationWatch,
  SeededCatalogs,
  seederOf,
  Seeding,
  uploadingOf,
} from "./seeding/mod.ts";
import { WorkerHandle } from "./thread/mod.ts";

/**
 * Maximum delay before outcomes of announcements are written to the state (ms). After a crash, the
 * announcements without a written outcome are repeated.
 */
const NOTED_WITHIN_MS = 30_000;

export class Host extends DelegatedOperations implements Operations {
  #options: HostOptions;
  readonly #state: StateDatabase;
  /**
   * State database that this host opens itself. Not opened if the caller passes its own open state
   * database.
   */
  readonly #ownState: Disposable;
  readonly #seeds: SeedDirectory;
  /** Real path of the seed directory, as the engine's thread has it. */
  #seedDirectory!: string;
  readonly #nodes: KeptNodes;
  readonly #startedMs: number;
  #addresses: readonly string[] = [];
  /** Names of the catalog files that were in the seed directory at the start. */
  readonly #catalogsAtStart: readonly string[];
  readonly #worker: WorkerHandle;
  #bootstrap!: BootstrapNodes;
  readonly #dhtWatch: DhtWatch;
  readonly #trust: Trust;
  readonly #answers: RendezvousAnswers;
  #observations!: Observations;
  #packages!: Packages;
  #records!: KeptRecords;
  #keepers!: Keepers;
  #dht!: RecordOperations;
  #catalogs!: SeededCatalogs;
  #follows: FollowKeeper | undefined;
  #seeding: Seeding | undefined;
  /**
   * Due times of announcements, by infohash (hex). Read by a single query when the daemon starts, and
   * dropped after the start.
   */
  #torrentsDueMs: Map<string, number> | undefined;
  #downloads!: HostDownloads;

  /**
   * Starts the parts in order: state database, torrent engine with its DHT node, DHT manager. The caller
   * opens the control socket.
   */
  static async start(options: HostOptions): Promise<Host> {
    const { settings, clock, listeners, launcher } = options;
    const seeds = new SeedDirectory(settings.dir);
    await seeds.ensure();
    const bound = await HostBinding.find(options);
    const sandbox = engineOptionsOf(options, await Deno.realPath(seeds.path), bound.binding);
    let host: Host | undefined;
    // The worker thread loads in parallel with the opening of the state database and the DNS lookups.
    const worker = WorkerHandle.open(launcher, sandbox, {
      onDht: (state) => host!.#dhtWatch.hear(state),
      onLog: (level, message) =>
        level === "warn" ? listeners.onWarning(message) : listeners.onDetail?.(message),
      onPortMapping: new PortWatch(listeners, 4).hear,
      onPinhole: new PortWatch(listeners, 6).hear,
      onReachability: new ReachabilityWatch(listeners, options.daemon).hear,
      onBinding: bound.hear,
      onAnnounced: (report) => host!.#dht.settle(report, NOTED_WITHIN_MS),
      onAsked: (infoHashHex) => host!.#keepers.announcing?.noteAsked(infoHashHex),
      onFailure: listeners.onFailure,
      onQuestion: (question) => {
        host!.#keepers.announcing?.noteQuestion(question);
        return host!.#answers.answer(question);
      },
      onUnreadable: (infoHashHex) => void host!.#mend(infoHashHex),
    }, clock);
    const own = new LazyState(homePaths(settings.home).state, clock, listeners.onWarning);
    try {
      const names = otherNamesIn(seeds.path, (options.state ?? own.open)(), clock.now());
      await removeStaleTemporaries(seeds.path, clock.now(), names);
      await removeOldPartials(seeds.path, clock.now(), names);
      host = new Host(options, own, seeds, names, worker);
      host.#addresses = (await bound.addresses()).map(({ address }) => address);
      await host.#startEngine(sandbox);
      return host;
    } catch (error) {
      worker.terminate();
      own[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(
    options: HostOptions,
    own: LazyState,
    seeds: SeedDirectory,
    names: readonly string[],
    worker: WorkerHandle,
  ) {
    super();
    this.#options = options;
    this.#catalogsAtStart = names.filter(isCatalogName);
    this.#ownState = own;
    const state = (options.state ?? own.open)();
    this.#state = state;
    const { onWarning, onNotice } = options.listeners;
    this.#trust = new Trust({ state: () => state, clock: options.clock, onWarning, onNotice });
    this.#seeds = seeds;
    this.#worker = worker;
    this.#nodes = new KeptNodes({ table: state.dhtNodes, clock: options.clock, onWarning });
    this.#dhtWatch = new DhtWatch({
      ...{ clock: options.clock, isWanted: options.settings.dht, tellsOfSilence: options.daemon },
      ...options.listeners,
    });
    this.#startedMs = options.clock.now();
    const { clock } = options;
    this.#answers = new RendezvousAnswers({
      ...{ state, trust: this.#trust, clock, startedMs: this.#startedMs },
    });
  }

  /** Starts the torrent engine and the parts that need it. */
  async #startEngine(sandbox: EngineOptions): Promise<void> {
    const seedDirectory = this.#seedDirectory = sandbox.seedDirectory;
    const { settings, clock, launcher, listeners, listeners: { onWarning } } = this.#options;
    const worker = this.#worker;
    const nodes = settings.dht ? settings.bootstrap : [];
    this.#bootstrap = await BootstrapNodes.lookUp(nodes, clock, listeners.onWarning);
    const started = await worker.begin({
      ...workerOptionsOf(this.#options, sandbox),
      ...{ bootstrap: this.#bootstrap.addresses, knownNodes: this.#nodes.load() },
      ...(sandbox.mapsPort && { mappingSecret: mappingSecret(this.#state) }),
    }).catch((error) => namePortOwner(error, settings.port, launcher.findPortOwner));
    this.#dhtWatch.hear(started.dht);
    this.#bootstrap.keepLooking((addresses) => worker.addBootstrap(addresses));
    const minNodes = () => this.#options.settings.minNodes;
    this.#records = new KeptRecords(this.#state, clock, started.port, minNodes, listeners.onNotice);
    this.#records.trust = this.#trust;
    this.#keepers = createKeepers({
      ...{ daemon: this.#options.daemon, state: this.#state, worker, trust: this.#trust, clock },
      ...{ records: this.#records, settings: () => this.#options.settings, onWarning },
      caller: this,
    });
    const { names, announcing } = this.#keepers;
    this.#dht = new RecordOperations({
      ...{ worker, records: this.#records, names, clock, onWarning, announcing },
    });
    const dueMs = (infoHashHex: string) => this.#records.torrentDueMs(infoHashHex);
    const seeder = seederOf(
      worker,
      (one) => this.#torrentsDueMs ? this.#torrentsDueMs.get(one) ?? 0 : dueMs(one),
      (one, isKnown) => announcing?.announces(one, isKnown) ?? true,
    );
    // Due time of a catalog that was never announced: the negated current time. A catalog added later
    // thus has a lower due time and is announced earlier, because readers ask for the newest catalog.
    const catalogSeeder = catalogSeederOf(
      worker,
      (one) => dueMs(one) || -clock.now(),
      (report) => this.#dht.settle(report),
      announcing,
    );
    this.#packages = new Packages({
      ...{ seeds: this.#seeds, state: this.#state, seeder, trust: this.#trust, clock, onWarning },
      limits: archiveLimitsOf(settings),
      isPublished: (minimal) => this.#records.isOf(minimal),
      isFindable: announcing && ((infoHashHex) => announcing.isFindable(infoHashHex)),
      startThread: launcher.startHelper,
    });
    const files = { seedDirectory, clock, onWarning, records: this.#records };
    this.#catalogs = new SeededCatalogs({ ...files, seeder: catalogSeeder });
    const seededPath = (infoHashHex: string) => this.#catalogs.pathOf(infoHashHex);
    this.#downloads = new HostDownloads({
      ...{ worker, seedDirectory, clock, seededPath, state: this.#state },
      directory: this.#seeds.path,
      isOn: () => this.#options.settings.reuse,
      ...(this.#options.daemon && { isSeeded: (fileName) => this.#packages.has(fileName) }),
    });
    this.#nodes.start(() => worker.knownNodes());
    this.#observations = new Observations({
      ...{ daemon: this.#options.daemon, clock, settings: () => this.#options.settings, launcher },
      ...{ operations: this, state: this.#state, trust: this.#trust, seeds: this.#seeds, worker },
      ...{ packages: this.#packages, records: this.#records, downloads: this.#downloads },
      ...{ recordOperations: this.#dht, ...this.#options.observed },
      ...{ follows: () => this.#follows, ...listeners },
    });
  }

  /** Ends all watching, so that requests to watch do not delay the end of the host. */
  stopObserving(): void {
    this.#observations.stop();
  }

  /** Does the daemon's work: keeps all records alive, seeds all archives and watches the seed directory. */
  async seedAll(): Promise<void> {
    this.#observations.start();
    const announcing = this.#keepers.announcing!;
    await announcing.start();
    if (announcing.announcesAll) this.#torrentsDueMs = this.#records.torrentsDueMs();
    const { settings, clock, listeners } = this.#options;
    const timeoutMs = () => this.#options.settings.timeoutMs;
    const common = {
      ...{ operations: this, seedDirectory: this.#seeds.path, clock, timeoutMs },
      ...{ trust: this.#trust, state: this.#state, ...listeners },
    };
    this.#seeding = new Seeding({
      directory: this.#seeds.path,
      watch: settings.watch,
      clock,
      packages: this.#packages,
      listings: this.#state.listings,
      records: this.#records,
      names: this.#keepers.names,
      lists: new AdoptedLists({ ...common, records: this.#records, worker: announcing.adopting }),
      revocations: new RevocationWatch({
        ...{ ...common, packages: this.#packages, records: this.#records, worker: this.#worker },
      }),
      worker: announcing.adopting,
      adoptsAtOnce: () => announcing.adoptsAtOnce,
      onWarning: listeners.onWarning,
    });
    this.#keepers.names.start();
    const limits = () => archiveLimitsOf(this.#options.settings);
    this.#follows = new FollowKeeper({
      ...common,
      seeds: this.#seeds,
      descriptions: new FollowedDescriptions({ ...common, seeds: this.#seeds, limits }),
      seedOf: (fileName) => this.#packages.seedOf(fileName),
      limits,
      intervalMs: () => this.#options.settings.reannounceIntervalMs,
      mirror: () => this.#options.settings.mirror,
      maxDiskBytes: () => this.#options.settings.maxDiskBytes,
      uploading: async () => uploadingOf(await this.#worker.torrents()),
      evict: ({ name, version, pubkey }) =>
        this.remove({ name, version, publicKey: parsePublicKey(pubkey) }),
    });
    await this.#catalogs.addAll(this.#catalogsAtStart);
    // Mirroring begins when the seeded archives are known, so that it need not look at their files.
    await this.#seeding.start(() => this.#follows!.start());
    this.#torrentsDueMs = undefined;
    await this.#downloads.fillIndex();
    await this.#worker.tidy();
  }

  protected get parts(): DelegateParts {
    const [records, downloads] = [this.#dht, this.#downloads];
    return { records, downloads, worker: this.#worker, observations: this.#observations };
  }

  status(): Promise<StatusJson> {
    const { settings, daemon, webhook } = this.#options;
    return hostStatus({
      ...{ settings, daemon, startedMs: this.#startedMs, seedDirectory: this.#seedDirectory },
      ...{ addresses: this.#addresses, worker: this.#worker, packages: this.#packages },
      ...{ downloads: this.#downloads, follows: this.#follows, webhook: webhook?.() },
      announcing: this.#keepers.announcing?.status,
    });
  }

  async list(): Promise<PackageJson[]> {
    return this.#packages.list(await this.#worker.torrents());
  }

  async add({ fileName }: { fileName: string }): Promise<PackageJson> {
    return describeEntry(await this.#packages.add(fileName), true);
  }

  addCatalog({ fileName, announce }: { fileName: string; announce?: boolean }): Promise<void> {
    return this.#catalogs.add(fileName, { announce });
  }

  remove: Operations["remove"] = (request) =>
    removePackage(request, {
      ...{ packages: this.#packages, seeds: this.#seeds, records: this.#records },
      ...{ names: this.#keepers.names, worker: this.#worker },
    });

  followed = (): Promise<void> => Promise.resolve(this.#follows?.look());

  records(): Promise<RecordJson[]> {
    this.#dht.flush();
    return Promise.resolve(this.#records.describe());
  }

  settings(): Promise<SettingJson[]> {
    const { settings, origins } = this.#options;
    return Promise.resolve(describeSettings(settings, origins));
  }

  async reload(): Promise<ReloadedJson> {
    const read = await readAnew(this.#options);
    if (!read) return { changed: [], needRestart: [], perCommand: [] };
    const { reloaded, options: { settings, listeners } } = read;
    this.#options = read.options;
    await this.#worker.configure(workerSettings(settings));
    this.#packages.limits = archiveLimitsOf(settings);
    this.#keepers.announcing?.changed();
    if (this.#seeding) this.#seeding.watch = settings.watch;
    tellReloaded(reloaded, listeners);
    // A changed `--max-disk` or `mirror` may allow more packages to be mirrored, so the check starts at
    // once.
    this.#follows?.look();
    return reloaded;
  }

  archiveLimits = (): ArchiveLimits => this.#packages.limits;

  /** Notes that an archive is the user's own, so that it stays when a mirror needs room. */
  claim = ({ minimal }: ValidSeedEntry): void => this.#state.mirrored.claim(fromHex(minimal.btih)!);
  stop = (): Promise<void> => Promise.resolve(this.#options.onStop?.());

  /**
   * Stops the parts in order: DHT manager, engine, state database. The worker has `deadlineMs`
   * milliseconds to stop.
   */
  async close(deadlineMs: number): Promise<void> {
    this.stopObserving();
    this.#bootstrap.stop();
    this.#dhtWatch.stop();
    this.#packages.stop();
    const seeding = [
      ...[this.#keepers.announcing?.stop(), this.#seeding?.stop(), this.#follows?.stop()],
      ...[this.#catalogs.stop(), this.#downloads.stop()],
    ];
    await Promise.all([...seeding, this.#keepers.names.stop()]);
    await this.#nodes.stop();
    await this.#worker.stop(deadlineMs);
    this.#packages.flush();
    this.#dht.flush();
    this.#ownState[Symbol.dispose]();
  }

  /** Rebuilds the torrent of an archive that a peer asks for and whose `.torrent` file is unreadable. */
  async #mend(infoHashHex: string): Promise<void> {
    await this.#packages.mend(infoHashHex).catch(({ message }: Error) =>
      this.#options.listeners.onWarning(`${infoHashHex} is not seeded: ${message}`)
    );
  }
}
