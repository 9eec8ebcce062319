/**
 * A home without processes: state database, name keeper and DHT manager, connected as in the
 * daemon. The caller passes the clock and the manager, which may use a simulated or a real network.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Clock, equalBytes, fromHex } from "../../src/base/mod.ts";
import type { PublisherPolicy } from "../../src/config/mod.ts";
import type { StatusJson } from "../../src/control/mod.ts";
import type { Operations } from "../../src/control/operations.ts";
import type { DhtManager } from "../../src/dht/mod.ts";
import { OfferCache } from "../../src/fetching/offer_cache.ts";
import { rangeKind } from "../../src/fetching/version_marks.ts";
import { NameKeeper } from "../../src/host/records/name_keeper.ts";
import type { NameCare } from "../../src/host/records/name_schedule.ts";
import { type KeyPair, keyPairFromSeed } from "../../src/identity/mod.ts";
import { readNameIndex } from "../../src/names/name_index.ts";
import type { NamesContext } from "../../src/names/context.ts";
import { rememberPublisher } from "../../src/names/pins.ts";
import { resolveByName } from "../../src/names/resolve_by_name.ts";
import { type IndexStore, indexStore } from "../../src/names/write_name_index.ts";
import { type MinimalManifest, parsePackageSpec } from "../../src/package/mod.ts";
import { updateAnnounceRecord } from "../../src/publishing/announce_record.ts";
import { updateNameIndex } from "../../src/publishing/name_index_entry.ts";
import { nameIndexSlot, nextSeq, rendezvousOf } from "../../src/records/mod.ts";
import { type SeedDirectory, StateDatabase } from "../../src/store/mod.ts";
import { trustOf } from "./identities.ts";
import { temporaryHome } from "./mod.ts";
import { FakeRendezvous } from "./fake_rendezvous.ts";
import { signedMinimal, signedRecord } from "./signed.ts";

/** Interval in milliseconds at which a home renews its name indexes. */
export const INTERVAL_MS = 3_600_000;

/**
 * Makes a deterministic key pair whose name index entries belong to a given slot; `number` selects
 * one of several such pairs.
 */
export function keysOfSlot(slot: number, number = 0): KeyPair {
  for (let tries = 0;; tries++) {
    const seed = createHash("sha256").update(`publisher ${number} of slot ${slot}, ${tries}`);
    const keys = keyPairFromSeed(new Uint8Array(seed.digest()));
    if (nameIndexSlot(keys.publicKey) === slot) return keys;
  }
}

/** Makes the store of name indexes that reads and writes through a DHT manager. */
export function storeOver(manager: DhtManager): IndexStore {
  return indexStore({
    get: (key, signal) => manager.get(key, { signal }),
    put: (item, signal, terms) => manager.put(item, { ...terms, signal }),
  });
}

/** A home whose parts run in the test's process. */
export class NamesHome implements AsyncDisposable {
  readonly keys: KeyPair;
  readonly clock: Clock;
  readonly manager: DhtManager;
  readonly store: IndexStore;
  readonly state: StateDatabase;
  readonly keeper: NameKeeper;
  readonly operations: Operations;
  /**
   * Warnings that the home has reported. The fields `notices` and `details` collect its less
   * important messages.
   */
  readonly warnings: string[] = [];
  readonly notices: string[] = [];
  readonly details: string[] = [];
  /** Interval in milliseconds at which the home renews its name indexes. A test may change it. */
  intervalMs = INTERVAL_MS;
  /** How this home cares for names. A test may change it. */
  care: NameCare = "publisher";
  /** Packets of each write or look at an index. */
  readonly packets: number[] = [];
  /** The peers that the home meets at rendezvous; nobody, unless a test sets some. */
  rendezvous: FakeRendezvous;
  /** Whether the home's host is a daemon, which can be met at rendezvous. */
  isDaemon = false;
  readonly #remove: () => Promise<void>;

  static async open(
    manager: DhtManager,
    clock: Clock,
    keys: KeyPair,
  ): Promise<NamesHome> {
    const directory = await temporaryHome();
    const state = StateDatabase.open(join(directory.path, "state.db"), clock);
    return new NamesHome(manager, clock, keys, state, directory.remove);
  }

  private constructor(
    manager: DhtManager,
    clock: Clock,
    keys: KeyPair,
    state: StateDatabase,
    remove: () => Promise<void>,
  ) {
    this.manager = manager;
    this.clock = clock;
    this.keys = keys;
    this.state = state;
    this.#remove = remove;
    this.store = storeOver(manager);
    this.rendezvous = new FakeRendezvous(clock);
    this.keeper = this.newKeeper();
    this.operations = this.#operations();
  }

  /** Makes a new name keeper on the state of this home, as after a restart. */
  newKeeper(): NameKeeper {
    return new NameKeeper({
      state: this.state,
      store: this.store,
      clock: this.clock,
      intervalMs: () => this.intervalMs,
      care: () => this.care,
      onPackets: (packets) => this.packets.push(packets),
      onWarning: (message) => this.warnings.push(message),
      caller: { askRendezvous: (...call) => this.operations.askRendezvous(...call) },
    });
  }

  /** Signs a minimal manifest of an archive that does not exist. */
  minimal(name: string, version: string, infoHashHex = "ab".repeat(20)): MinimalManifest {
    return signedMinimal({
      name,
      version,
      archiveSha256: `sha256:${"cd".repeat(32)}`,
      btih: infoHashHex,
      length: 1_000,
      timestamp: this.clock.now(),
    }, this.keys);
  }

  /** Puts the three records of a package into the DHT, as `publish` does. */
  async publish(name: string, version: string, infoHashHex?: string): Promise<void> {
    const minimal = this.minimal(name, version, infoHashHex);
    const nowMs = this.clock.now();
    const item = signedRecord(minimal, this.keys, nextSeq(nowMs));
    await this.operations.store({
      item,
      record: { kind: "manifest", name, version },
    });
    await updateAnnounceRecord(this.#publishing, this.keys, [minimal], nowMs);
    await this.index(minimal);
  }

  /** Puts the publisher into the name's index, as `publish` does. */
  async index(minimal: MinimalManifest): Promise<void> {
    await updateNameIndex(this.#publishing, this.keys, minimal);
  }

  get #publishing() {
    return {
      operations: this.operations,
      // The seed directory is replaced by an empty list, because disk operations do not follow a
      // fake clock.
      seeds: { path: "", list: () => Promise.resolve([]) } as unknown as SeedDirectory,
      clock: this.clock,
      onWarning: (message: string) => this.warnings.push(message),
      onNotice: (message: string) => this.notices.push(message),
    };
  }

  /**
   * Makes the context for resolving package names with the state, the clock and the DHT of this
   * home.
   */
  names(policy: PublisherPolicy = "first-seen", timeoutMs = 10_000): NamesContext {
    return {
      operations: this.operations,
      state: this.state,
      finding: { clock: this.clock, timeoutMs },
      policy,
      offers: new OfferCache(trustOf(this.state, this.clock)),
      onNotice: (message) => this.notices.push(message),
      onDetail: (message) => this.details.push(message),
    };
  }

  /** Resolves a package without pinning its publisher, as `resolve` does. */
  async resolve(spec: string, policy: PublisherPolicy = "first-seen", timeoutMs?: number) {
    return await resolveByName(this.names(policy, timeoutMs), parsePackageSpec(spec));
  }

  /** Resolves a package and pins its publisher, as `get` does after downloading the archive. */
  async use(spec: string, policy: PublisherPolicy = "first-seen") {
    const resolved = await this.resolve(spec, policy);
    const asked = rangeKind(parsePackageSpec(spec).range);
    rememberPublisher(this.names(policy), resolved.minimal, resolved.publicKey, asked);
    return resolved;
  }

  /** Returns the entries that this home reads from a name's index. */
  async entries(name: string) {
    return (await readNameIndex(this.store, name, this.clock)).entries;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.keeper.stop();
    this.state.close();
    await this.#remove();
  }

  #operations(): Operations {
    const { manager, keeper } = this;
    const operations: Partial<Operations> = {
      lookUp: (key, options) => manager.get(key, options),
      keptItem: () => Promise.resolve({}),
      status: () => Promise.resolve({ daemon: this.isDaemon } as StatusJson),
      store: ({ item }, options) => manager.put(item, options),
      async indexName({ name, entry }, options) {
        const written = await keeper.add(name, entry, options?.signal);
        const { targetHex, outcome, dropped, publicKeys } = written;
        const listed = publicKeys.some((publicKey) => equalBytes(publicKey, entry.publicKey));
        return { target: targetHex, outcome, dropped, listed };
      },
      nameEntry: ({ name, publicKey }) => Promise.resolve({ entry: keeper.entry(name, publicKey) }),
      askRendezvous: async (question, options) => {
        const asked = "name" in question
          ? { kind: "name" as const, name: question.name }
          : { kind: "publisher" as const, publicKey: question.publicKey };
        await manager.findPeers(rendezvousOf(asked), options);
        return await this.rendezvous.askRendezvous(question, options);
      },
      async countPeers({ infoHash }, options) {
        const { peers } = await manager.findPeers(fromHex(infoHash)!, options);
        return { peers: peers.length, machines: peers.length };
      },
    };
    return operations as Operations;
  }
}
