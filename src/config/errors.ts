/**
 * The error of the settings.
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** A setting is unknown, written twice, or has a value that it cannot have. */
export class ConfigError extends LibreseedError {
  override name = "ConfigError";
}
