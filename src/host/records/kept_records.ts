/**
 * The records and torrents that this home keeps alive in the DHT. Saves the due times of announcements
 * from the worker's schedule to `state.db`, so that the next process continues the schedule.
 *
 * @module
 */

import { type Clock, equalBytes, fromHex, isOfFuture, toHex } from "../../base/mod.ts";
import type { RecordJson, RecordName } from "../../control/mod.ts";
import type { KeptRecord } from "../../dht/mod.ts";
import { minimalOf } from "../../fetching/mod.ts";
import { formatPublicKey } from "../../identity/mod.ts";
import { type MinimalManifest, signingKeyOf } from "../../package/mod.ts";
import {
  decodeAnnounceRecord,
  decodeManifestRecord,
  encodeItem,
  manifestSalt,
  type MutableItem,
  RecordError,
  targetOf,
} from "../../records/mod.ts";
import type { StateDatabase, StoredOutcome, StoredRecord } from "../../store/mod.ts";
import type { Trust } from "../../trust/mod.ts";
import type { ReportData } from "../../worker/mod.ts";

/** A record that this home keeps alive, with its kind and package name. */
export interface NamedRecord {
  /** DHT target of the record, 40 hexadecimal digits. */
  idHex: string;
  record: RecordName;
  kept: KeptRecord;
}

/** An archive that is announced individually, because its version is wanted. */
export interface WantedArchive {
  name: string;
  version: string;
  /** Infohash of the archive, 40 hexadecimal digits. */
  infoHashHex: string;
}

/** Kinds of records of a package that are re-announced unchanged. Name indexes are rewritten instead. */
const NAMED_KINDS: readonly RecordName["kind"][] = ["manifest", "other"];
/** Kinds of records that describe a publisher and all its packages. */
const LIST_KINDS: readonly RecordName["kind"][] = ["announce", "publisher"];

/** View of the records and torrents in `state.db` that this home keeps alive in the DHT. */
export class KeptRecords {
  /** Learns from the publisher records that are kept. */
  trust?: Pick<Trust, "learnRecord">;
  readonly #state: StateDatabase;
  readonly #clock: Clock;
  readonly #port: number;
  readonly #minNodes: () => number;
  readonly #onNotice: (message: string) => void;

  /**
   * Creates the view of the records in the state database.
   *
   * @param port TCP port on which the engine listens. It is announced until a router opens another
   * port
   * @param minNodes returns the number of nodes that have to hold a record; with fewer the record is weak
   */
  constructor(
    state: StateDatabase,
    clock: Clock,
    port: number,
    minNodes: () => number,
    onNotice: (message: string) => void,
  ) {
    this.#state = state;
    this.#clock = clock;
    this.#port = port;
    this.#minNodes = minNodes;
    this.#onNotice = onNotice;
  }

  /** Describes all records with the outcome of their last announcement, for `records` and `status`. */
  describe(): RecordJson[] {
    const records = this.#state.records.list().filter(({ kind }) => kind !== "name-entry");
    const outcomes = new Map(
      this.#state.outcomes.list().map((outcome) => [toHex(outcome.target), outcome]),
    );
    return records.map((record) => this.#describe(record, outcomes.get(toHex(record.target))));
  }

  /**
   * Describes the records of one version by one publisher, and its torrent if that was announced. Of a
   * torrent, `holding` is the number of nodes that have taken the announcement, and `seq` is 0.
   */
  ofVersion(minimal: MinimalManifest): RecordJson[] {
    const { name, version, pubkey, btih } = minimal;
    const { records, outcomes } = this.#state;
    const kept = records.list({ kind: "manifest", name, version })
      .filter(({ item }) => formatPublicKey(publisherIn(item)) === pubkey);
    const described = kept.map((record) => this.#describe(record, outcomes.get(record.target)));
    const target = fromHex(btih)!;
    const outcome = outcomes.get(target);
    if (!outcome) return described;
    const own = kept.some((record) => record.own);
    const torrent = { kind: "torrent", name, version, target, item: { seq: 0 }, own };
    return [...described, this.#describe(torrent, outcome)];
  }

  #describe(
    record: Omit<StoredRecord, "item" | "createdMs"> & { item: Pick<MutableItem, "seq"> },
    outcome: StoredOutcome | undefined,
  ): RecordJson {
    const { target, kind, name, version, item: { seq }, own } = record;
    // Times in the future are not shown, because they were written while the clock was ahead.
    const isAhead = outcome && isOfFuture(outcome.lastAttemptMs ?? 0, this.#clock.now());
    const times = isAhead ? undefined : outcome;
    return {
      kind: kind as RecordName["kind"],
      name,
      ...publisherOf(record),
      // For a name index, the column `version` holds the slot number, so no version is shown.
      version: kind === "name-index" ? undefined : version,
      target: toHex(target),
      seq,
      own,
      holding: outcome?.holding ?? 0,
      asked: outcome?.asked ?? 0,
      responded: outcome?.responded ?? 0,
      weak: (outcome?.holding ?? 0) < this.#minNodes(),
      lastAttemptMs: times?.lastAttemptMs,
      lastSuccessMs: times?.lastSuccessMs,
      nextDueMs: times?.nextDueMs,
      failures: outcome?.failures ?? 0,
      error: outcome?.error,
    };
  }

  /**
   * Returns the records of the given packages, and the announce and publisher records whose last
   * announcement failed. If
   * `packages` is empty, returns all records except name indexes.
   */
  named(packages: { name: string; version?: string }[]): NamedRecord[] {
    if (packages.length === 0) return this.#fixed().map((record) => this.#named(record));
    const { records, outcomes } = this.#state;
    const meant = new Map<string, StoredRecord>();
    for (const { name, version } of packages) {
      for (const kind of NAMED_KINDS) {
        for (const record of records.list({ kind, name, version })) {
          meant.set(toHex(record.target), record);
        }
      }
    }
    for (const record of LIST_KINDS.flatMap((kind) => records.list({ kind }))) {
      if (outcomes.get(record.target)?.failures !== 0) meant.set(toHex(record.target), record);
    }
    return [...meant.values()].map((record) => this.#named(record));
  }

  /** Whether this home keeps a record with this target. */
  has(target: Uint8Array): boolean {
    return this.#state.records.get(target) !== undefined;
  }

  /** Whether this home keeps a manifest record of the package that names exactly this archive. */
  isOf(minimal: MinimalManifest): boolean {
    const { name, version, archiveSha256 } = minimal;
    const item = this.item(targetOf(signingKeyOf(minimal), manifestSalt(name, version)));
    return item !== undefined && minimalOf(item, minimal).archiveSha256 === archiveSha256;
  }

  /**
   * Notes that versions are wanted, so that the daemon announces their archives individually for a day.
   * Returns the archives that this home has.
   */
  want(packages: readonly { name: string; version?: string }[]): WantedArchive[] {
    const { announcing } = this.#state;
    return this.#state.transaction(() =>
      packages.flatMap(({ name, version }) =>
        version === undefined ? [] : announcing.archivesOf(name, version).map((infoHash) => {
          announcing.ask(infoHash, this.#clock.now(), true);
          return { name, version, infoHashHex: toHex(infoHash) };
        })
      )
    );
  }

  /** Returns the infohashes (hex) of catalogs and indexes that this home's own announce records name. */
  namedCatalogs(): Set<string> {
    const own = this.#state.records.list({ kind: "announce", own: true });
    return new Set(own.flatMap(({ item }) => {
      try {
        const { catalogInfoHash, indexInfoHash } = decodeAnnounceRecord(item.value);
        return [catalogInfoHash, indexInfoHash].flatMap((one) => one ? [toHex(one)] : []);
      } catch (error) {
        if (error instanceof RecordError) return [];
        throw error;
      }
    }));
  }

  /** Returns the kept record with this target as a BEP 44 item. */
  item(target: Uint8Array): MutableItem | undefined {
    return this.#state.records.get(target)?.item;
  }

  /** Saves a signed record, so that this home keeps it alive. */
  keep(item: MutableItem, { kind, name, version }: RecordName, own: boolean): void {
    if (kind === "publisher") this.trust?.learnRecord(item);
    this.#state.records.put({
      item,
      target: targetOf(item.publicKey, item.salt),
      kind,
      name,
      version,
      own,
      createdMs: this.#clock.now(),
    });
  }

  /**
   * Returns when a torrent has to be announced next (Unix ms); 0 if never announced with the current
   * port.
   */
  torrentDueMs(infoHashHex: string): number {
    const outcome = this.#state.outcomes.get(fromHex(infoHashHex)!);
    return outcome?.port === this.#port ? outcome.nextDueMs : 0;
  }

  /**
   * Returns the times at which torrents have to be announced next (Unix ms), by infohash (hex). A torrent
   * that is absent from the map is due now.
   */
  torrentsDueMs(): Map<string, number> {
    return this.#state.outcomes.dueOfPort(this.#port);
  }

  /**
   * Saves outcomes of announcements. If the DHT has a newer item than this home, the newer item is kept
   * instead.
   */
  settle(...reports: ReportData[]): void {
    this.#state.transaction(() => reports.forEach((report) => this.#settle(report)));
  }

  #settle(report: ReportData): void {
    const target = fromHex(report.idHex)!;
    const before = this.#state.outcomes.get(target);
    const { put, announce, error } = report;
    const responded = put?.responded ?? announce?.responded ?? 0;
    const outcome: StoredOutcome = {
      target,
      lastAttemptMs: report.atMs,
      lastSuccessMs: report.failures === 0 ? report.atMs : before?.lastSuccessMs,
      asked: put?.asked ?? announce?.asked ?? 0,
      responded,
      holding: put?.holding ?? announce?.stored ?? 0,
      stored: put?.stored ?? announce?.stored ?? 0,
      error: report.failures === 0 ? undefined : error?.message ??
        (responded === 0 ? "no DHT node answered" : "too few DHT nodes hold it"),
      failures: report.failures,
      nextDueMs: report.nextDueMs,
      ...(report.kind === "torrent" && { port: report.port }),
    };
    this.#state.outcomes.set(outcome);
    if (put?.superseded) this.#takeOver(target, put.superseded);
  }

  /**
   * Returns the kept announce records that this home did not sign: records of other publishers, and
   * records that this home's publisher signed on another machine.
   */
  foreignLists(): MutableItem[] {
    return this.#state.records.list({ kind: "announce", own: false }).map(({ item }) => item);
  }

  /**
   * Deletes the manifest records of a package: those of the publisher `pubkey` (`ed25519:…`), or the
   * records of all publishers if `pubkey` is absent. Also deletes each announce and publisher record that
   * this home did not sign, if no package of the record's key or identity is left. Returns the targets of
   * the deleted records (hex).
   */
  forget(name: string, version: string, pubkey?: string): string[] {
    const manifests = this.#state.records.list({ name, version, kind: "manifest" })
      .filter(({ item }) => pubkey === undefined || formatPublicKey(publisherIn(item)) === pubkey);
    const forget = ({ target }: StoredRecord) => {
      this.#state.records.delete(target);
      this.#state.outcomes.delete(target);
      return toHex(target);
    };
    return this.#state.transaction(() => {
      const targets = manifests.map(forget);
      if (manifests.length === 0) return targets;
      const rest = new Set(
        this.#state.records.list({ kind: "manifest" })
          .flatMap(({ item }) => [item.publicKey, publisherIn(item)].map(toHex)),
      );
      const lists = LIST_KINDS.flatMap((kind) => this.#state.records.list({ kind, own: false }))
        .filter(({ item }) => !rest.has(toHex(item.publicKey)));
      return [...targets, ...lists.map(forget)];
    });
  }

  #fixed(): StoredRecord[] {
    return this.#state.records.list().filter(({ kind }) => !kind.startsWith("name-"));
  }

  #named(record: StoredRecord): NamedRecord {
    const { target, kind, name, version } = record;
    const outcome = this.#state.outcomes.get(target);
    return {
      idHex: toHex(target),
      record: { kind: kind as RecordName["kind"], name, version, ...publisherOf(record) },
      kept: {
        item: encodeItem(record.item),
        dueMs: outcome?.nextDueMs ?? 0,
        failures: outcome?.failures ?? 0,
      },
    };
  }

  #takeOver(target: Uint8Array, item: MutableItem): void {
    const before = this.#state.records.get(target);
    if (!before) return;
    if (before.kind === "publisher") this.trust?.learnRecord(item);
    // A record that this home has published stays its own, also if a thief of its key has put it again.
    const own = before.own && before.kind === "manifest" && !namesAnother(before.item, item);
    this.#state.records.put({ ...before, item, own, createdMs: this.#clock.now() });
    const { publisher } = publisherOf(before);
    const list = publisher === undefined
      ? before.kind
      : `the ${before.kind === "publisher" ? "keys" : "packages"} of ${publisher}`;
    const what = before.name ? `${before.name}@${before.version}` : list;
    this.#onNotice(`a newer record of ${what} is in the DHT; it is kept from now on`);
    if (before.own && before.kind === "manifest" && namesAnother(before.item, item)) {
      this.#onNotice(
        `${what} is published with other bytes than here: readers do not find these. Give them a new version`,
      );
    }
    if (before.own && before.kind === "announce") {
      this.#onNotice("the next `libreseed publish` adds the packages that it leaves out");
    }
  }
}

/**
 * Returns the public key of the signer, if the record is an announce or publisher record that was not
 * signed by this home. Returns an empty object for other records.
 */
function publisherOf(
  { kind, own, item }: Pick<StoredRecord, "kind" | "own"> & { item: Partial<MutableItem> },
): { publisher?: string } {
  return LIST_KINDS.some((one) => one === kind) && !own && item.publicKey
    ? { publisher: formatPublicKey(item.publicKey) }
    : {};
}

/** Returns the identity of the publisher in a kept manifest record, 32 bytes. */
function publisherIn({ publicKey, value }: MutableItem): Uint8Array {
  return decodeManifestRecord(value).certificate?.root ?? publicKey;
}

/** Whether two manifest records name archives with different hashes. */
function namesAnother(a: MutableItem, b: MutableItem): boolean {
  const [x, y] = [decodeManifestRecord(a.value), decodeManifestRecord(b.value)];
  return !equalBytes(x.archiveSha256, y.archiveSha256);
}
