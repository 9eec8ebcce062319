/**
 * Carries out an order to change a publisher's keys: signs certificates and the next publisher record
 * with the root key, and writes the home's files. Nothing is written before everything is signed.
 *
 * @module
 */

import { equalBytes, resolvePath } from "../base/mod.ts";
import {
  type Certificate,
  encryptKey,
  fingerprint,
  formatCertificateFile,
  formatPublicKey,
  generateKeyPair,
  type KeyPair,
  parsePublicKey,
  type PublicKey,
  readPrivateFile,
  type Signer,
  toPkcs8Pem,
} from "../identity/mod.ts";
import { encodeItem, type PublisherRecord, type SigningKey } from "../records/mod.ts";
import { KeysError } from "./errors.ts";
import { changedFiles, KeyDirectory, keyPathsOf } from "./key_directory.ts";
import type { KeyOrder } from "./key_order.ts";
import { certify } from "./new_identity.ts";
import {
  certificateNameOf,
  type OwnKey,
  readOwnKey,
  storedRecord,
  unlockOwnKey,
} from "./own_key.ts";
import {
  EMPTY_RECORD,
  type GoodArchives,
  newestRecord,
  withKey,
  withKeyEnded,
  withRevocation,
} from "./publisher_change.ts";
import { readSignedRecord, signPublisherRecord } from "./publisher_record_file.ts";
import type { KeySurroundings } from "./root_key.ts";
import { terminalNeeded } from "./terminal.ts";

/** The result of a change of keys. */
export interface KeyChange {
  /** The identity: public key of the root, 32 bytes. */
  identity: PublicKey;
  /** The signed publisher record, serialised. */
  record: Uint8Array;
  /** The key that was certified, 32 bytes; absent if none was. */
  key?: PublicKey;
  /** The certificate of `key`, as the file that a home has beside its key. */
  certificate?: string;
  /** The key that was revoked, 32 bytes. */
  revoked?: PublicKey;
  /** Path of the file to which the replaced signing key has moved. */
  keptAs?: string;
}

/** The caller's knowledge of the publisher, besides the home's files. */
export interface KnownElsewhere {
  /**
   * Publisher records of the identity, serialised: from the DHT, and what the home has learned of revoked
   * keys as a reader. Their signatures are verified here.
   */
  seen?: readonly Uint8Array[];
  /** The archives that stay good after a revocation. */
  good?: GoodArchives;
}

/** A change before it is signed. */
interface Plan {
  record: PublisherRecord;
  /** The key to certify. */
  certified?: SigningKey;
  /** Whether `certified` is a new key pair, which becomes the home's signing key. */
  replacesOwn: boolean;
  revoked?: PublicKey;
}

/**
 * Carries out an order. After an error nothing was changed.
 *
 * @param root the root key, opened
 * @param onNewKey called with a new signing key of the home once it is written
 * @throws {KeysError} see `errors.ts`; the errors of key files and records
 */
export async function changeKeys(
  keyPath: string,
  order: KeyOrder,
  known: KnownElsewhere,
  root: Signer,
  at: KeySurroundings,
  onNewKey?: (pair: KeyPair) => void,
): Promise<KeyChange> {
  const paths = keyPathsOf(keyPath);
  using directory = await KeyDirectory.open(paths.directory);
  const own = await readOwnKey(paths, at);
  checkOwn(order, own);
  if (own?.certificate && !equalBytes(own.certificate.root, root.publicKey)) {
    throw rootMismatch(root.publicKey, own.certificate.root);
  }
  const stored = await storedRecord(paths, root.publicKey);
  const seen = (known.seen ?? []).map((one) =>
    readSignedRecord(one, root.publicKey, "in the DHT or in what this home has learned")
  );
  const items = stored ? [stored, ...seen] : seen;
  const newest = newestRecord(items);
  const pair = generateKeyPair();
  const nowMs = at.now();
  const plan = planOf(order, newest?.record ?? recordOf(own?.certificate), {
    own,
    root,
    newKey: pair.publicKey,
    good: known.good ?? { hashes: [] },
    nowMs,
  });
  // An encrypted key is replaced by one under the same passphrase.
  const passphrase = plan.replacesOwn && own?.isEncrypted
    ? await unlockOwnKey(paths.key, at)
    : undefined;
  if (order.do === "revoke") await confirm(order, plan, at);
  const item = await signPublisherRecord(root, plan.record, nowMs, newest?.seq);
  const certificate = plan.certified && await certify(root, plan.certified);
  const record = encodeItem(item);
  const file = certificate && formatCertificateFile(certificate);
  const keptAs = plan.replacesOwn && own?.hasFile
    ? `old-${fingerprint(own.publicKey)}.key`
    : undefined;
  const isForHome = plan.replacesOwn ||
    certificate && own && equalBytes(certificate.key, own.publicKey);
  await directory.change(changedFiles({
    "publisher.record": record,
    ...(file && { [isForHome ? "publisher.cert" : certificateNameOf(certificate!.key)]: file }),
    ...(plan.replacesOwn && {
      "publisher.key": passphrase === undefined ? toPkcs8Pem(pair) : encryptKey(pair, passphrase),
    }),
    ...(keptAs && { [keptAs]: await readPrivateFile(paths.key, at.own) }),
  }));
  if (plan.replacesOwn) onNewKey?.(pair);
  return {
    identity: root.publicKey,
    record,
    ...(certificate && { key: certificate.key, certificate: file! }),
    ...(plan.revoked && { revoked: plan.revoked }),
    ...(keptAs && { keptAs: resolvePath(paths.directory, keptAs) }),
  };
}

/** Refuses an order that the home's own key does not allow. */
function checkOwn(order: KeyOrder, own: OwnKey | undefined): void {
  const isAboutOwn = order.do === "rotate" || order.do === "revoke" && order.key === undefined;
  if (!isAboutOwn) return;
  if (own && !own.certificate) {
    throw invalid(
      "This home's key has no root key, so it cannot be replaced or revoked. Make a root with " +
        "`libreseed keygen --certify-existing`",
    );
  }
  if (order.do === "revoke" && !own) {
    throw invalid("This home has no signing key. Name the key to revoke in place of --current");
  }
}

function planOf(
  order: KeyOrder,
  base: PublisherRecord,
  { own, root, newKey, good, nowMs }: {
    own: OwnKey | undefined;
    root: Signer;
    newKey: PublicKey;
    good: GoodArchives;
    nowMs: number;
  },
): Plan {
  const fresh = { key: newKey, fromMs: nowMs };
  switch (order.do) {
    case "certify": {
      const key = parsePublicKey(order.key);
      refuseRoot(key, root);
      const certified = {
        key,
        fromMs: nowMs,
        ...(order.forMs !== undefined && { untilMs: nowMs + order.forMs }),
        ...(order.names && { names: order.names }),
      };
      const isOwn = own !== undefined && equalBytes(key, own.publicKey);
      const record = withKey(base, certified, nowMs, isOwn);
      return { record, certified, replacesOwn: false };
    }
    case "rotate": {
      const ended = own ? withKeyEnded(base, own.publicKey, nowMs) : base;
      return { record: withKey(ended, fresh, nowMs, true), certified: fresh, replacesOwn: true };
    }
    case "revoke": {
      const key = order.key === undefined ? own!.publicKey : parsePublicKey(order.key);
      refuseRoot(key, root);
      const { reason, sinceMs = nowMs } = order;
      if (sinceMs > nowMs) throw invalid("--since is in the future. Name the time of the theft");
      const revoked = withRevocation(base, { key, sinceMs, reason }, good);
      if (!own || !equalBytes(key, own.publicKey)) {
        return { record: revoked, replacesOwn: false, revoked: key };
      }
      const record = withKey(revoked, fresh, nowMs, true);
      return { record, certified: fresh, replacesOwn: true, revoked: key };
    }
  }
}

/** The record of an identity whose records are all lost, as far as the home's certificate tells. */
function recordOf(certificate: Certificate | undefined): PublisherRecord {
  if (!certificate) return EMPTY_RECORD;
  const { key, fromMs, untilMs, names } = certificate;
  const limits = { ...(untilMs !== undefined && { untilMs }), ...(names && { names }) };
  return { ...EMPTY_RECORD, signingKeys: [{ key, fromMs, ...limits }] };
}

function refuseRoot(key: PublicKey, root: Signer): void {
  if (!equalBytes(key, root.publicKey)) return;
  throw invalid(
    `${
      formatPublicKey(key)
    } is the root key itself, which certifies signing keys and signs nothing else`,
  );
}

async function confirm(
  order: KeyOrder & { do: "revoke" },
  { record, revoked }: Plan,
  { terminal }: KeySurroundings,
): Promise<void> {
  if (order.yes) return;
  if (!terminal.isThere) {
    throw terminalNeeded("confirm with --yes. A revocation cannot be taken back");
  }
  const count = record.goodList ? "those in the list" : `${record.good?.length ?? 0}`;
  terminal.show(
    `${formatPublicKey(revoked!)} will be revoked for ever: ${order.reason}.\n` +
      `Archives of revoked keys that stay good: ${count}.\n`,
  );
  const answer = await terminal.ask("Sign it? [y/N] ");
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new KeysError(
    "failed",
    "UNCONFIRMED",
    "The revocation was not signed. Nothing was changed",
  );
}

function rootMismatch(given: PublicKey, needed: PublicKey): KeysError {
  return new KeysError(
    "failed",
    "ROOT_MISMATCH",
    `The root key is ${formatPublicKey(given)}, and this home's identity is ` +
      `${formatPublicKey(needed)}. Name the root key of this identity`,
  );
}

function invalid(message: string): KeysError {
  return new KeysError("failed", "KEY_CHANGE_INVALID", message);
}
