/**
 * Checks of file owners. A socket or file that belongs to another user is not trusted, because that
 * user may have replaced ours.
 *
 * @module
 */

import { dirname } from "node:path";
import type { describePath } from "../base/mod.ts";
import { ControlError } from "./errors.ts";

/** User id of root. A socket or file that belongs to root is trusted. */
const ROOT_UID = 0;

/** Returns the user id of this process; `undefined` on systems without user ids (Windows). */
export function ownUid(): number | undefined {
  return Deno.uid() ?? undefined;
}

/** Whether a user id belongs to a user other than root and the user of this process. */
export function isStrangers(uid: number | null, own: number | undefined): boolean {
  return own !== undefined && uid !== null && uid !== own && uid !== ROOT_UID;
}

/**
 * Checks that a control socket and its directory belong to this user or to root, before a
 * connection is made. If this process runs as root, the directory may belong to any user, and the
 * socket must belong to that user or to root.
 *
 * @param describe describes a directory, which the calling thread may not open
 * @param own user id of this process
 * @returns whether a socket exists; always `true` on systems without user ids
 * @throws {ControlError} `CONTROL_NOT_OURS`
 */
export async function checkSocketOwner(
  path: string,
  describe: typeof describePath,
  own = ownUid(),
): Promise<boolean> {
  if (own === undefined) return true;
  const directory = dirname(path);
  // An inaccessible socket counts as missing; opening the home directory will report the reason.
  const socket = await Deno.lstat(path).catch(() => undefined);
  // The owner of the directory itself counts, because the home directory may be a link.
  const home = await describe(directory).catch((error) => {
    // A thread that may not describe the home was started in a wrong way.
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  });
  if (!socket || !home) return false;
  if (own !== ROOT_UID && isStrangers(home.uid, own)) throw notOurs(directory, home.uid!, own);
  const trusted = own === ROOT_UID ? home.uid ?? ROOT_UID : own;
  if (isStrangers(socket.uid, trusted)) throw notOurs(path, socket.uid!, own);
  return true;
}

function notOurs(path: string, uid: number, own: number): ControlError {
  return new ControlError(
    "failed",
    "CONTROL_NOT_OURS",
    `${path} belongs to user ${uid}, and this process runs as user ${own}, so no daemon is talked to ` +
      "there. Run the command as that user, or name another home with --home",
    { detail: { path, uid, own } },
  );
}
