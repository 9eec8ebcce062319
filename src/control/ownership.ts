/**
 * Checks of file owners: a socket or a file of another user is not trusted, since that user may have put
 * it in place of ours.
 *
 * @module
 */

import { dirname } from "node:path";
import { ControlError } from "./errors.ts";

/** User id of the superuser, who is trusted. */
const ROOT_UID = 0;

/** User id of this process; `undefined` where users have no ids (Windows). */
export function ownUid(): number | undefined {
  return Deno.uid() ?? undefined;
}

/** Whether a user id is another user's: neither our own nor root's. */
export function isStrangers(uid: number | null, own: number | undefined): boolean {
  return own !== undefined && uid !== null && uid !== own && uid !== ROOT_UID;
}

/**
 * Checks that a control socket and its directory belong to us or to root, before a connection is made.
 * For root, the socket has to belong to the directory's owner: root may use the home of another user,
 * and not a socket that a third user has put there.
 *
 * @param own user id of this process
 * @returns whether there is a socket to connect to; `true` where users have no ids
 * @throws {ControlError} `CONTROL_NOT_OURS`
 */
export async function checkSocketOwner(path: string, own = ownUid()): Promise<boolean> {
  if (own === undefined) return true;
  const directory = dirname(path);
  // A socket without access counts as missing; opening the home reports the reason.
  const socket = await Deno.lstat(path).catch(() => undefined);
  // `stat` follows links: the home may be a link.
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
