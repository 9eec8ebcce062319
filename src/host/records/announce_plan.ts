/**
 * Selects what is announced in the DHT by itself. Within the budget that is everything. Beyond it, the
 * number of versions has no influence on the packets of an hour: the newest version of each package,
 * those that were asked for and those that were published in the last day are announced by
 * themselves; the others have their turn, with what is left of the budget.
 *
 * Rendezvous, lists, catalogs and names are announced whatever the budget, because they are how a
 * version is found that is not announced by itself.
 *
 * This file does no input or output, so that simulations can run it.
 *
 * @module
 */

/** A version that could be announced by itself: its torrent, and its manifest record if there is one. */
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
  /** Yields all versions, in any order. Is not called if everything fits. */
  versions: () => Iterable<V>;
  isNewer: (a: string, b: string) => boolean;
  /** Whether this home keeps the newest version of a name alive: as publisher, or drawn as mirror. */
  isKeeper: (version: V) => boolean;
  /** Whether the user has named a version in the last day. It is announced whatever the budget. */
  isNamed: (version: V) => boolean;
  /** When a version was asked for (Unix ms), if it was in the last day. */
  askedMs: (version: V) => number | undefined;
  /** When a version was published (Unix ms), if it was in the last day. */
  publishedMs: (version: V) => number | undefined;
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
    /** Packets an hour for the versions whose turn it is. */
    turnPackets: number;
  });

/**
 * Share of the budget below which everything is announced by itself again. The distance keeps the plan
 * from changing with each measurement.
 */
const BACK_BELOW = 0.9;
/** Share of the budget that is always left for the turns, so that no version waits for ever. */
const LEAST_TURNS = 0.05;

/**
 * Plans what is announced by itself. Takes time in proportion to the number of versions only beyond the
 * budget.
 */
export function planAnnouncements<V extends PlannedVersion>(input: PlanInput<V>): Plan<V> {
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
  const versions = selectVersions(input, most);
  const packets = fixed + versions.length * perVersion;
  const turnPackets = input.takesTurns ? Math.max(budget - packets, leastTurns) : 0;
  return { kind: "selection", versions, turnPackets, packets };
}

/**
 * Selects the versions that the user has named, and others up to `most` in all: the newest ones, then
 * the wanted and the new ones in turn, latest first. Strangers can want any number of versions, and a
 * publisher can sign any number of new ones; neither pushes all of the others out.
 */
function selectVersions<V extends PlannedVersion>(input: PlanInput<V>, most: number): V[] {
  const newest = new Map<string, V>();
  const wanted: { version: V; atMs: number }[] = [];
  const fresh: { version: V; atMs: number }[] = [];
  const named: V[] = [];
  for (const version of input.versions()) {
    const key = `${version.publisher} ${version.name}`;
    const before = newest.get(key);
    if (!before || input.isNewer(version.version, before.version)) newest.set(key, version);
    const askedMs = input.askedMs(version);
    const publishedMs = input.publishedMs(version);
    if (input.isNamed(version)) named.push(version);
    else if (askedMs !== undefined) wanted.push({ version, atMs: askedMs });
    else if (publishedMs !== undefined) fresh.push({ version, atMs: publishedMs });
  }
  const latestFirst = (a: { atMs: number }, b: { atMs: number }) => b.atMs - a.atMs;
  const selected = new Map(named.map((version) => [version.infoHashHex, version]));
  const ordered = [
    ...[...newest.values()].filter(input.isKeeper),
    ...inTurn(wanted.sort(latestFirst), fresh.sort(latestFirst)).map(({ version }) => version),
  ];
  for (const version of ordered) {
    if (selected.size >= most) break;
    selected.set(version.infoHashHex, version);
  }
  return [...selected.values()];
}

/** Returns the elements of two lists in turn, those of the first list first. */
function inTurn<T>(a: readonly T[], b: readonly T[]): T[] {
  const longest = a.length > b.length ? a : b;
  return longest.flatMap((_, i) => [...a.slice(i, i + 1), ...b.slice(i, i + 1)]);
}
