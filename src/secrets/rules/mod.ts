/**
 * Rules that recognise private keys, tokens and credentials.
 *
 * `rule.ts` defines a rule for text: anchors, which a fast search finds, and a regular expression,
 * which is tried where an anchor is found. `key_rules.ts`, `setting_rules.ts` and
 * `request_rules.ts` contain such rules. `provider_tokens.ts` and `service_tokens.ts` contain
 * tables of tokens, from which rules are made. `all_rules.ts` lists all rules for text.
 *
 * `named_files.ts` and `deployment_files.ts` contain rules for files whose names suggest
 * credentials. `binary_keys.ts` recognises binary formats by their first bytes. `placeholder.ts`
 * and `pem.ts` distinguish secrets from samples in documentation.
 *
 * To add a token, add a row to one of the two tables of tokens and run `scripts/group_anchors.ts`.
 *
 * @module
 */

export { allRules } from "./all_rules.ts";
export { binaryKey, HEAD_BYTES, isBinaryHead } from "./binary_keys.ts";
export { NAMED_BYTES, type NamedFile } from "./named_file.ts";
export { namedFilesOf } from "./named_files.ts";
export type { Rule } from "./rule.ts";
