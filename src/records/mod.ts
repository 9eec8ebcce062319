/**
 * What libreseed writes into the DHT: BEP 44 items, the three records that they carry, where each is
 * found, and magnet links. Bytes in, bytes out: no network, no clock, no files.
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
