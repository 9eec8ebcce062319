/**
 * The chain that verifies an archive, and unpacking.
 *
 * @module
 */

export { takeArchive, type TakenArchive, type TakeOptions } from "./take.ts";
export { checkUnpackTarget } from "./unpack.ts";
export { type VerifiedArchive, verifyArchive, type VerifyOptions } from "./verify.ts";
export { type ArrivingOptions, verifyArriving } from "./verify_arriving.ts";
