/**
 * The shapes of private keys, tokens and credentials.
 *
 * `rule.ts` defines the form of a rule for text: anchors, which the fast search looks for, and a
 * regular expression that is tried where an anchor is found. `key_rules.ts`, `setting_rules.ts` and
 * `request_rules.ts` hold rules; `provider_tokens.ts` and `service_tokens.ts` hold tables of
 * tokens, from which rules are made; `all_rules.ts` lists them all. `named_files.ts` and
 * `deployment_files.ts` judge files with telling names by their contents, and `binary_keys.ts`
 * judges binary formats by their first bytes. `placeholder.ts` and `pem.ts` tell secrets from
 * samples in documentation.
 *
 * A new token is a row in one of the two tables; after it, `scripts/group_anchors.ts` has to be
 * run.
 *
 * @module
 */

export { allRules } from "./all_rules.ts";
export { binaryKey, HEAD_BYTES, isBinaryHead } from "./binary_keys.ts";
export { NAMED_BYTES, type NamedFile } from "./named_file.ts";
export { namedFilesOf } from "./named_files.ts";
export type { Rule } from "./rule.ts";
