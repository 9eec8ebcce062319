/**
 * The types of a row in the table of settings. The table itself is in `settings.ts`.
 *
 * @module
 */

/** The type of a setting's value, with its limits or choices. */
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
 * When a changed value takes effect:
 *
 * - `start`: at the next start of the daemon, because its sockets, directories or permissions
 *   depend on the setting
 * - `reload`: when the running daemon reloads its settings
 * - `command`: at the next command, because the daemon does not use the setting
 */
export type TakesEffect = "start" | "reload" | "command";

/** A row in the table of settings. `P` is the union of the possible property names. */
export interface SettingRow<P extends string> {
  /**
   * Name of the setting in the config file, and of its flag without leading dashes: `min-nodes`.
   */
  key: string;
  /** Name of the setting in the loaded settings: `minNodes`. */
  property: P;
  /** When a changed value of the setting takes effect. */
  takesEffect: TakesEffect;
  /** Whether the settings that are sent to the worker include this setting. */
  worker?: true;
  type: SettingType;
  /**
   * The default, as text in the syntax of the config file. A leading `~` stands for the user's home
   * directory, a leading `HOME/` for the libreseed home.
   */
  default: string | readonly string[];
  /** Placeholder for the value in help texts: `N`, `DURATION`. */
  placeholder: string;
  /** One-line description of the setting for help, with the unit. */
  brief: string;
  /** `false` if the setting must not appear in the config file. */
  inFile?: false;
}
