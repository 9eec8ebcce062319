/**
 * Puts the publisher record of this home's identity into the DHT. The record leads readers from the
 * identity to the keys that sign for it, so it comes before everything that these keys sign.
 *
 * @module
 */

import { equalBytes } from "../base/mod.ts";
import { isNetworkError, newestRecord } from "../fetching/mod.ts";
import { formatPublicKey, type Signer } from "../identity/mod.ts";
import {
  decodeItem,
  decodePublisherRecord,
  type MutableItem,
  publisherSalt,
  RecordError,
  verifyItem,
} from "../records/mod.ts";
import type { PublisherContext } from "./context.ts";
import { PublishingError } from "./errors.ts";

/** The calls of {@linkcode putPublisherRecord}, by the signer. */
const puts = new WeakMap<Signer, Promise<void>>();

/**
 * Calls {@linkcode putPublisherRecord} once for a signer, however many packages a command publishes.
 *
 * @throws as `putPublisherRecord`
 */
export function putPublisherRecordOnce(context: PublisherContext, signer: Signer): Promise<void> {
  const before = puts.get(signer);
  if (before) return before;
  const put = putPublisherRecord(context, signer);
  puts.set(signer, put);
  return put;
}

/**
 * Puts the publisher record that lies beside the signing key, unless this home keeps the same or a newer
 * one already. A newer one that the DHT shows is put in its place. Without the DHT, the record is kept, so
 * that `libreseed announce` can put it later.
 *
 * @throws {PublishingError} `PUBLISHER_RECORD_INVALID` if the root key has not signed the record beside the
 * key, or the record is malformed; `KEY_WITHDRAWN` if the newest record does not have the signing key in force
 */
export async function putPublisherRecord(
  context: PublisherContext,
  { publicKey, certificate, publisherRecord }: Signer,
): Promise<void> {
  if (!certificate) return;
  const { operations, clock, isOffline, signal, onWarning } = context;
  const { root } = certificate;
  const ours = publisherRecord && readOurs(publisherRecord, root);
  const key = { publicKey: root, salt: publisherSalt() };
  const { item } = await newestRecord(operations, key, {
    ...{ isOffline, signal },
    rendezvous: { identity: root, clock },
  });
  const newest = ours && !(item && item.seq >= ours.seq) ? ours : item;
  if (!newest) {
    onWarning?.(
      "the record with this publisher's keys is neither beside the key nor in the DHT, so readers who " +
        "know the identity only find nothing. Run `libreseed announce` on the machine with the root key",
    );
    return;
  }
  const kept = (await operations.keptItem(key)).item;
  if (!(kept && kept.seq >= newest.seq)) await keep(newest, context);
  // The record is kept before the refusal, so that the home learns of its own key's revocation.
  checkInForce(newest, publicKey);
}

/** Keeps a record in the home, and puts it into the DHT. */
async function keep(
  item: MutableItem,
  { operations, isOffline, signal, onWarning }: PublisherContext,
): Promise<void> {
  try {
    const record = { kind: "publisher" as const };
    await operations.store({ item, record, later: isOffline }, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    if (!isNetworkError(error)) throw error;
    onWarning?.(
      "no node took the record with this publisher's keys; `libreseed announce` tries again",
    );
  }
}

function readOurs(bytes: Uint8Array, root: Uint8Array): MutableItem {
  let why = "the identity's root key has not signed it";
  try {
    const item = decodeItem(bytes);
    const isOurs = equalBytes(item.publicKey, root) && equalBytes(item.salt, publisherSalt());
    if (isOurs && verifyItem(item)) {
      decodePublisherRecord(item.value);
      return item;
    }
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    why = error.message;
  }
  throw new PublishingError(
    "verification",
    "PUBLISHER_RECORD_INVALID",
    `The publisher record in publisher.record beside this home's key cannot be used: ${why}. Move the ` +
      "file away: the record in the DHT is used then",
  );
}

/** Throws if the newest record of an identity does not let a key sign any more. */
function checkInForce({ value }: MutableItem, publicKey: Uint8Array): void {
  const { signingKeys, revokedKeys } = decodePublisherRecord(value);
  if (signingKeys.some(({ key }) => equalBytes(key, publicKey))) return;
  const revoked = revokedKeys.find(({ key }) => equalBytes(key, publicKey));
  const reason = revoked?.reason === undefined ? "" : ` (${JSON.stringify(revoked.reason)})`;
  throw new PublishingError(
    "failed",
    "KEY_WITHDRAWN",
    `This home's signing key ${formatPublicKey(publicKey)} is ${
      revoked ? `revoked${reason}` : "not among the keys that its identity has in force"
    }, so readers refuse what it signs. Have the root key certify a new one: \`libreseed key rotate\``,
  );
}
