/**
 * Verifies that an archive is what its publisher signed, and unpacks it.
 *
 * {@linkcode verifyArchive} (`verify.ts`) is the place to start: the chain of steps that
 * {@linkcode VerificationStep} lists, from the minimal manifest's signature to the hash of every file
 * (`check_files.ts`). It streams, so memory does not grow with the archive, and unpacks on the way
 * (`unpack.ts`) to a directory that appears only if every step holds.
 *
 * Two other operations run the same steps in another order:
 *
 * - {@linkcode verifyArriving} verifies an archive while it is downloaded;
 * - {@linkcode takeArchive} verifies, copies and hashes an archive in one read.
 *
 * The room decides nothing about trust: callers say which key has to have signed. Untrusted bytes are
 * bounded and checked in `../archive`, `../manifest` and `../paths`.
 *
 * @module
 */

export { takeArchive, type TakenArchive, type TakeOptions } from "./take.ts";
export { checkUnpackTarget } from "./unpack.ts";
export { type VerifiedArchive, verifyArchive, type VerifyOptions } from "./verify.ts";
export { type ArrivingOptions, verifyArriving } from "./verify_arriving.ts";
