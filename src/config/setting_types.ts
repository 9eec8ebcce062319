/**
 * The form of a row in the table of settings. The rows are in `settings.ts`.
 *
 * @module
 */

/** The type of a setting's text. */
export type SettingType =
  | { kind: "integer"; min: number; max: number }
  | { kind: "boolean" }
  | { kind: "duration"; minMs: number; maxMs: number }
  | { kind: "size"; minBytes: number; maxBytes: number }
  | { kind: "choice"; values: readonly string[] }
  | { kind: "path" }
  | { kind: "address" }
  | { kind: "host-port-list" }
  | { kind: "host-list" };

/**
 * When a new value counts:
 *
 * - `start`: at the next start of the daemon, which has bound sockets, directories or permissions to it
 * - `reload`: as soon as the daemon has read it
 * - `command`: at the next command; the daemon does not use it
 */
export type TakesEffect = "start" | "reload" | "command";

/** One row of the table, whose values have the properties P. */
export interface SettingRow<P extends string> {
  /** Name in the config file, and of the flag behind its two dashes. */
  key: string;
  /** Name in the settings that are loaded. */
  property: P;
  /** When a new value counts. */
  takesEffect: TakesEffect;
  /** Whether the worker takes the setting. */
  worker?: true;
  type: SettingType;
  /** As one would write it; {@linkcode defaultText} fills in `~` and `HOME`. */
  default: string | readonly string[];
  /** Stands for the value in help: `N`, `DURATION`. */
  placeholder: string;
  /** One line for help, with the unit. */
  brief: string;
  /** `false` if the config file cannot set it. */
  inFile?: false;
}
