/**
 * What the main thread gives up once the daemon stands: the sockets are open, the worker runs with
 * permissions of its own, the environment has been read, the port's owner need not be found. Reading
 * and writing stay, whole: Deno takes a permission away altogether or not at all, and the daemon
 * works on files until its end.
 *
 * @module
 */

import process from "node:process";

/** The permissions that the daemon has no more use for. */
const GIVEN_UP: readonly Deno.PermissionName[] = ["net", "env", "sys", "run", "ffi"];

/** Gives them up, for the rest of the process. */
export function givePermissionsUp(): void {
  for (const name of GIVEN_UP) Deno.permissions.revokeSync({ name });
  // The YAML library looks for variables of its own whenever it reads a file.
  Object.defineProperty(process, "env", { value: {} });
}
