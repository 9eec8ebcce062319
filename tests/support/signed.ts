/**
 * Signs records and manifests at once, for fixtures. The program signs them by a promise, because
 * another thread has the key. The helpers do not validate the fields.
 *
 * @module
 */

import { toBase64, utf8 } from "../../src/base/mod.ts";
import { manifestValue } from "../../src/fetching/manifest_record.ts";
import {
  formatPublicKey,
  type KeyPair,
  type Statement,
  statementBytes,
} from "../../src/identity/mod.ts";
import {
  type FullManifest,
  type MinimalManifest,
  PROTOCOL,
  serializeFull,
  serializeMinimal,
  type Unsigned,
} from "../../src/package/mod.ts";
import { manifestSalt, type MutableItem, type NameIndexEntry } from "../../src/records/mod.ts";

function signed(pair: KeyPair, statement: Statement): Uint8Array {
  return pair.signBytes(statementBytes(statement, pair.publicKey));
}

/** Makes a signed item; `value` is bencoded. */
export function signedItem(
  pair: KeyPair,
  { salt, seq, value }: Pick<MutableItem, "salt" | "seq" | "value">,
): MutableItem {
  const signature = signed(pair, { kind: "record", salt, seq, value });
  return { publicKey: pair.publicKey, salt, seq, value, signature };
}

/** Makes a publisher's signed entry in the index of a name. */
export function signedEntry(
  pair: KeyPair,
  name: string,
  { version, firstSeenMs, timestampMs }: Pick<
    NameIndexEntry,
    "version" | "firstSeenMs" | "timestampMs"
  >,
): NameIndexEntry {
  const fields = { version, firstSeenMs, timestampMs };
  const signature = signed(pair, { kind: "name entry", name, ...fields });
  return { publicKey: pair.publicKey, ...fields, signature };
}

/** Makes a signed minimal manifest. */
export function signedMinimal(
  fields: Unsigned<MinimalManifest>,
  pair: KeyPair,
): MinimalManifest {
  const { name, version, archiveSha256, btih, length, timestamp } = fields;
  const pubkey = formatPublicKey(pair.publicKey);
  const unsigned = {
    protocol: PROTOCOL,
    name,
    version,
    archiveSha256,
    btih,
    length,
    timestamp,
  } as const;
  const text = serializeMinimal({ ...unsigned, pubkey } as MinimalManifest);
  const signature = signed(pair, { kind: "minimal manifest", json: withoutLineFeed(text) });
  return { ...unsigned, pubkey, signature: `ed25519:${toBase64(signature)}` };
}

/** Makes a signed full manifest. */
export function signedFull(fields: Unsigned<FullManifest>, pair: KeyPair): FullManifest {
  const unsigned = { ...fields, protocol: PROTOCOL, pubkey: formatPublicKey(pair.publicKey) };
  const text = serializeFull(unsigned as FullManifest);
  const signature = signed(pair, { kind: "full manifest", json: withoutLineFeed(text) });
  return { ...JSON.parse(text), signature: `ed25519:${toBase64(signature)}` };
}

/** Makes the signed record of a minimal manifest. */
export function signedRecord(minimal: MinimalManifest, pair: KeyPair, seq: number): MutableItem {
  const salt = manifestSalt(minimal.name, minimal.version);
  return signedItem(pair, { salt, seq, value: manifestValue(minimal) });
}

function withoutLineFeed(text: string): Uint8Array {
  return utf8(text.slice(0, -1));
}
