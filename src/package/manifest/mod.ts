/**
 * The signed JSON documents of a package, the rules for names and versions, and the metadata from
 * `package.json` and `deno.json`.
 *
 * - The full manifest (`full_manifest.ts`, `full_reader.ts`) lies in the archive and lists every
 *   file with its SHA-256. It may be 16 MiB of untrusted bytes, so `readFull` reads it in windows.
 * - The minimal manifest (`minimal_manifest.ts`) identifies the archive by its hashes. It lies
 *   beside the archive, and a manifest record in the DHT carries its fields.
 * - A catalog (`catalog.ts`) holds all minimal manifests of one publisher, one per line. Its index
 *   (`catalog_index.ts`, `catalog_index_reader.ts`) is for readers that need a small part of it.
 *
 * Both manifests have exactly one byte form, canonical JSON and a line feed (`signed_json.ts`);
 * readers accept no other. Signatures are Ed25519 over that form without the field `signature`.
 *
 * `names.ts` has the rules for names and versions, and the file names derived from them. `spec.ts`
 * parses `[KEY/]NAME[@RANGE]`. `metadata.ts` reads `package.json` and `deno.json`.
 *
 * The rules for paths are in `../paths`. Archives and torrents are in rooms of their own. To start,
 * read `full_schema.ts` for the fields and `signed_json.ts` for the signing.
 *
 * @module
 */

export {
  type Catalog,
  catalogFileName,
  catalogKey,
  flagLines,
  MAX_CATALOG_BYTES,
  parseCatalog,
  parseCatalogInTurns,
  serializeCatalog,
} from "./catalog.ts";
export { catalogFlags } from "./catalog_flags.ts";
export {
  buildIndex,
  INDEX_ENTRY_BYTES,
  INDEX_PIECE_BYTES,
  indexFileName,
} from "./catalog_index.ts";
export {
  type IndexedPackage,
  IndexHead,
  type IndexRange,
  indexSizes,
} from "./catalog_index_reader.ts";
export { catalogVersions, growCatalog, type GrownCatalog } from "./catalog_growth.ts";
export { contentHash, formatSha256, parseSha256 } from "./content_hash.ts";
export {
  claimedUnpackedBytes,
  manifestFields,
  saysTheSame,
  serializeFull,
  signFull,
  verifyFullSignature,
  withUnpackedBytes,
} from "./full_manifest.ts";
export { hashAt, memoryForFull, parseFull, readFull, type ReadManifest } from "./full_reader.ts";
export type { FullManifest } from "./full_schema.ts";
export { manifestLength, manifestTooLarge } from "./manifest_length.ts";
export {
  invalidMetadata,
  type Metadata,
  readJsonFile,
  readMetadata,
  unreadDependencies,
} from "./metadata.ts";
export {
  MAX_MINIMAL_MANIFEST_BYTES,
  type MinimalManifest,
  parseMinimal,
  serializeMinimal,
  signMinimal,
  verifyMinimalSignature,
} from "./minimal_manifest.ts";
export {
  archiveFileName,
  isArchiveOf,
  isNewerVersion,
  isOutputOf,
  isValidName,
  isValidVersion,
  minimalFileName,
  otherArchiveFileName,
  torrentFileName,
  validateName,
  validateVersion,
} from "./names.ts";
export { canonicalJson, type Unsigned } from "./signed_json.ts";
export {
  certificateOf,
  CERTIFIED_PROTOCOL,
  checkProtocol,
  type Ext,
  problemOfCertificate,
  PROTOCOL,
  type Protocol,
  type SignerFields,
  signerFields,
  signingKeyOf,
} from "./signer_field.ts";
export { isValidRange, LATEST, type PackageSpec, parsePackageSpec } from "./spec.ts";
