/**
 * Detects secrets in files (private keys, tokens and credentials), so that they are not published
 * by accident.
 *
 * `SecretDetector` holds the rules. Its method `file()` starts a `FileScan`, which receives one
 * file in chunks and returns the kind of secret in the file. `SmallFileBatch` scans many small
 * files together, which is faster. A `ScanBudget` limits the work for the files of one package, so
 * that a malicious file cannot make the scan slow.
 *
 * A scan has two stages. First, `AnchorSearch` finds anchors: short texts, at least one of which
 * occurs in every secret. Then the regular expression of the anchor's rule is tried at that place.
 * `AnchorSearch` is a WebAssembly program, assembled by `search_*.ts` and `wasm_assembler.ts`.
 * Files whose names suggest credentials (`.env`, `.npmrc`) and binary formats have rules of their
 * own. All rules are in `rules/`.
 *
 * This folder handles bytes and paths only; it does not read files. `src/package/packing` passes
 * files to it and refuses those with secrets. To add a kind of token, start reading in
 * `rules/rule.ts`; to understand a scan, start in `detector.ts`.
 *
 * @module
 */

export { type FileScan, SecretDetector } from "./detector.ts";
export { ScanBudget } from "./scan_budget.ts";
export { SmallFileBatch } from "./small_file_batch.ts";
export { textUnitsOf } from "./text_units.ts";
