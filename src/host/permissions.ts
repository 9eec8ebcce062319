/**
 * Revokes permissions of the main thread once the daemon is ready: sockets are bound, the worker has its
 * own permissions, the environment has been read, and no other program has to be run. Read and write
 * permissions stay, because the daemon works on files until its end and Deno revokes a permission only
 * as a whole.
 *
 * @module
 */

import process from "node:process";

/** Permissions that a ready daemon does not need. */
const GIVEN_UP: readonly Deno.PermissionName[] = ["net", "env", "sys", "run", "ffi"];

/** Revokes the permissions for the rest of the process. */
export function givePermissionsUp(): void {
  for (const name of GIVEN_UP) Deno.permissions.revokeSync({ name });
  // The YAML library reads environment variables of its own whenever it parses a file.
  Object.defineProperty(process, "env", { value: {} });
}
