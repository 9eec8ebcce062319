/**
 * The error class of `src/launcher`. The codes are part of the API:
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `BIND_LOST` | failed | the addresses of the setting `bind` have gone while the engine was started |
 * | `FILE_EXISTS` | failed | a file with other contents exists at the path of a finished file, and was not overwritten |
 * | `LINK_FAILED` | failed | the file system refused a symbolic link; `errno` in `detail` |
 * | `NOT_GRANTED` | failed | a command sent another request that it was not granted |
 * | `LINK_NOT_GRANTED` | failed | a command asked for a link that it may not make |
 * | `PLACE_FAILED` | failed | the file system refused to give a finished file its name |
 * | `PLACE_NOT_GRANTED` | failed | a command asked for a file that it may not make |
 *
 * @module
 */

import { LibreseedError } from "../base/mod.ts";

/** An error of a request to the launcher. The codes are listed at the top of this file. */
export class LauncherError extends LibreseedError {
  override name = "LauncherError";
}

/** The error for a request that this command was not granted. */
export function refusal(what: string): LauncherError {
  return new LauncherError(
    "failed",
    "NOT_GRANTED",
    `This command may not ${what}. This is a fault of libreseed: report it`,
  );
}
