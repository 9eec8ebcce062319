/**
 * The error class for invalid settings and an invalid config file.
 *
 * Its codes have the kind `usage`, except `CONFIG_UNREADABLE` (`failed`):
 *
 * - `HOME_UNKNOWN`: no setting names a home, and the user has no home directory to derive one from
 * - `UNKNOWN_SETTING`: there is no setting of this name
 * - `BAD_SETTING`: the value of a setting is malformed or out of range
 * - `CONFIG_TOO_LARGE`: the config file is too long
 * - `CONFIG_NOT_YAML`: the config file is not valid YAML
 * - `CONFIG_NOT_A_MAPPING`: the config file is YAML, but not a mapping from names to values
 * - `CONFIG_BAD_VALUE`: a value in the config file is missing or is not plain text
 * - `NOT_A_FILE_SETTING`: the setting is not allowed in the config file
 * - `DUPLICATE_SETTING`: the config file sets the same setting twice
 * - `BAD_DURATION`, `BAD_SIZE`, `BAD_HOST_PORT`: the text is not a duration, a size or `HOST:PORT`
 * - `CONFIG_UNREADABLE`: the config file exists but cannot be read
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An invalid setting (unknown, set twice, or with a bad value), or an invalid config file. */
export class ConfigError extends LibreseedError {
  override name = "ConfigError";
}
