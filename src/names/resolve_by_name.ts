/**
 * Resolves a package by its name. The publisher is the pinned one, or the one that the policy chooses among
 * the publishers in the name's index and at its rendezvous.
 *
 * @module
 */

import { LibreseedError, toHex } from "../base/mod.ts";
import type { PublisherPolicy } from "../config/mod.ts";
import { checkDowngrade, higherMarkOf, type Resolved, resolvePackage } from "../fetching/mod.ts";
import { type Certificate, formatPublicKey, parsePublicKey } from "../identity/mod.ts";
import type { NameIndexEntry } from "../records/mod.ts";
import type { Pin } from "../store/mod.ts";
import type { NamesContext } from "./context.ts";
import { NamesError } from "./errors.ts";
import { checkPin } from "./pins.ts";
import { rankPublishers } from "./publisher_policy.ts";
import { noPublisherFound, readIndex, type ReadName } from "./read_index.ts";

/** A requested package. If `publicKey` is absent, pins and the policy determine the publisher. */
export interface WantedByName {
  /** The publisher's key, 32 bytes. */
  publicKey?: Uint8Array;
  name: string;
  range?: string;
}

/** Information about the choice of a publisher, if a name has several publishers and no pin. */
export interface PublisherChoice {
  /** Number of publishers of the name that were found. */
  publishers: number;
  policy: PublisherPolicy;
}

/** A package that was resolved by its name, with the chosen publisher. */
export interface ResolvedByName extends Resolved {
  /** The publisher's key, 32 bytes. */
  publicKey: Uint8Array;
  chosen?: PublisherChoice;
}

/**
 * Resolves a package. The publisher is the one given by key, otherwise the pinned publisher, otherwise the
 * one that the policy chooses.
 *
 * @param without versions known to be unavailable, which are skipped
 * @throws {NamesError} `NAME_NOT_FOUND` (kind `not-found`), `PUBLISHER_CHANGED`, `DOWNGRADE`,
 * `PUBLISHER_NOT_TRUSTED` (kind `verification`), and the errors of {@linkcode resolvePackage}
 */
export async function resolveByName(
  context: NamesContext,
  wanted: WantedByName,
  without?: ReadonlySet<string>,
): Promise<ResolvedByName> {
  const { operations, state, finding, offers } = context;
  const { name, range } = wanted;
  const pins = state.pins.list(name);
  // Read again after the lookups: these may have taught of a revocation, which takes marks back.
  const marked = () => state.pins.list(name);
  const { keys, publishers, unlisted, hint }: Candidates = wanted.publicKey
    // If the user names the publisher by key, pins are not checked.
    ? { keys: [wanted.publicKey], publishers: 1 }
    : await candidatesFor(context, wanted, pins);
  const chosen = publishers > 1 && pins.length === 0
    ? { publishers, policy: context.policy }
    : undefined;
  let missing: LibreseedError | undefined;
  for (const publicKey of keys) {
    if (!wanted.publicKey) checkPin(name, publicKey, pins);
    try {
      const meant = { publicKey, name, range, hint };
      const resolved = await resolvePackage(operations, meant, finding, {
        offers,
        without,
        readFlags: true,
        onShown: context.onShown,
        mayReplace: (version, flags) =>
          higherMarkOf({ name, version, range }, publicKey, marked(), flags) === undefined,
      });
      const { version } = resolved.minimal;
      checkDowngrade({ name, version, range }, publicKey, marked(), resolved.flags);
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
  // Other publishers are considered only if the pinned publisher has nothing under this name. If the pinned
  // publisher merely lacks the version, `VERSION_NOT_FOUND` is thrown.
  const isGone = missing?.code !== "VERSION_NOT_FOUND";
  if (pins.length > 0 && isGone) await refuseOthers(context, name, pins);
  throw publishers > 1 ? firstIsMissing(context, name, publishers, missing!) : missing;
}

/**
 * Tells the user, before a download or pin, which of several publishers was chosen. Each name is reported
 * once.
 */
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

/** Publishers to try for a package name that was requested without a key. */
interface Candidates {
  /** Public keys of the publishers to try, in this order. */
  keys: Uint8Array[];
  /** Number of publishers from which the candidates were chosen. */
  publishers: number;
  /**
   * Index and rendezvous as they were read; set if they have no publisher, so that this home's own
   * publisher is the only candidate.
   */
  unlisted?: ReadName;
  /** Certificate in the entry of the only candidate. */
  hint?: Certificate;
}

async function candidatesFor(
  context: NamesContext,
  { name, range }: WantedByName,
  pins: readonly Pin[],
): Promise<Candidates> {
  const { policy, ownKey } = context;
  // Under the default policy `first-seen`, the pinned publishers are the candidates. Under another policy,
  // `checkPin` later refuses a chosen publisher that is not pinned.
  if (pins.length > 0 && policy === "first-seen") {
    return { keys: pins.map(({ publicKey }) => publicKey), publishers: 1 };
  }
  const trustedKeys = trustedByHand(context);
  const index = await readIndex(
    context,
    name,
    policy === "trusted"
      ? (entries) => entries.some(({ publicKey }) => trustedKeys.has(toHex(publicKey)))
      : undefined,
  );
  const entries = [...index.entries, ...index.byRevokedKey];
  const ranked = await rankPublishers(entries, {
    name,
    range,
    policy,
    pins,
    trustedKeys,
    countSeeders: (entry) => countSeeders(context, name, entry),
  });
  const keys = ranked.map(({ publicKey }) => publicKey);
  const [first] = ranked;
  if (keys.length === 0 && ownKey) return { keys: [ownKey], publishers: 1, unlisted: index };
  if (keys.length === 0) {
    throw nameNotFound(name, index, context.finding.clock.now());
  }
  // Only the highest-ranked publisher is a candidate. If its records are missing, a lower-ranked publisher
  // must not silently take its place.
  return {
    keys: keys.slice(0, 1),
    publishers: entries.length,
    ...(first?.certificate && { hint: first.certificate }),
  };
}

/**
 * Returns the keys that the user trusted explicitly, and this home's own key. Automatic pins do not count.
 */
function trustedByHand({ state, ownKey }: NamesContext): Set<string> {
  const keys = state.pins.list().filter(({ byHand }) => byHand).map(({ publicKey }) => publicKey);
  return new Set([...keys, ...(ownKey ? [ownKey] : [])].map(toHex));
}

async function countSeeders(
  { operations, finding, offers, onDetail }: NamesContext,
  name: string,
  { publicKey, certificate: hint, version }: NameIndexEntry,
): Promise<number> {
  try {
    const wanted = { publicKey, name, range: version, hint };
    const { minimal } = await resolvePackage(operations, wanted, finding, { offers });
    const publisher = parsePublicKey(minimal.pubkey);
    return (await operations.countPeers({ infoHash: minimal.btih, publisher }, finding)).machines;
  } catch (error) {
    // An invalid record of one publisher counts as zero seeders, so that the other publishers are still
    // ranked.
    if (!(error instanceof LibreseedError) || error.kind === "network") throw error;
    onDetail?.(`${formatPublicKey(publicKey)}: ${error.message}`);
    return 0;
  }
}

/** Throws `PUBLISHER_CHANGED` if the index of the name lists publishers that are not pinned. */
async function refuseOthers(
  context: NamesContext,
  name: string,
  pins: readonly Pin[],
): Promise<void> {
  // The index is read without retries, since the search for the pinned publisher has used up the timeout.
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

/** Whether the error means that the publisher has the package, but no version that fits the request. */
function hasOtherVersions({ code, detail }: LibreseedError): boolean {
  const versions = detail?.versions;
  return code === "VERSION_NOT_FOUND" && Array.isArray(versions) && versions.length > 0;
}

function nameNotFound(name: string, index: ReadName, nowMs: number): NamesError {
  return new NamesError(
    "not-found",
    "NAME_NOT_FOUND",
    `${noPublisherFound(name, index, nowMs)}. If you have its publisher's key, write KEY/${name}`,
    { detail: { name, unknownName: name } },
  );
}
