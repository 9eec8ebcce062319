/**
 * Owners of files that are trusted. Another user could have put a file or a socket in their place.
 *
 * @module
 */

import { dirname } from "node:path";
import { ControlError } from "./errors.ts";

/** The superuser, who may do everything already. */
const ROOT_UID = 0;

/** The user id that this process runs as; `undefined` where users have none (Windows). */
export function ownUid(): number | undefined {
  return Deno.uid() ?? undefined;
}

/** Another user's, who is neither we nor root. */
export function isStrangers(uid: number | null, own: number | undefined): boolean {
  return own !== undefined && uid !== null && uid !== own && uid !== ROOT_UID;
}

/**
 * Checks that a control socket and the directory that it lies in are ours or root's, before anything
 * is said to it. For root, the socket has to be that of the directory's owner: root may look at the
 * home of another user, and not at a socket that a third one has put there.
 *
 * @param own the user id that this process runs as
 * @returns whether there is a socket that may be talked to; `true` where users have no ids
 * @throws {ControlError} `CONTROL_NOT_OURS`
 */
export async function checkSocketOwner(path: string, own = ownUid()): Promise<boolean> {
  if (own === undefined) return true;
  const directory = dirname(path);
  // A socket that cannot be looked at cannot be talked to. The code that opens the home says why.
  const socket = await Deno.lstat(path).catch(() => undefined);
  // The home itself may be reached by a link.
  const home = await Deno.stat(directory).catch(() => undefined);
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
