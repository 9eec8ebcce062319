/**
 * What everything else stands on: the base error, bytes, the clock. Imports nothing of libreseed.
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
