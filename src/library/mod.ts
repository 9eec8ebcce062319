/**
 * The face for programs: packing, verifying, records and magnet links, with types of their own, so that
 * the types inside may change. `mod.ts` in the top folder exports it together with the client of the HTTP
 * API; docs/library.md describes it.
 *
 * Runs in Deno and Node.js (`scripts/library.ts`). No function here needs the network, a home or a
 * thread. Errors are {@linkcode LibreseedError}s, with the codes of the rooms that throw them.
 *
 * Start reading in `verify.ts`.
 *
 * @module
 */

export { type ErrorKind, LibreseedError, type LibreseedErrorOptions } from "./errors.ts";
export { formatMagnet, type Magnet, magnetOf, parseMagnet } from "./magnet.ts";
export {
  checkManifest,
  fingerprintOf,
  formatManifest,
  type FullManifest,
  type Manifest,
  type ManifestFields,
  type ManifestSigner,
  parseManifest,
  readManifestBeside,
} from "./manifests.ts";
export { packDirectory, type PackedArchive, type PackOptions, type PackProgress } from "./pack.ts";
export {
  type AnnounceRecord,
  decodeItem,
  encodeItem,
  makeManifestRecord,
  type ManifestRecord,
  type NameIndexEntry,
  type PublisherRecord,
  readAnnounceRecord,
  readManifestRecord,
  readNameIndex,
  readPublisherRecord,
  type SignedItem,
  targetOfItem,
  verifyItem,
} from "./records.ts";
export { type OpenKeyOptions, SigningKey } from "./signing_key.ts";
export {
  type VerificationStep,
  type VerifiedArchive,
  verifyArchive,
  type VerifyLimits,
  type VerifyOptions,
} from "./verify.ts";
