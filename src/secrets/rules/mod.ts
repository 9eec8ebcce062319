/**
 * Rules: the shapes of private keys, tokens and credentials.
 *
 * @module
 */

export { allRules } from "./all_rules.ts";
export { binaryKey, HEAD_BYTES, isBinaryHead } from "./binary_keys.ts";
export { NAMED_BYTES, type NamedFile } from "./named_file.ts";
export { namedFilesOf } from "./named_files.ts";
export type { Rule } from "./rule.ts";
