/**
 * Scans a command line as far as the launcher has to know it.
 *
 * @module
 */

import type { SettingFlags } from "../config/mod.ts";

/** A command line that the command's parser accepts as well. */
export interface CommandLine {
  /** Name of the command, never an alias. */
  command: string;
  /** Whether only a help page was asked for, so that the command does not run. */
  help: boolean;
  /** Values of the command's own flags, by their names in camel case. */
  flags: Readonly<Record<string, boolean | string | readonly string[]>>;
  /** Values of the flags that are settings. */
  settings: SettingFlags;
  /** Positional arguments, in order. */
  args: readonly string[];
}
