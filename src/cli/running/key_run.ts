/**
 * The parsed command line of `libreseed key`.
 *
 * @module
 */

import type { CommandRun } from "../flags/command.ts";

/** The flags of `libreseed key`. */
export type KeyFlags = {
  root?: string;
  names?: string;
  until?: string;
  output?: string;
  current?: boolean;
  reason?: string;
  since?: string;
  yes?: boolean;
};

/** The positional arguments of `libreseed key`. */
export type KeyArgs = [
  action: "show" | "list" | "certify" | "rotate" | "revoke",
  subject?: string,
  file?: string,
];

/** A run of `libreseed key`. */
export type KeyRun = CommandRun<KeyFlags, KeyArgs>;
