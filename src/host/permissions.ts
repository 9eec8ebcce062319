/**
 * Revokes permissions of the main thread once the daemon is ready. By then the sockets are bound, the
 * worker thread has its own permissions, the environment has been read, and no further program has to be
 * run. The read and write permissions stay, because the daemon works on files until its end, and Deno can
 * revoke these permissions only for all files at once.
 *
 * @module
 */

import process from "node:process";

/** Permissions that a daemon does not need once it is ready. */
const GIVEN_UP: readonly Deno.PermissionName[] = ["net", "env", "sys", "run", "ffi"];

/** Revokes the permissions that a ready daemon does not need. A revoked permission cannot be regained. */
export function givePermissionsUp(): void {
  for (const name of GIVEN_UP) Deno.permissions.revokeSync({ name });
  // The YAML library reads environment variables whenever it parses a file. Without permission this would
  // fail, so the environment is replaced by an empty one.
  Object.defineProperty(process, "env", { value: {} });
}
