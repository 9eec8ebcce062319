/**
 * Building blocks without any knowledge of packages, records or the network. The room imports nothing
 * of libreseed, and every other room may import it.
 *
 * - {@linkcode LibreseedError} is the class that each room's own error extends: a `kind`, from which
 *   the exit code follows, and a `code`, which is part of the API.
 * - {@linkcode Clock} is the only way to the time of day and to timers; tests hand in another.
 * - {@linkcode eachLimited} works on many items with bounded concurrency, {@linkcode KeyedQueue} runs
 *   the work of one key in order, {@linkcode TokenBucket} limits a rate.
 * - `bytes.ts` has text, hexadecimal and base64 from bytes and back, and compares bytes.
 * - The small files answer one question each: whether an address is local, a disk is full, a file is
 *   out of reach, a port can be read from text.
 *
 * Which error means what to a user, and how much of anything is allowed, is left to other rooms.
 *
 * Start reading in `errors.ts` and `clock.ts`.
 *
 * @module
 */

export * from "./addresses.ts";
export * from "./bytes.ts";
export * from "./clock.ts";
export * from "./disk_full.ts";
export * from "./errors.ts";
export * from "./garbage.ts";
export * from "./host_port.ts";
export * from "./library_lines.ts";
export * from "./out_of_reach.ts";
export * from "./turns.ts";
export * from "./version.ts";
export * from "./release_date.ts";
export { eachLimited } from "./each_limited.ts";
export { publisherKeyPath } from "./key_path.ts";
export { KeyedQueue } from "./keyed_queue.ts";
export { TokenBucket, type TokenRate } from "./token_bucket.ts";
