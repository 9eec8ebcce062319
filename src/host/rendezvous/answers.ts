/**
 * Answers of this home to the questions of a rendezvous. Only signed data leaves this home: the entries of a
 * name, the publisher record and the announce records. What is seeded is a claim that nobody can check.
 *
 * @module
 */

import { type Clock, equalBytes, setNewest, toHex, version } from "../../base/mod.ts";
import { hasPossibleTimes, unrevoked } from "../../names/mod.ts";
import {
  announceSalt,
  decodeManifestRecord,
  decodeNameIndex,
  MAX_RENDEZVOUS_ENTRIES,
  MAX_RENDEZVOUS_ITEMS,
  type MutableItem,
  type NameIndexEntry,
  publisherSalt,
  type RendezvousAnswer,
  type RendezvousQuestion,
  type SeederFacts,
  targetOf,
} from "../../records/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";
import { isNewerRecord, type Trust } from "../../trust/mod.ts";

/** Options of {@linkcode RendezvousAnswers}. */
export interface RendezvousAnswersOptions {
  state: Pick<StateDatabase, "records" | "verifiedFiles">;
  /** Knowledge of publishers' keys in this home. Entries of revoked keys are not told. */
  trust: Trust;
  clock: Clock;
  /** Start of the host, Unix milliseconds. */
  startedMs: number;
}

/** Time for which an answer is used again (ms). A flood of one question then reads the database once. */
const FRESH_MS = 5_000;
/** Maximum number of answers in memory. An answer takes at most 64 KiB, mostly less than 1 KiB. */
const MAX_ANSWERS = 64;
/** Time for which numbers of seeded archives are used (ms). Counting 100,000 archives takes some 10 ms. */
const COUNTED_MS = 60_000;

/** An answer in memory. */
interface Known {
  answer: RendezvousAnswer;
  /** Time after which the answer is read anew, Unix milliseconds. */
  untilMs: number;
}

/** Answers the questions of peers from the records that this home keeps. */
export class RendezvousAnswers {
  readonly #options: RendezvousAnswersOptions;
  /** The latest answers by question, in the order in which they were read. */
  readonly #known = new Map<string, Known>();
  #seeded: { byKey: Map<string, { archives: number; bytes: number }>; untilMs: number } | undefined;

  constructor(options: RendezvousAnswersOptions) {
    this.#options = options;
  }

  /** Number of answers in memory, at most 64. */
  get size(): number {
    return this.#known.size;
  }

  /** Answers a question, from memory if the same question was answered within the last seconds. */
  answer(question: RendezvousQuestion): RendezvousAnswer {
    const nowMs = this.#options.clock.now();
    const id = idOf(question);
    const known = this.#known.get(id);
    if (isFresh(known, nowMs, FRESH_MS)) return known.answer;
    const answer = this.#read(question, nowMs);
    setNewest(this.#known, id, { answer, untilMs: nowMs + FRESH_MS }, MAX_ANSWERS);
    return answer;
  }

  #read(question: RendezvousQuestion, nowMs: number): RendezvousAnswer {
    switch (question.kind) {
      case "name":
        return { entries: this.#entries(question.name, nowMs), items: [] };
      case "publisher":
        return this.#publisher(question.publicKey, nowMs);
      case "manifest":
        return { entries: [], items: this.#manifests(question) };
    }
  }

  /** Returns the kept entries of a name that readers accept, the newest first, as many as an answer holds. */
  #entries(name: string, nowMs: number): NameIndexEntry[] {
    const { state: { records }, trust } = this.#options;
    const kept = records.list({ kind: "name-entry", name })
      .flatMap(({ item }) => decodeNameIndex(item.value).entries);
    // A kept entry has at most 1,000 bytes, so 64 of them fit into a message.
    return unrevoked(kept, trust)
      .filter((entry) => hasPossibleTimes(entry, nowMs))
      .sort((a, b) => b.timestampMs - a.timestampMs)
      .slice(0, MAX_RENDEZVOUS_ENTRIES);
  }

  #publisher(identity: Uint8Array, nowMs: number): RendezvousAnswer {
    const { state: { records }, trust } = this.#options;
    const kept = (publicKey: Uint8Array, salt: Uint8Array) =>
      records.get(targetOf(publicKey, salt))?.item;
    const keys = trust.signingKeys(identity)?.map(({ key }) => key) ?? [identity];
    const items = [
      newer(kept(identity, publisherSalt()), trust.identity(identity)?.newest?.item),
      ...keys.map((key) => kept(key, announceSalt(key))),
    ].filter((item) => item !== undefined).slice(0, MAX_RENDEZVOUS_ITEMS);
    return { entries: [], items, seeder: this.#facts(identity, keys, nowMs) };
  }

  /** Returns the kept manifest records of a version, one for each key of the publisher that signed it. */
  #manifests({ publicKey, name, version }: Extract<RendezvousQuestion, { kind: "manifest" }>) {
    return this.#options.state.records.list({ kind: "manifest", name, version })
      .map(({ item }) => item)
      .filter((item) =>
        equalBytes(item.publicKey, publicKey) ||
        equalBytes(decodeManifestRecord(item.value).certificate?.root ?? item.publicKey, publicKey)
      )
      .slice(0, MAX_RENDEZVOUS_ITEMS);
  }

  #facts(identity: Uint8Array, keys: readonly Uint8Array[], nowMs: number): SeederFacts {
    const { state, startedMs } = this.#options;
    if (!isFresh(this.#seeded, nowMs, COUNTED_MS)) {
      const byKey = new Map(
        state.verifiedFiles.totals().map(({ publicKey, ...total }) => [toHex(publicKey), total]),
      );
      this.#seeded = { byKey, untilMs: nowMs + COUNTED_MS };
    }
    const sum = { archives: 0, bytes: 0 };
    const all = keys.some((key) => equalBytes(key, identity)) ? keys : [identity, ...keys];
    for (const key of all) {
      const total = this.#seeded!.byKey.get(toHex(key));
      sum.archives += total?.archives ?? 0;
      sum.bytes += total?.bytes ?? 0;
    }
    const uptimeSeconds = Math.max(0, Math.floor((nowMs - startedMs) / 1_000));
    return { version, ...sum, uptimeSeconds };
  }
}

function idOf(question: RendezvousQuestion): string {
  if (question.kind === "name") return `name ${question.name}`;
  const publisher = toHex(question.publicKey);
  return question.kind === "publisher"
    ? publisher
    : `${publisher} ${question.version} ${question.name}`;
}

/** Whether something is fresh. A time far ahead means that the clock was set back, so it is not fresh. */
function isFresh<T extends { untilMs: number }>(
  known: T | undefined,
  nowMs: number,
  lifeMs: number,
): known is T {
  return known !== undefined && nowMs < known.untilMs && known.untilMs <= nowMs + lifeMs;
}

function newer(a: MutableItem | undefined, b: MutableItem | undefined): MutableItem | undefined {
  return a && b ? (isNewerRecord(b, a) ? b : a) : a ?? b;
}
