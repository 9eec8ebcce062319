/**
 * Rules: the shapes of private keys, tokens and credentials.
 *
 * @module
 */

export { binaryKey, HEAD_BYTES, isBinaryHead } from "./binary_keys.ts";
export { NAMED_BYTES, type NamedFile, namedFilesOf } from "./named_files.ts";
export { allRules, type Rule } from "./rules.ts";
