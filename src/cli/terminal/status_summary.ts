/**
 * Formats the state of the daemon as rows of a table: a short summary, or a full list of packages
 * and records. Pure functions; `commands/status.ts` queries the daemon and prints the rows.
 *
 * @module
 */

import { formatBytes, formatCount, version } from "../../base/mod.ts";
import {
  labelOf,
  type PackageJson,
  problemsOf,
  type RecordJson,
  type RevokedUse,
  type StatusJson,
} from "../../control/mod.ts";
import { isSameReachability } from "../../reachability/mod.ts";
import { formatDuration, printable } from "./format.ts";
import {
  describeBound,
  describeDht,
  describeGate,
  describeLan,
  describeNode6,
  describePeers,
  describePort,
  describeReachable,
} from "./network_words.ts";
import { peerRows, type ShownTorrent } from "./peer_rows.ts";

/** The state of the daemon at the time of one query. */
export interface StatusView {
  status: StatusJson;
  packages: readonly PackageJson[];
  records: readonly RecordJson[];
  /** Revoked keys on which something in this home rests. */
  revoked: readonly RevokedUse[];
  /** The peers at the rendezvous of the publisher that the command line names, if it does. */
  seeders?: string[];
  /** The torrents with peers of the package that the command line names, if it does. */
  torrents?: readonly ShownTorrent[];
  /** Time of the query, Unix milliseconds. */
  nowMs: number;
}

/** A row of the table that `libreseed status` prints: a label and a value. */
export type StatusRow = [key: string, value: string];

/**
 * Maximum number of rows about problems in a status summary; also the maximum number of rows about
 * busy packages.
 */
const MAX_LISTED = 10;
/**
 * Number of busy packages that get a row before any details of the node do, if the number of rows
 * is limited.
 */
const MIN_BUSY = 3;
/** Things of which the summary has rows of their own, which also say their problems. */
const TOLD_ELSEWHERE = ["dht", "binding", "gate", "reachability"];
const HOW_TO_SEE_ALL = "`libreseed status --all`";

/**
 * Returns the summary of the daemon's state: problems, totals and the busiest packages.
 *
 * @param maxRows maximum number of rows. Of a longer summary, the least important rows are omitted
 * first, and problems last
 */
export function summaryRows(view: StatusView, maxRows = Infinity): StatusRow[] {
  let room = Math.max(maxRows, 0);
  const take = (most: number) => {
    const taken = Math.min(most, room);
    room -= taken;
    return taken;
  };
  const allProblems = problemRows(view, TOLD_ELSEWHERE);
  const mostProblems = Math.min(allProblems.length, MAX_LISTED + 1);
  // At first, problems get at most half of the rows, so that the totals have room. Rows that the
  // totals leave free go to problems, too.
  const firstProblems = take(Math.min(mostProblems, Math.max(Math.floor(maxRows / 2), 1)));
  const totals = totalRows(view);
  const essential = totals.essential.slice(0, take(totals.essential.length));
  const problems = limited(allProblems, firstProblems + take(mostProblems - firstProblems));
  const allMore = moreRow(view);
  const more = allMore.slice(0, take(allMore.length));
  const busy = busiest(view.packages);
  const someBusy = take(Math.min(busy.length, MIN_BUSY));
  const detail = totals.detail.slice(0, take(totals.detail.length));
  const shownBusy = busy.slice(0, someBusy + take(busy.length - someBusy));
  return [...problems, ...essential, ...detail, ...shownBusy, ...more];
}

/** Returns the full status: problems, totals, and one row for each package and record. */
export function allRows(view: StatusView): StatusRow[] {
  const { essential, detail } = totalRows(view);
  return [
    // Each record has a row of its own, which says whether it fails.
    ...problemRows(view, [...TOLD_ELSEWHERE, "record"]),
    ...essential,
    ...detail,
    ...view.packages.map(packageRow),
    ...view.records.map((record) => recordRow(record, view.nowMs)),
  ];
}

/** Returns the status of one package: rows for each of its versions and records. */
export function packageRows(
  { packages, records, seeders = [], torrents = [], nowMs }: Pick<
    StatusView,
    "packages" | "records" | "seeders" | "torrents" | "nowMs"
  >,
): StatusRow[] {
  return [
    ...seeders.map((line, at): StatusRow => [at === 0 ? "seeders" : "", line]),
    ...packages.flatMap((one) => [...versionRows(one), ...peerRows(torrents, one.path)]),
    ...records.map((record) => recordRow(record, nowMs)),
  ];
}

/**
 * Describes the differences between two states of the daemon, one line each. Traffic counters are
 * ignored.
 */
export function changesBetween(before: StatusView, after: StatusView): string[] {
  const changes: string[] = [];
  const [a, b] = [before.status, after.status];
  if (a.pid !== b.pid) changes.push(`process ${a.pid} has ended, ${b.pid} is the daemon now`);
  const [dhtBefore, dhtAfter] = [describeDht(a.dht), describeDht(b.dht)];
  if (dhtBefore !== dhtAfter) changes.push(`dht: ${dhtAfter}, was ${dhtBefore}`);
  if (!isSameReachability(a.reachability, b.reachability)) {
    changes.push(`reachable: ${describeReachable(b.reachability)}`);
  }
  const known = statesOf(before.packages);
  const now = statesOf(after.packages);
  for (const [path, { label, state }] of now) {
    const was = known.get(path)?.state;
    if (was === undefined) changes.push(`${label}: new, ${state}`);
    else if (was !== state) changes.push(`${label}: ${state}, was ${was}`);
  }
  for (const [path, { label }] of known) if (!now.has(path)) changes.push(`${label}: removed`);
  const errors = new Map(before.records.map((one) => [one.target, one.error]));
  for (const record of after.records) {
    if (record.error === errors.get(record.target)) continue;
    changes.push(`record ${labelOf(record)}: ${record.error ?? "announced again"}`);
  }
  return changes;
}

/**
 * Maps the path of each package to the package's label and state. Paths are unique; two packages of
 * different publishers may have the same name and version.
 */
function statesOf(packages: readonly PackageJson[]): Map<string, { label: string; state: string }> {
  return new Map(
    packages.map((one) => [one.path, { label: labelOfPackage(one), state: stateOf(one) }]),
  );
}

function totalRows(
  { status, packages, records, nowMs }: StatusView,
): { essential: StatusRow[]; detail: StatusRow[] } {
  const { dht, network, traffic, utp, manager, schedule, memory } = status;
  const { binding, gate, portMapping, pinhole, reachability, lan } = status;
  const broken = packages.filter(({ problem }) => problem !== undefined).length;
  const { roundTripMs } = manager;
  const roundTrip = roundTripMs === undefined ? "" : `, round trip ${roundTripMs.toFixed(1)} ms`;
  const essential: StatusRow[] = [
    ["process", `${status.pid}, up ${formatDuration(nowMs - status.startedMs)}`],
    ["version", versionOf(status.version)],
    ["dht", describeDht(dht)],
    ...(network.lacks === undefined ? [] : [["network", network.lacks] satisfies StatusRow]),
    ...(binding ? [["bound to", describeBound(binding)] satisfies StatusRow] : []),
    ...(gate ? [["gate", describeGate(gate)] satisfies StatusRow] : []),
    ...(portMapping ? [["router", describePort(portMapping)] satisfies StatusRow] : []),
    ...(pinhole ? [["router, IPv6", describePort(pinhole)] satisfies StatusRow] : []),
    ["reachable", describeReachable(reachability)],
    ...(lan ? [["local network", describeLan(lan)] satisfies StatusRow] : []),
    ["packages", `${status.packages} seeded${broken > 0 ? `, ${broken} with a problem` : ""}`],
    ["records", describeRecords(records)],
    ...announcingRows(status),
    ...leftRows(status, nowMs),
    [
      "transfer",
      `${formatBytes(status.uploadedBytes)} sent (${formatBytes(status.uploadSpeed)}/s), ` +
      `${formatBytes(status.downloadedBytes)} received (${formatBytes(status.downloadSpeed)}/s)` +
      `${
        status.webSeedBytes > 0
          ? `, ${formatBytes(status.webSeedBytes)} of it from web servers`
          : ""
      }${
        status.reusedBytes > 0
          ? `, ${formatBytes(status.reusedBytes)} saved by reuse of other archives`
          : ""
      }`,
    ],
  ];
  const detail: StatusRow[] = [
    ["schedule", `${schedule.kept} kept, ${schedule.overdue} overdue`],
    ["port", `${status.port}`],
    ["seed directory", status.seedDirectory],
    ["node", `${status.nodeId ?? "none"}, ${status.dhtNodes} nodes in its table`],
    ["lookups", `${manager.getsAnswered} of ${manager.gets} answered${roundTrip}`],
    ["puts", `${manager.putsStrong} of ${manager.puts} on enough nodes`],
    ["memory", `${formatBytes(memory.residentBytes)} resident`],
    ["peers", describePeers(status)],
  ];
  if (status.dht6) detail.push(["node of IPv6", describeNode6(status.dht6)]);
  if (traffic) detail.push(["dht traffic", describeTraffic(traffic, status.dht6?.traffic)]);
  if (utp) detail.push(["utp traffic", describeTraffic(utp)]);
  return { essential, detail };
}

type Traffic = Record<"packetsIn" | "bytesIn" | "packetsOut" | "bytesOut", number>;

/** Describes the traffic of one or two sockets together. */
function describeTraffic(one: Traffic, other?: Traffic): string {
  const sum = (key: keyof Traffic) => one[key] + (other?.[key] ?? 0);
  return `${sum("packetsIn")} packets in (${formatBytes(sum("bytesIn"))}), ` +
    `${sum("packetsOut")} out (${formatBytes(sum("bytesOut"))})`;
}

function describeRecords(records: readonly RecordJson[]): string {
  const failing = records.filter(({ error }) => error !== undefined).length;
  const waiting = records.filter(({ lastAttemptMs }) => lastAttemptMs === undefined).length;
  const weak = records.filter((one) => one.weak && one.lastAttemptMs !== undefined).length;
  return [
    `${records.length} kept`,
    ...(failing > 0 ? [`${failing} failing`] : []),
    ...(weak > 0 ? [`${weak} weak`] : []),
    ...(waiting > 0 ? [`${waiting} not announced yet`] : []),
  ].join(", ");
}

/** Returns a row for each problem, except those about things of which other rows tell. */
function problemRows(view: StatusView, toldElsewhere: readonly string[]): StatusRow[] {
  return problemsOf(view).filter(({ about }) => !toldElsewhere.includes(about))
    // A file name stays exact, so that it can be copied; the reason of a revocation is a stranger's text.
    .map(({ about, text }) => ["problem", about === "key" ? printable(text) : text]);
}

/** Describes which versions other BitTorrent clients cannot find now, if there are any. */
function announcingRows({ announcing }: StatusJson): StatusRow[] {
  if (!announcing || announcing.unannounced === 0) return [];
  const { unannounced, budget } = announcing;
  const [what, them] = unannounced === 1
    ? ["1 version is", "it"]
    : [`${unannounced} versions are`, "them"];
  const row: StatusRow = [
    "announced",
    `not all: ${what} beyond announce-budget (${budget} packets an hour), so libreseed finds ${them} and ` +
    "other BitTorrent clients do not. `libreseed status --all` says which; " +
    "`libreseed announce NAME@VERSION` announces one for a day",
  ];
  return [row];
}

/** Names the mirrored archive that has left last to make room, if one has. */
function leftRows({ left = [] }: StatusJson, nowMs: number): StatusRow[] {
  const last = left.at(-1);
  if (!last) return [];
  const { package: label, why, timeMs } = last;
  const others = left.length > 1 ? `, and ${left.length - 1} before it` : "";
  const ago = formatDuration(nowMs - timeMs);
  return [["made room", `${label} has left, ${ago} ago: ${why}${others}`]];
}

/** Returns the daemon's version, with advice if this program has another. */
function versionOf(theirs: string): string {
  return theirs === version
    ? theirs
    : `${theirs}; this program is ${version}: \`libreseed stop\`, then \`libreseed seed\``;
}

/** Limits a list of problem rows to `max` rows. If rows are omitted, the last row says how many. */
function limited(rows: readonly StatusRow[], max: number): StatusRow[] {
  if (rows.length <= max) return [...rows];
  if (max === 0) return [];
  if (max === 1) return [["problem", `${rows.length} of them: ${HOW_TO_SEE_ALL}`]];
  const shown = rows.slice(0, max - 1);
  return [...shown, ["problem", `and ${rows.length - shown.length} more: ${HOW_TO_SEE_ALL}`]];
}

/** Returns rows for the packages with connected peers or uploads, the busiest first. */
function busiest(packages: readonly PackageJson[]): StatusRow[] {
  return packages
    .filter(({ peers = 0, uploadedBytes = 0 }) => peers > 0 || uploadedBytes > 0)
    .sort((a, b) =>
      (b.peers ?? 0) - (a.peers ?? 0) || (b.uploadedBytes ?? 0) - (a.uploadedBytes ?? 0)
    )
    .slice(0, MAX_LISTED)
    .map((one) => ["busy", `${labelOfPackage(one)}: ${describeTransfer(one)}`]);
}

function moreRow({ packages, records }: StatusView): StatusRow[] {
  if (packages.length + records.length === 0) return [];
  const each = `${formatCount(packages.length, "package")} and ${
    formatCount(records.length, "record")
  }`;
  return [["more", `each of ${each}: ${HOW_TO_SEE_ALL}`]];
}

function labelOfPackage({ name, version }: PackageJson): string {
  return version ? `${name}@${version}` : name;
}

function stateOf(one: PackageJson): string {
  return one.problem ?? (one.seeding ? "seeding" : "idle");
}

/** Says so if other BitTorrent clients cannot find a package by its magnet link now. */
function findableOf({ findable }: PackageJson): string {
  return findable === false ? ", not found by other BitTorrent clients" : "";
}

function describeTransfer({ peers = 0, uploadedBytes = 0 }: PackageJson): string {
  return `${formatCount(peers, "peer")}, ${formatBytes(uploadedBytes)} sent`;
}

function packageRow(one: PackageJson): StatusRow {
  const transfer = one.peers === undefined ? "" : `, ${describeTransfer(one)}`;
  const state = one.problem === undefined ? stateOf(one) + findableOf(one) : "problem";
  return ["package", `${labelOfPackage(one)}: ${state}${transfer}`];
}

function versionRows(one: PackageJson): StatusRow[] {
  const rows: StatusRow[] = [
    ["package", `${one.name}@${one.version}`],
    ["state", stateOf(one) + findableOf(one)],
    ["archive", `${one.path}, ${formatBytes(one.lengthBytes)}`],
  ];
  if (one.publisher) rows.push(["publisher", one.publisher]);
  if (one.magnet) rows.push(["magnet", one.magnet]);
  if (one.peers !== undefined) {
    const sent = one.uploadedBytes ?? 0;
    const ratio = one.lengthBytes === 0 ? 0 : sent / one.lengthBytes;
    rows.push(["peers", `${one.peers}, ${formatBytes(sent)} sent, ratio ${ratio.toFixed(2)}`]);
  }
  return rows;
}

function recordRow(record: RecordJson, nowMs: number): StatusRow {
  const { holding, asked, weak, lastAttemptMs, nextDueMs, error } = record;
  const due = nextDueMs === undefined
    ? "not announced yet"
    : nextDueMs <= nowMs
    ? "due now"
    : `next in ${formatDuration(nextDueMs - nowMs)}`;
  const trouble = error === undefined ? "" : `; ${error}`;
  // Before the first announcement of a record, `weak` is true only because no node holds the record
  // yet, so the word is not printed.
  const on = `on ${holding} nodes${weak && lastAttemptMs !== undefined ? ", weak" : ""}`;
  return ["record", `${labelOf(record)}: ${on}, ${asked} asked, ${due}${trouble}`];
}
