/**
 * Encoding and decoding of everything that libreseed writes into the DHT.
 *
 * - `item.ts` signs and verifies {@linkcode MutableItem}s (BEP 44); `item_bytes.ts` serialises
 *   items, and `item_value.ts` encodes their values.
 * - Four types of records are the values of items. The manifest record (`manifest_record.ts`)
 *   describes one version of a package. The announce record (`announce_record.ts`) lists the
 *   packages of a publisher. The name index (`name_index.ts`, `name_index_merge.ts`) lists the
 *   publishers of a package name. The publisher record (`publisher_record.ts`) lists the keys that a
 *   root key has certified and revoked; `certificate_value.ts` encodes certificates in records.
 * - `places.ts` computes the salt of each record, and the key pair of a name index. Public key and
 *   salt give the DHT target of an item.
 * - `rendezvous.ts` has the infohashes at which peers meet that know a name or a publisher, and the
 *   messages that they exchange there.
 * - `magnet.ts` parses and formats magnet links.
 *
 * Decoders are strict and throw a {@linkcode RecordError}. No function uses the network, a clock or a
 * file: the `dht` room transfers the items, and callers pass in the time.
 *
 * Start with `item.ts`.
 *
 * @module
 */

export {
  type AnnounceFields,
  announceFits,
  type AnnounceRecord,
  type CatalogRecordFields,
  decodeAnnounceRecord,
  encodeAnnounceRecord,
  encodeCatalogRecord,
  flagsFit,
} from "./announce_record.ts";
export { RecordError } from "./errors.ts";
export {
  immutableTarget,
  MAX_SALT_BYTES,
  type MutableItem,
  nextSeq,
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
export {
  type DroppedEntry,
  type MergedNameIndex,
  mergeNameIndex,
  newestEntries,
} from "./name_index_merge.ts";
export {
  announceSalt,
  dayOf,
  manifestSalt,
  NAME_INDEX_SLOTS,
  nameIndexKeyPair,
  nameIndexSalt,
  nameIndexSlot,
  publisherSalt,
} from "./places.ts";
export {
  decodeGoodList,
  decodePublisherRecord,
  encodeGoodList,
  encodePublisherRecord,
  GOOD_HASH_BYTES,
  isGoodList,
  MAX_INLINE_GOOD,
  MAX_REASON_BYTES,
  MAX_REVOKED_KEYS,
  MAX_SIGNING_KEYS,
  type PublisherRecord,
  type RevokedKey,
  type SigningKey,
} from "./publisher_record.ts";
export {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  MAX_QUESTIONS,
  MAX_RENDEZVOUS_BYTES,
  MAX_RENDEZVOUS_ENTRIES,
  MAX_RENDEZVOUS_ITEMS,
  nameRendezvous,
  publisherRendezvous,
  type RendezvousAnswer,
  rendezvousOf,
  type RendezvousQuestion,
  type SeederFacts,
} from "./rendezvous.ts";
