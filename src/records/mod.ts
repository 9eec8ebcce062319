/**
 * The bytes that libreseed puts into the DHT: BEP 44 items and the three records that they carry.
 *
 * - {@linkcode MutableItem} is a signed item; `item.ts` signs and verifies it and computes its target.
 *   {@linkcode encodeItem} gives its one serialised form.
 * - `manifest_record.ts`, `announce_record.ts` and `name_index.ts` encode and decode the value of each
 *   record; `name_index_merge.ts` merges the entries of several copies of an index.
 * - `places.ts` says where each record lies: its salt, and the key pair of a name's index.
 * - `magnet.ts` reads and writes magnet links.
 *
 * Decoders are strict and throw a {@linkcode RecordError}. The room knows neither network nor clock:
 * `src/dht` moves items, and the time is handed in. The encoding itself is `src/bencode`.
 *
 * Start reading in `item.ts`, then `manifest_record.ts`.
 *
 * @module
 */

export {
  type AnnounceFields,
  announceFits,
  type AnnounceRecord,
  decodeAnnounceRecord,
  encodeAnnounceRecord,
  encodeCatalogRecord,
} from "./announce_record.ts";
export { RecordError } from "./errors.ts";
export {
  immutableTarget,
  MAX_SALT_BYTES,
  type MutableItem,
  nextSeq,
  signableBytes,
  signItem,
  targetOf,
  verifyItem,
} from "./item.ts";
export { MAX_VALUE_BYTES } from "./item_value.ts";
export { decodeItem, encodeItem, encodeSeq, MAX_ITEM_BYTES, targetOfBytes } from "./item_bytes.ts";
export { formatMagnet, type Magnet, type MagnetPeer, parseMagnet } from "./magnet.ts";
export {
  decodeManifestRecord,
  encodeManifestRecord,
  type ManifestRecord,
} from "./manifest_record.ts";
export {
  decodeNameIndex,
  encodeNameIndex,
  type NameIndexEntry,
  signNameIndexEntry,
  verifyNameIndexEntry,
} from "./name_index.ts";
export { type DroppedEntry, type MergedNameIndex, mergeNameIndex } from "./name_index_merge.ts";
export {
  announceSalt,
  dayOf,
  manifestSalt,
  NAME_INDEX_SLOTS,
  nameIndexKeyPair,
  nameIndexSalt,
  nameIndexSlot,
} from "./places.ts";
