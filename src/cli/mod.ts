/**
 * The command line: the only room that prints messages for users. Parses arguments, calls the other
 * rooms, and prints their results.
 *
 * `runCli` takes a command line and an `Io`, the interface to the process, and resolves to an exit
 * code. The inner rooms, lowest first:
 *
 * - `process`: the `Io` interface and its implementation, errors, exit codes
 * - `terminal`: the `Output` of a command, progress bars, tables, the status screen
 * - `flags`: the definition of a command, its flags, help pages, completion scripts
 * - `running`: work that several commands share, such as opening an engine or the state
 * - `commands`: one file per command, and the table of all commands
 *
 * A command line passes through `flags/arguments.ts`, the npm:@stricli/core parser (`app.ts`),
 * `run_command.ts` and the command's own file. Each command loads other rooms only when it runs, so
 * that `help` and `version` start fast. For the same reason the inner rooms have no `mod.ts`.
 *
 * Left to other rooms: how packages are found, verified, published and seeded, and the meaning of
 * settings. Start reading in `commands/table.ts`.
 *
 * @module
 */

export type { Io, Sink } from "./process/context.ts";
export { processIo, stagingFor } from "./process/process_io.ts";
export { runCli } from "./run.ts";
