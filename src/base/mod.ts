/**
 * Basic building blocks that know nothing of packages, records or the network. This folder imports
 * no other folder of `src`, and every other folder may import it.
 *
 * - {@linkcode LibreseedError} is the base class of the error class of each folder. Its `kind`
 *   determines the exit code; its `code` is part of the API.
 * - {@linkcode Clock} provides the time of day and timers. Tests pass a simulated clock.
 * - {@linkcode eachLimited} processes many items with bounded concurrency, {@linkcode KeyedQueue}
 *   runs work of the same key in order, {@linkcode TokenBucket} limits a rate, {@linkcode setNewest}
 *   the entries of a map.
 * - {@linkcode CompactMap} keeps a hundred thousand texts in little memory.
 * - `bytes.ts` converts bytes to text, hexadecimal and base64 and back, and compares bytes.
 * - The other files are small and answer one question each, for example whether an address is
 *   local, or whether an error means that the disk is full.
 *
 * This folder does not decide how an error is shown to the user, and sets no limits. Start reading
 * in `errors.ts` and `clock.ts`.
 *
 * @module
 */

export * from "./address_blocks.ts";
export * from "./address_ranges.ts";
export * from "./addresses.ts";
export * from "./amounts.ts";
export * from "./binding.ts";
export * from "./bytes.ts";
export * from "./clock.ts";
export * from "./compact_nodes.ts";
export * from "./describe_path.ts";
export * from "./disk_full.ts";
export * from "./errors.ts";
export * from "./files.ts";
export * from "./garbage.ts";
export * from "./host_port.ts";
export * from "./http_head.ts";
export * from "./ip_address.ts";
export * from "./iso_time.ts";
export * from "./library_lines.ts";
export { nodeFs } from "./node_fs.ts";
export * from "./out_of_reach.ts";
export * from "./package_flags.ts";
export * from "./paths.ts";
export * from "./runtime_parts.ts";
export * from "./test_network.ts";
export * from "./turns.ts";
export { resetFor } from "./utp_reset.ts";
export * from "./version.ts";
export * from "./version_order.ts";
export * from "./web_seeds.ts";
export * from "./release_date.ts";
export { issueMessage } from "./schema_issue.ts";
export { setNewest } from "./set_newest.ts";
export { shuffle } from "./shuffle.ts";
export { BUILT_IN_PUBLISHER } from "./built_in_publisher.ts";
export {
  PROGRAM_PACKAGE,
  programFileName,
  type ProgramFiles,
  programFiles,
} from "./program_files.ts";
export * from "./write_problem.ts";
export { CompactMap } from "./compact_map.ts";
export {
  isArchiveFileName,
  MAX_VERSION_LENGTH,
  NAME_PART,
  torrentBeside,
} from "./archive_names.ts";
export { eachLimited } from "./each_limited.ts";
export {
  CONTROL_AUTHORITY,
  type HomePaths,
  homePaths,
  journalOf,
  MAX_PACKAGE_ROOTS,
  STATE_SCHEMA_VERSION,
  stateCopyOf,
  stateFiles,
  trustLogOf,
  unfinishedCopyOf,
} from "./home_paths.ts";
export { certificatePathOf, publisherKeyPath, publisherRecordPathOf } from "./key_path.ts";
export { KeyedQueue } from "./keyed_queue.ts";
export { TokenBucket, type TokenRate } from "./token_bucket.ts";
