/**
 * What tests share: temporary homes, free ports, the program as a process, looking at its sockets.
 *
 * @module
 */

export * from "./small_disk.ts";
export * from "./temporary_home.ts";
