/**
 * The command line: the only folder that talks to people. It parses, calls the folders below, and
 * says what they answered.
 *
 * @module
 */

export type { Io, Sink } from "./process/context.ts";
export { processIo } from "./process/process_io.ts";
export { runCli } from "./run.ts";
