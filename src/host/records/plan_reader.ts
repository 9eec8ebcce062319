/**
 * Reads from the state what the plan of announcements is made of.
 *
 * @module
 */

import { type Clock, fromHex, toHex } from "../../base/mod.ts";
import type { KeptRecord } from "../../dht/mod.ts";
import { encodeItem, nameRendezvous, publisherRendezvous } from "../../records/mod.ts";
import type { ArchiveRow, StateDatabase, StoredRecord } from "../../store/mod.ts";
import type { AnnounceCosts } from "./announce_costs.ts";
import { type Plan, planAnnouncements, type PlannedVersion } from "./announce_plan.ts";
import type { NameKeeper } from "./name_keeper.ts";
import type { Publishers } from "./publishers.ts";

/** Options of {@linkcode PlanReader}. */
export interface PlanReaderOptions {
  state: Pick<StateDatabase, "announcing" | "outcomes" | "records" | "verifiedFiles">;
  clock: Clock;
  names: () => Pick<NameKeeper, "names">;
  /** The setting `announce-budget`, packets an hour for each address family. */
  budget: () => number;
}

/** A seeded archive that could be announced individually. */
export type PlannedArchive = PlannedVersion & ArchiveRow;

const DAY_MS = 86_400_000;

/** Reads the state of one home for its plan. */
export class PlanReader {
  readonly #options: PlanReaderOptions;
  readonly #publishers: Publishers;
  readonly #costs: AnnounceCosts;

  constructor(options: PlanReaderOptions, publishers: Publishers, costs: AnnounceCosts) {
    this.#options = options;
    this.#publishers = publishers;
    this.#costs = costs;
  }

  /**
   * Plans what is announced individually.
   *
   * @param before the plan before
   * @param lists number of announce and publisher records that are announced
   * @param catalogs number of catalogs that are announced
   */
  plan(
    before: Plan | undefined,
    lists: number,
    catalogs: number,
  ): Promise<Plan<PlannedArchive>> {
    const { state: { announcing }, budget, clock } = this.#options;
    const nowMs = clock.now();
    // A clock that was set back, be it by a second, must not lose what was asked for before.
    announcing.forgetAsked(nowMs - DAY_MS, nowMs + DAY_MS);
    const care = (name: string, keys: readonly Uint8Array[]) =>
      this.#publishers.careOfName(name, keys);
    const names = this.#options.names().names(care);
    const kept = names.publisher.size + names.keeper.size;
    const { identities } = this.#publishers;
    return planAnnouncements<PlannedArchive>({
      budget: budget(),
      costs: {
        record: this.#costs.hourly("record"),
        torrent: this.#costs.hourly("torrent"),
        name: this.#costs.hourly("name"),
      },
      all: { ...announcing.counts(), names: kept + names.reserve.size + names.onlooker.size },
      always: { lists, catalogs, publishers: identities.length, names: kept },
      hadEverything: before === undefined || before.kind === "everything",
      pages: {
        named: () => announcing.asked(true),
        newest: () => announcing.newestArchives(),
        wanted: () => announcing.asked(false),
        // The date of the manifest counts: a new mirror has many new files, but few new versions.
        fresh: () =>
          announcing.dated(nowMs - DAY_MS, nowMs + DAY_MS)
            .map((page) => page.filter(({ isAsked }) => !isAsked)),
      },
      isKeeper: ({ name, publisher }) => {
        const identity = this.#publishers.identityOf(fromHex(publisher)!);
        return ["publisher", "keeper"].includes(care(name, [identity]));
      },
      takesTurns: identities.some((identity) => this.#publishers.isAmongFew(identity)),
    });
  }

  /** Yields the seeded archives, in pages. */
  archives(): Iterable<readonly PlannedArchive[]> {
    return this.#options.state.announcing.archives();
  }

  /** The announce and publisher records that this home keeps alive. */
  lists(): StoredRecord[] {
    const { records } = this.#options.state;
    return [...records.list({ kind: "announce" }), ...records.list({ kind: "publisher" })]
      .filter(({ own, item }) => own || this.keepsList(item.publicKey));
  }

  /** Whether this home keeps the list of a key alive. */
  keepsList(signingKey: Uint8Array): boolean {
    return this.#publishers.careOfList(this.#publishers.identityOf(signingKey)) !== "onlooker";
  }

  /** Whether this home keeps the catalog alive of the key that begins with these hexadecimal digits. */
  keepsCatalog(keyHex: string): boolean {
    const identity = this.#publishers.identityByPrefix(keyHex);
    return !identity || this.#publishers.careOfList(identity) !== "onlooker";
  }

  /** Identities of publishers by the infohash (hex) of their rendezvous. */
  publisherPlaces(): Map<string, Uint8Array> {
    const { identities } = this.#publishers;
    return new Map(
      identities.map((identity) => [toHex(publisherRendezvous(identity)), identity]),
    );
  }

  /** Infohashes (hex) of the rendezvous of the names that this home keeps. */
  namePlaces(plan: Plan): string[] {
    const isAll = plan.kind === "everything";
    const names = this.#options.names().names((name, keys) =>
      isAll ? "keeper" : this.#publishers.careOfName(name, keys)
    );
    return [...names.publisher, ...names.keeper].map((name) => toHex(nameRendezvous(name)));
  }

  /** Returns a record for the schedule, with the due time that is stored. */
  keptOf({ target, item }: StoredRecord): KeptRecord {
    const outcome = this.#options.state.outcomes.get(target);
    const { nextDueMs = 0, failures = 0 } = outcome ?? {};
    return { item: encodeItem(item), dueMs: nextDueMs, failures };
  }

  /** Keys (32 bytes each) of whose versions some have turns here. */
  turnKeys(): Uint8Array[] {
    return this.#options.state.verifiedFiles.totals()
      .map(({ publicKey }) => publicKey)
      .filter((key) => this.#publishers.isAmongFew(this.#publishers.identityOf(key)));
  }
}
