/**
 * The signed publisher record: signs it with the root key, and reads it from the home or from the DHT.
 * Only bytes that the root key has signed are decoded here, because this code runs where the keys
 * are.
 *
 * @module
 */

import { equalBytes, MAX_SEQ_AHEAD_MS } from "../base/mod.ts";
import type { PublicKey, Signer } from "../identity/mod.ts";
import {
  decodeItem,
  decodePublisherRecord,
  encodePublisherRecord,
  type MutableItem,
  nextSeq,
  type PublisherRecord,
  publisherSalt,
  RecordError,
  signItem,
  verifyItem,
} from "../records/mod.ts";
import { KeysError } from "./errors.ts";

/**
 * Signs a publisher record.
 *
 * @param storedSeq the largest sequence number that is known for it
 * @throws {KeysError} `RECORD_INVALID` if the sequence number is more than 100 years ahead;
 * {@linkcode RecordError} `VALUE_TOO_LARGE`
 */
export async function signPublisherRecord(
  root: Signer,
  record: Omit<PublisherRecord, "timestampMs">,
  nowMs: number,
  storedSeq?: number,
): Promise<MutableItem> {
  const seq = nextSeq(nowMs, storedSeq);
  if (seq > nowMs + MAX_SEQ_AHEAD_MS) {
    throw new KeysError(
      "failed",
      "RECORD_INVALID",
      `The publisher record that is known has the sequence number ${storedSeq}, more than 100 years ` +
        "ahead of the clock, so no record is signed after it. Compare the clock of this machine",
    );
  }
  const value = encodePublisherRecord({ ...record, timestampMs: nowMs });
  return await signItem(root, { salt: publisherSalt(), seq, value });
}

/**
 * Reads a serialised publisher record of an identity, and verifies its signature and its content.
 *
 * @param where names the record in an error: `in keys/publisher.record`
 * @throws {KeysError} `RECORD_INVALID`
 */
export function readSignedRecord(bytes: Uint8Array, root: PublicKey, where: string): MutableItem {
  const item = decodeOf(bytes);
  const isSigned = item && equalBytes(item.publicKey, root) &&
    equalBytes(item.salt, publisherSalt()) && verifyItem(item);
  if (!isSigned) {
    throw invalidRecord(where, "is damaged, or another key than the identity's root has signed it");
  }
  try {
    decodePublisherRecord(item.value);
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    throw invalidRecord(where, `is signed by the root key, but ${error.message}`);
  }
  return item;
}

function invalidRecord(where: string, why: string): KeysError {
  return new KeysError("verification", "RECORD_INVALID", `The publisher record ${where} ${why}`);
}

function decodeOf(bytes: Uint8Array): MutableItem | undefined {
  try {
    return decodeItem(bytes);
  } catch {
    return undefined;
  }
}
