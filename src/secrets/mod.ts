/**
 * Secrets in files: private keys, tokens and credentials that must not be packed by accident.
 *
 * `SecretDetector` holds the rules. Its `file()` starts a `FileScan`, which takes one file in
 * chunks and says which kind of secret the file holds. `SmallFileBatch` scans many small files at a
 * time, which is faster. A `ScanBudget` bounds what the files of one package may cost, so that a
 * hostile file cannot make the scan slow.
 *
 * A scan has two stages. `AnchorSearch`, a WebAssembly program that `search_*.ts` and
 * `wasm_assembler.ts` put together, finds anchors: short texts of which every secret contains at
 * least one. The regular expression of an anchor's rule is then tried at that place. Files with
 * telling names (`.env`, `.npmrc`) and binary formats have rules of their own. All rules are in
 * `rules/`.
 *
 * This room takes bytes and paths. It reads no files and knows nothing of packages;
 * `src/package/packing` feeds it and refuses what it finds. To add a token, start in
 * `rules/rule.ts`; to follow a scan, in `detector.ts`.
 *
 * @module
 */

export { type FileScan, SecretDetector } from "./detector.ts";
export { ScanBudget } from "./scan_budget.ts";
export { SmallFileBatch } from "./small_file_batch.ts";
export { textUnitsOf } from "./text_units.ts";
