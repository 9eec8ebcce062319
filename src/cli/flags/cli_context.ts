/**
 * The context that npm:@stricli/core, the command-line parser, passes to a command's function.
 *
 * @module
 */

import type { CommandContext } from "@stricli/core";
import type { Io } from "../process/context.ts";

/**
 * The `this` object that stricli passes to a command's function. Commands themselves receive a
 * `CommandRun` instead.
 */
export interface CliContext extends CommandContext {
  readonly process: CommandContext["process"] & { exitCode?: number | string | null };
  readonly io: Io;
  /** Runs another command line in this process. Resolves to its exit code. */
  cli(args: readonly string[]): Promise<number>;
}
