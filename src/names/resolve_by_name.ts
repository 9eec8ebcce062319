/**
 * From a bare name to a package: the pinned publisher, or the publisher that the policy chooses among
 * those in the name's index.
 *
 * @module
 */

import { LibreseedError, toHex } from "../base/mod.ts";
import type { PublisherPolicy } from "../config/mod.ts";
import { checkDowngrade, higherMarkOf, type Resolved, resolvePackage } from "../fetching/mod.ts";
import { formatPublicKey } from "../identity/mod.ts";
import type { NameIndexEntry } from "../records/mod.ts";
import type { Pin } from "../store/mod.ts";
import type { NamesContext } from "./context.ts";
import { NamesError } from "./errors.ts";
import type { ReadIndex } from "./name_index.ts";
import { checkPin } from "./pins.ts";
import { rankPublishers } from "./publisher_policy.ts";
import { noPublisherFound, readIndex } from "./read_index.ts";

/** A requested package; without a key, pins and the policy choose the publisher. */
export interface WantedByName {
  /** The publisher's key, 32 bytes. */
  publicKey?: Uint8Array;
  name: string;
  range?: string;
}

/** How a publisher was chosen for a name that has several and no pin. */
export interface PublisherChoice {
  /** Number of publishers of the name. */
  publishers: number;
  policy: PublisherPolicy;
}

/** A package found by its name. */
export interface ResolvedByName extends Resolved {
  /** The publisher's key, 32 bytes. */
  publicKey: Uint8Array;
  chosen?: PublisherChoice;
}

/**
 * Resolves a package. The publisher is the key in `wanted`, else the pinned one, else the one that the
 * policy chooses.
 *
 * @param without unavailable versions, which are not tried again
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
    // A publisher named by its key need not be pinned.
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
        mayReplace: (version) =>
          higherMarkOf({ name, version, range }, publicKey, pins) === undefined,
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
  // If the pinned publisher exists and lacks the version, other publishers are no substitute.
  const isGone = missing?.code !== "VERSION_NOT_FOUND";
  if (pins.length > 0 && isGone) await refuseOthers(context, name, pins);
  throw publishers > 1 ? firstIsMissing(context, name, publishers, missing!) : missing;
}

/** Reports the choice among several publishers, once for a name, before any download or pin. */
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

/** Publishers that a name may mean. */
interface Candidates {
  /** Keys to try, in order. */
  keys: Uint8Array[];
  /** Number of publishers that they were chosen from. */
  publishers: number;
  /** The empty index of the name, if the only candidate is this home's own publisher. */
  unlisted?: ReadIndex;
}

async function candidatesFor(
  context: NamesContext,
  { name, range }: WantedByName,
  pins: readonly Pin[],
): Promise<Candidates> {
  const { policy, ownKey } = context;
  // Under the default policy a pin decides. Under another policy, `checkPin` judges its choice.
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
  // Only the first: a lower-ranked publisher must not silently replace a publisher without records.
  return { keys: keys.slice(0, 1), publishers: index.entries.length };
}

/** Keys that the user trusted, and this home's own. A pin of a first use is no statement of trust. */
function trustedByHand({ state, ownKey }: NamesContext): Set<string> {
  const keys = state.pins.list().filter(({ byHand }) => byHand).map(({ publicKey }) => publicKey);
  return new Set([...keys, ...(ownKey ? [ownKey] : [])].map(toHex));
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
    // An invalid record of one publisher must not hide the other publishers.
    if (!(error instanceof LibreseedError) || error.kind === "network") throw error;
    onDetail?.(`${formatPublicKey(publicKey)}: ${error.message}`);
    return 0;
  }
}

/** Throws `PUBLISHER_CHANGED` if the pinned publisher has nothing and others list the name. */
async function refuseOthers(
  context: NamesContext,
  name: string,
  pins: readonly Pin[],
): Promise<void> {
  // One attempt: the search for the pinned publisher has used the timeout already.
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

/** Whether the error says that the publisher has the package in other versions. */
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
