/**
 * The program: reads the command line, runs it, and ends with its exit code.
 *
 * @module
 */

import { processIo, runCli } from "./src/cli/mod.ts";

// Ended explicitly: a timer or socket that a library forgot must not keep the process alive.
if (import.meta.main) Deno.exit(await runCli(Deno.args, processIo()));
