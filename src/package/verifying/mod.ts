/**
 * Verifies that an archive is exactly what its publisher signed, and unpacks it.
 *
 * {@linkcode verifyArchive} (`verify.ts`) is the place to start. It runs the chain of steps that
 * {@linkcode VerificationStep} lists, from the minimal manifest's signature to the hash of every
 * file (`check_files.ts`). It streams the archive, so memory does not grow with the archive. It
 * unpacks during the same pass (`unpack.ts`), to a directory that appears only if every step
 * succeeds.
 *
 * Other operations run the same steps in another order:
 *
 * - {@linkcode verifyArriving} verifies an archive while it is downloaded, and
 *   {@linkcode verifyDownloaded} afterwards, both as bytes: no file is inflated;
 * - {@linkcode readBeginning} and {@linkcode readFileOfBeginning} read the manifest or one file while
 *   the rest of the archive is not there;
 * - {@linkcode listFiles} lists the files of an archive, as far as there is time;
 * - {@linkcode takeArchive} verifies, copies and hashes an archive in one read.
 *
 * The room makes no decisions about trust: callers hand in the key that must have signed.
 * `../archive`, `../manifest` and `../paths` bound and check untrusted bytes.
 *
 * @module
 */

export {
  type FileListing,
  type ListedFile,
  listFiles,
  type ListFilesOptions,
} from "./list_files.ts";
export {
  type BeginningOptions,
  type FileOptions,
  type OpenedFile,
  readBeginning,
  readFileOfBeginning,
} from "./read_beginning.ts";
export { takeArchive, type TakenArchive, type TakeOptions } from "./take.ts";
export type { ExistingFiles } from "./existing_files.ts";
export { checkDirectoryOf, checkUnpackTarget } from "./unpack.ts";
export { type VerifiedArchive, verifyArchive, type VerifyOptions } from "./verify.ts";
export {
  type ArrivingOptions,
  type DownloadedArchive,
  type DownloadedOptions,
  verifyArriving,
  verifyDownloaded,
} from "./verify_arriving.ts";
