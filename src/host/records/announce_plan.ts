/**
 * Selects what is announced in the DHT individually. Within the budget that is everything. Beyond
 * it, only the newest version of each package, the versions that were asked for and those that were
 * published in the last day are announced individually, so that the packets of an hour do not
 * depend on the number of versions. The other versions have their turn, with what is left of the
 * budget.
 *
 * Rendezvous, lists, catalogs and names are announced whatever the budget, because through them
 * readers find a version that is not announced individually.
 *
 * This file does no input or output itself, so that simulations can run it.
 *
 * @module
 */

import { pausing } from "../../base/mod.ts";

/** A version that could be announced individually: its torrent, and its manifest record if there is one. */
export interface PlannedVersion {
  /** Identity or signing key of the publisher, as text; equal for all versions of one list. */
  publisher: string;
  name: string;
  version: string;
  /** Infohash of the archive's torrent, 40 hexadecimal digits. */
  infoHashHex: string;
}

/** Packets an hour, for each address family, of something that is announced regularly. */
export interface HourlyCosts {
  record: number;
  torrent: number;
  name: number;
}

/** Sources of versions. One version may be in several of them. */
export interface VersionPages<V extends PlannedVersion = PlannedVersion> {
  /** Versions that the user has named in the last day. They are announced whatever the budget. */
  named(): Iterable<readonly V[]>;
  /** The newest version of each package of each publisher. */
  newest(): Iterable<readonly V[]>;
  /** Versions that peers have asked for in the last day, the latest first. */
  wanted(): Iterable<readonly V[]>;
  /** Versions that were published in the last day and are neither named nor wanted, the latest first. */
  fresh(): Iterable<readonly V[]>;
}

/** Input of a plan. */
export interface PlanInput<V extends PlannedVersion = PlannedVersion> {
  /** The setting `announce-budget`, packets an hour for each address family. */
  budget: number;
  costs: HourlyCosts;
  /** Numbers of everything that this home could announce, also what other homes announce. */
  all: { archives: number; manifests: number; names: number };
  /** Numbers of what is announced whatever the budget. `names` are those that this home keeps. */
  always: { lists: number; catalogs: number; publishers: number; names: number };
  /** Whether the plan before this one had everything. */
  hadEverything: boolean;
  /**
   * Versions that could be announced individually, in pages. Between two pages other tasks of the event loop
   * run. Nothing is read if everything fits, and no more than the plan needs.
   */
  pages: VersionPages<V>;
  /** Whether this home keeps the newest version of a name alive: as publisher, or drawn as mirror. */
  isKeeper: (version: V) => boolean;
  /** Whether older versions have their turn here. */
  takesTurns: boolean;
}

/** The announcements that are made regularly: everything, or a selection of the versions. */
export type Plan<V extends PlannedVersion = PlannedVersion> =
  & {
    /** Expected packets an hour for each address family, without those of the turns. */
    packets: number;
  }
  & ({ kind: "everything" } | {
    kind: "selection";
    versions: V[];
    /** Number of archives that were selected from. */
    archives: number;
    /** Packets an hour for the versions whose turn it is. */
    turnPackets: number;
  });

/**
 * Share of the budget below which everything is announced individually again. The distance keeps the plan
 * from changing with each measurement.
 */
const BACK_BELOW = 0.9;
/** Share of the budget that is always left for the turns, so that no version waits for ever. */
const LEAST_TURNS = 0.05;

/**
 * Plans what is announced individually. The time for that does not depend on the number of
 * versions, but, beyond the budget, on the number of packages.
 */
export async function planAnnouncements<V extends PlannedVersion>(
  input: PlanInput<V>,
): Promise<Plan<V>> {
  const { budget, costs, all, always } = input;
  const lists = always.lists * costs.record +
    (always.catalogs + always.publishers) * costs.torrent;
  const perName = costs.name + costs.torrent;
  const everything = lists + all.names * perName + all.manifests * costs.record +
    all.archives * costs.torrent;
  if (everything <= budget * (input.hadEverything ? 1 : BACK_BELOW)) {
    return { kind: "everything", packets: everything };
  }
  const fixed = lists + always.names * perName;
  const left = Math.max(budget - fixed, 0);
  const leastTurns = input.takesTurns ? budget * LEAST_TURNS : 0;
  const perVersion = costs.record + costs.torrent;
  const most = Math.floor(Math.max(left - leastTurns, 0) / perVersion);
  const versions = await selectVersions(input, most);
  const packets = fixed + versions.length * perVersion;
  const turnPackets = input.takesTurns ? Math.max(budget - packets, leastTurns) : 0;
  return { kind: "selection", versions, archives: all.archives, turnPackets, packets };
}

/**
 * Counts the archives that other BitTorrent clients cannot find by their infohash. The plan has counted all
 * archives: with 100,000, counting takes 10 ms, and `status` may be asked often.
 *
 * @param inTurn infohashes (hex) of the versions whose turn it was not long ago
 */
export function countUnannounced(plan: Plan, inTurn: ReadonlySet<string>): number {
  if (plan.kind === "everything") return 0;
  const named = new Set(plan.versions.map(({ infoHashHex }) => infoHashHex)).union(inTurn);
  return Math.max(plan.archives - named.size, 0);
}

/**
 * Selects the versions that the user has named, and others up to `most` in all: the newest ones, then
 * the wanted and the new ones in turn, latest first. Strangers can want any number of versions, and a
 * publisher can sign any number of new ones; neither pushes all of the others out.
 */
async function selectVersions<V extends PlannedVersion>(
  { pages, isKeeper }: PlanInput<V>,
  most: number,
): Promise<V[]> {
  const selected = new Map<string, V>();
  const add = (versions: readonly V[], limit: number) => {
    for (const version of versions) {
      if (selected.size >= limit) return;
      selected.set(version.infoHashHex, version);
    }
  };
  add(await readPages(pages.named(), Infinity), Infinity);
  // Enough of each source are read, although some may be selected already: no more than `most` can be.
  if (selected.size < most) add(await readPages(pages.newest(), most, isKeeper), most);
  if (selected.size >= most) return [...selected.values()];
  const wanted = await readPages(pages.wanted(), most);
  add(inTurn(wanted, await readPages(pages.fresh(), most)), most);
  return [...selected.values()];
}

/** Reads versions until `limit` of them are accepted, and lets other tasks run between two pages. */
async function readPages<V>(
  pages: Iterable<readonly V[]>,
  limit: number,
  accepts: (version: V) => boolean = () => true,
): Promise<V[]> {
  const read: V[] = [];
  for await (const page of pausing(pages)) {
    read.push(...page.filter(accepts));
    if (read.length >= limit) break;
  }
  return read.slice(0, limit);
}

/** Returns the elements of two lists in turn, those of the first list first. */
function inTurn<T>(a: readonly T[], b: readonly T[]): T[] {
  const longest = a.length > b.length ? a : b;
  return longest.flatMap((_, i) => [...a.slice(i, i + 1), ...b.slice(i, i + 1)]);
}
