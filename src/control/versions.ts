/**
 * Versions on both ends of the control socket. A program that was upgraded meets the daemon that still
 * runs the version before. Requests carry the caller's version, the host's version is in its status.
 *
 * @module
 */

import { version } from "../base/mod.ts";
import { ControlError } from "./errors.ts";

/** Field of a request with the caller's version, in lower case. */
export const VERSION_FIELD = "libreseed-version";

/** Maximum length of a version in a message, characters. The version comes from another process. */
const MAX_CHARACTERS = 64;

/**
 * Returns an error for a request or an answer that the other version does not understand; `undefined` if
 * both versions are the same, or the host has not told its own.
 *
 * @param hostVersion version of the host, from its status
 * @param name name of the operation
 */
export function mismatch(
  hostVersion: string | undefined,
  name: string,
  cause: unknown,
): ControlError | undefined {
  if (hostVersion === undefined || hostVersion === version) return undefined;
  return new ControlError(
    "failed",
    "CONTROL_VERSION",
    `${
      describeMismatch(hostVersion)
    }; they do not understand each other about "${name}". Restart it ` +
      "with this program: `libreseed stop`, then `libreseed seed`",
    { cause, detail: { hostVersion, version } },
  );
}

/** Says which process has which version. The versions have to be different. */
function describeMismatch(hostVersion: string): string {
  return `The process that owns this home is libreseed ${
    hostVersion.slice(0, MAX_CHARACTERS)
  }, this program is libreseed ${version}`;
}

/** Says for the host's own errors who asked, if the caller has another version. */
export function describeCaller(request: Request): string {
  const theirs = request.headers.get(VERSION_FIELD);
  if (theirs === null || theirs === version) return "";
  return ` (libreseed ${theirs.slice(0, MAX_CHARACTERS)} asks, and this process is ${version})`;
}
