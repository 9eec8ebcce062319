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
  good?: string;
  yes?: boolean;
};

/** Names of the flags of `libreseed key` that are no settings. */
export const keyFlagNames: readonly (keyof KeyFlags)[] = [
  ...["root", "names", "until", "output", "current", "reason", "since", "good", "yes"] as const,
];

/** The actions of `libreseed key`. */
export type KeyAction =
  | "show"
  | "list"
  | "certify"
  | "rotate"
  | "revoke"
  | "encrypt"
  | "decrypt"
  | "root"
  | "backup"
  | "restore";

/** The positional arguments of `libreseed key`. */
export type KeyArgs = [
  action: KeyAction,
  subject?: string,
  file?: string,
];

/** A run of `libreseed key`. */
export type KeyRun = CommandRun<KeyFlags, KeyArgs>;
