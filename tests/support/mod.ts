/**
 * Helpers for tests: temporary homes, free ports, libreseed as a process, and lists of a process's
 * sockets.
 *
 * @module
 */

export * from "./cli.ts";
export * from "./free_port.ts";
export * from "./leftovers.ts";
export * from "./overwrite.ts";
export * from "./small_disk.ts";
export * from "./sockets.ts";
export * from "./temporary_home.ts";
