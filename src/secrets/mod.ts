/**
 * Secrets in files: private keys, tokens, credentials. Looks at bytes that others read, and knows
 * nothing of packages.
 *
 * @module
 */

export { type FileScan, SecretDetector } from "./detector.ts";
export { LookBudget } from "./look_budget.ts";
export { SmallFiles } from "./small_files.ts";
export { textUnitsOf } from "./text_units.ts";
