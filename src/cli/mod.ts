/**
 * The command line: the only folder that talks to people. It parses, calls the folders below, and
 * says what they answered.
 *
 * @module
 */

export type { Io, Sink } from "./context.ts";
export { processIo } from "./process_io.ts";
export { runCli } from "./run.ts";
