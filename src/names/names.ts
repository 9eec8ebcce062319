/**
 * From a bare name to a package: the publisher that is pinned for it, or the one that the policy
 * chooses among those in the name's index.
 *
 * @module
 */

import { LibreseedError, toHex } from "../base/mod.ts";
import type { PublisherPolicy } from "../config/mod.ts";
import { type Operations } from "../control/mod.ts";
import {
  type Asked,
  checkDowngrade,
  type FindOptions,
  lastGot,
  lookPatiently,
  type Offers,
  raiseMarks,
  type Resolved,
  resolvePackage,
} from "../fetching/mod.ts";
import { fingerprint, formatPublicKey } from "../identity/mod.ts";
import type { NameIndexEntry } from "../records/mod.ts";
import type { Pin, StateDatabase } from "../store/mod.ts";
import { NamesError } from "./errors.ts";
import { lookUpStore, type ReadIndex, readNameIndex } from "./name_index.ts";
import { checkPin, rankPublishers } from "./trust.ts";

/** What resolving by name works with. */
export interface NamesContext {
  operations: Operations;
  state: StateDatabase;
  finding: FindOptions;
  policy: PublisherPolicy;
  /** What was read already of what publishers offer. */
  offers?: Offers;
  /** This home's own publisher, 32 bytes, if it has one. */
  ownKey?: Uint8Array;
  /** Names of which it was said already that a publisher was chosen among several. */
  chosen?: Set<string>;
  onNotice?: (message: string) => void;
  /** Hears of a version that cannot be had and was passed over. */
  onSkipped?: (message: string) => void;
  onDetail?: (message: string) => void;
}

/** Which package, perhaps without its publisher. */
export interface WantedByName {
  publicKey?: Uint8Array;
  name: string;
  range?: string;
}

/** How a publisher was chosen where a name is not pinned and has several. */
export interface PublisherChoice {
  /** How many publishers the name has. */
  publishers: number;
  policy: PublisherPolicy;
}

/** A package that was found by its name. */
export interface ResolvedByName extends Resolved {
  /** The publisher's, 32 bytes. */
  publicKey: Uint8Array;
  chosen?: PublisherChoice;
}

/**
 * Finds the package that is meant. With a key in `wanted`, that publisher's; else the pinned
 * publisher's; else the one that the policy chooses.
 *
 * @param without versions that could not be had
 * @throws {NamesError} `NAME_NOT_FOUND` (kind `not-found`), `PUBLISHER_CHANGED`, `DOWNGRADE`,
 * `PUBLISHER_NOT_TRUSTED` (kind `verification`), and what {@linkcode resolvePackage} throws
 */
export async function resolveByName(
  context: NamesContext,
  wanted: WantedByName,
  without?: ReadonlySet<string>,
): Promise<ResolvedByName> {
  const { operations, state, finding, offers } = context;
  const { name, range } = wanted;
  const pins = state.pins.list(name);
  const { keys, publishers, unlisted }: Candidates = wanted.publicKey
    // Named outright, a publisher need not be the pinned one.
    ? { keys: [wanted.publicKey], publishers: 1 }
    : await candidatesFor(context, wanted, pins);
  const chosen = publishers > 1 && pins.length === 0
    ? { publishers, policy: context.policy }
    : undefined;
  let missing: LibreseedError | undefined;
  for (const publicKey of keys) {
    if (!wanted.publicKey) checkPin(name, publicKey, pins);
    try {
      const meant = { publicKey, name, range };
      const resolved = await resolvePackage(operations, meant, finding, {
        offers,
        without,
        mayReplace: (version) => lastGot({ name, version, range }, publicKey, pins) === undefined,
      });
      const { version } = resolved.minimal;
      checkDowngrade({ name, version, range }, publicKey, pins);
      if (chosen) tellChoice(context, name, chosen, publicKey);
      return { ...resolved, publicKey, ...(chosen && { chosen }) };
    } catch (error) {
      if (!(error instanceof LibreseedError) || error.kind !== "not-found") throw error;
      missing = error;
      context.onDetail?.(`${formatPublicKey(publicKey)}: ${error.message}`);
    }
  }
  if (wanted.publicKey) throw missing;
  if (unlisted && !hasOtherVersions(missing!)) {
    throw nameNotFound(name, unlisted, finding.clock.now());
  }
  // Of a publisher that is there and lacks the version, others are no substitute.
  const isGone = missing?.code !== "VERSION_NOT_FOUND";
  if (pins.length > 0 && isGone) await refuseOthers(context, name, pins);
  throw publishers > 1 ? firstIsMissing(context, name, publishers, missing!) : missing;
}

/** Said before anything is got or pinned, once for a name. */
function tellChoice(
  { chosen = new Set(), onNotice }: NamesContext,
  name: string,
  { publishers, policy }: PublisherChoice,
  publicKey: Uint8Array,
): void {
  if (chosen.has(name)) return;
  chosen.add(name);
  onNotice?.(
    `${publishers} publishers of ${name}; ${formatPublicKey(publicKey)} is chosen by ${policy}; ` +
      `see \`libreseed resolve --all ${name}\``,
  );
}

/**
 * Pins the publisher of a package that was got, and remembers the version.
 *
 * @param asked how it was asked for; a version that was named outright is not remembered: the
 * publisher's list may not have it
 */
export function rememberPublisher(
  { state, finding, onNotice }: Pick<NamesContext, "state" | "finding" | "onNotice">,
  { name, version }: { name: string; version: string },
  publicKey: Uint8Array,
  asked: Asked,
): void {
  // Several commands may do this at the same moment, each with another version or publisher.
  const isNew = state.transaction(() => {
    const pins = state.pins.list(name);
    const pin = pins.find((one) => toHex(one.publicKey) === toHex(publicKey));
    // Naming another publisher outright is no reason to trust it under the bare name.
    if (pins.length > 0 && !pin) return false;
    const marks = raiseMarks(pin ?? {}, version, asked);
    state.pins.set({ ...marks, name, publicKey, firstSeenMs: finding.clock.now() });
    return pins.length === 0;
  });
  if (!isNew) return;
  onNotice?.(
    `first use of ${name}: pinned to ${formatPublicKey(publicKey)} (${
      fingerprint(publicKey)
    }); another publisher will be refused`,
  );
}

/** Whose package it may be. */
interface Candidates {
  /** To try, in order. */
  keys: Uint8Array[];
  /** How many publishers they were chosen from. */
  publishers: number;
  /** The index that names nobody, if the key is only this home's own. */
  unlisted?: ReadIndex;
}

async function candidatesFor(
  context: NamesContext,
  { name, range }: WantedByName,
  pins: readonly Pin[],
): Promise<Candidates> {
  const { policy, ownKey } = context;
  // Under the default policy a pin settles it; another policy was asked for, and the pin judges it.
  if (pins.length > 0 && policy === "first-seen") {
    return { keys: pins.map(({ publicKey }) => publicKey), publishers: 1 };
  }
  const index = await readIndex(context, name);
  const ranked = await rankPublishers(index.entries, {
    name,
    range,
    policy,
    pins,
    trustedKeys: trustedByHand(context),
    countSeeders: (entry) => countSeeders(context, name, entry),
  });
  const keys = ranked.map(({ publicKey }) => publicKey);
  if (keys.length === 0 && ownKey) return { keys: [ownKey], publishers: 1, unlisted: index };
  if (keys.length === 0) {
    throw nameNotFound(name, index, context.finding.clock.now());
  }
  // A publisher that the policy ranks lower must not step in for the first one unnoticed.
  return { keys: keys.slice(0, 1), publishers: index.entries.length };
}

/** Whoever was met first under some name was trusted by nobody. Oneself one trusts. */
function trustedByHand({ state, ownKey }: NamesContext): Set<string> {
  const keys = state.pins.list().filter(({ byHand }) => byHand).map(({ publicKey }) => publicKey);
  return new Set([...keys, ...(ownKey ? [ownKey] : [])].map(toHex));
}

/**
 * Reads the index of a name through whoever owns the engine; if there is nothing at all, again. What
 * was made up is left out and named, and looking again would not make it true.
 *
 * @throws {NamesError} `DHT_UNREACHABLE` (kind `network`)
 */
export async function readIndex(
  { operations, finding, onDetail }: NamesContext,
  name: string,
): Promise<ReadIndex> {
  const { clock, signal } = finding;
  const { found: index } = await lookPatiently(
    () => readNameIndex(lookUpStore(operations), name, clock, signal),
    ({ entries, dropped }) => entries.length + dropped.length > 0,
    finding,
  );
  for (const dropped of index.dropped) onDetail?.(`left out of the index of ${name}: ${dropped}`);
  const { lookups, asked, responded } = index;
  onDetail?.(`index of ${name}: ${lookups} lookups, ${responded} of ${asked} nodes answered`);
  if (responded > 0) return index;
  const why = asked === 0
    ? "no DHT node is known. Name one with --bootstrap"
    : `${asked} questions to DHT nodes, and no answer`;
  throw new NamesError(
    "network",
    "DHT_UNREACHABLE",
    `The index of ${name} could not be read: ${why}`,
  );
}

async function countSeeders(
  { operations, finding, onDetail }: NamesContext,
  name: string,
  { publicKey, version }: NameIndexEntry,
): Promise<number> {
  try {
    const { minimal } = await resolvePackage(
      operations,
      { publicKey, name, range: version },
      finding,
    );
    return (await operations.countPeers({ infoHash: minimal.btih }, finding)).peers;
  } catch (error) {
    // One publisher's nonsense must not hide the others.
    if (!(error instanceof LibreseedError) || error.kind === "network") throw error;
    onDetail?.(`${formatPublicKey(publicKey)}: ${error.message}`);
    return 0;
  }
}

/** The pinned publisher has nothing; if others offer the name, say so instead of "not found". */
async function refuseOthers(
  context: NamesContext,
  name: string,
  pins: readonly Pin[],
): Promise<void> {
  // Enough time was spent on looking for the pinned one.
  const finding = { ...context.finding, timeoutMs: 0 };
  const { entries } = await readIndex({ ...context, finding }, name);
  for (const { publicKey } of entries) checkPin(name, publicKey, pins);
}

function firstIsMissing(
  { policy }: NamesContext,
  name: string,
  publishers: number,
  cause: LibreseedError,
): NamesError {
  return new NamesError(
    cause.kind,
    cause.code,
    `${cause.message}. Of ${publishers} publishers of ${name} it is the one that the policy ${policy} chooses; ` +
      `\`libreseed resolve --all ${name}\` shows them, KEY/${name} takes another one's`,
    { cause, detail: cause.detail },
  );
}

/** Whether the publisher has a package of that name, and only lacks the version. */
function hasOtherVersions({ code, detail }: LibreseedError): boolean {
  const versions = detail?.versions;
  return code === "VERSION_NOT_FOUND" && Array.isArray(versions) && versions.length > 0;
}

function nameNotFound(name: string, index: ReadIndex, nowMs: number): NamesError {
  return new NamesError(
    "not-found",
    "NAME_NOT_FOUND",
    `${noPublisherFound(name, index, nowMs)}. If you have its publisher's key, write KEY/${name}`,
    { detail: { name, unknownName: name } },
  );
}

/**
 * What to say of an index in which nobody is listed. A clock that is days off leads to another index,
 * so the sentence names the date.
 *
 * @param nowMs Unix time in milliseconds
 */
export function noPublisherFound(
  name: string,
  { responded, ofFuture }: ReadIndex,
  nowMs: number,
): string {
  const now = new Date(nowMs).toISOString();
  const found = `No publisher of ${name} was found in ${responded} answers of DHT nodes`;
  const mend = "set the clock (`libreseed doctor` checks it)";
  if (ofFuture > 0) {
    const entries = ofFuture === 1 ? "1 entry was" : `${ofFuture} entries were`;
    return `${found}: ${entries} left out as dated in the future. By this machine's clock it is ${now}; ` +
      `if that is wrong, ${mend}; else the publisher's clock was ahead`;
  }
  return `${found}. Names are looked up by the date: by this machine's clock it is ${
    now.slice(0, 10)
  }; if that is wrong, ${mend}`;
}
