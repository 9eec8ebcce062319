/**
 * The error of the settings.
 *
 * Codes, all of kind `usage` but for `CONFIG_UNREADABLE`: `HOME_UNKNOWN` (no setting says which
 * directory is the home, and the user has none), `UNKNOWN_SETTING`, `BAD_SETTING`,
 * `CONFIG_TOO_LARGE`, `CONFIG_NOT_YAML`, `CONFIG_UNREADABLE`.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** A setting is unknown, written twice, or has a value that it cannot have. */
export class ConfigError extends LibreseedError {
  override name = "ConfigError";
}
