/**
 * The doctor's check of the publisher's key file: this user can read it, and no other user can read
 * or replace it.
 *
 * @module
 */

import { lstat, readlink, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errorToData } from "../base/mod.ts";
import { homePaths, isStrangers } from "../control/mod.ts";
import { formatPublicKey, IdentityError, readKeyFile } from "../identity/mod.ts";
import { type Check, checkFailed, fail, ok, warn } from "./check.ts";
import { isDenied, openTo } from "./file_access.ts";

/**
 * Checks the publisher's key file and its directory. A home without a key file passes.
 *
 * @param own user id of this process
 */
export async function checkKey(home: string, own: number | undefined): Promise<Check> {
  const name = "key";
  const { key } = homePaths(home);
  const keys = dirname(key);
  const owners = await checkOwners([keys, key], own);
  if (owners) return owners;
  let publisher: string;
  try {
    publisher = formatPublicKey((await readKeyFile(key)).publicKey);
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    if (error.code === "KEY_IS_LINK") {
      const mend = "move the key file itself there, in place of the link";
      return fail(name, `${key} is a link to ${await readlink(key)}`, mend);
    }
    if (error.code === "KEY_NOT_FOUND") {
      return ok(name, "none; only publishing needs one, and `libreseed keygen` makes it");
    }
    if (error.code === "KEY_NOT_OURS") return checkFailed(error, name);
    if (error.code === "KEY_UNREADABLE") {
      const mend = isDenied(error.cause) ? `run: chmod 600 ${key}` : undefined;
      return { ...checkFailed(error, name), ...(mend && { mend }) };
    }
    return error.code === "KEY_READABLE_BY_OTHERS"
      ? fail(name, `others have access to ${key}`, `run: chmod 600 ${key}`)
      : fail(name, errorToData(error).message, "put your copy of the key file there");
  }
  const { mode } = await stat(keys);
  const writable = openTo(mode, 0o022);
  if (writable !== undefined) {
    return fail(
      name,
      `others can replace files in ${keys} (mode ${writable})`,
      `run: chmod 700 ${keys}`,
    );
  }
  const open = openTo(mode, 0o077);
  if (open !== undefined) {
    return warn(name, `${keys} is open to others (mode ${open})`, `run: chmod 700 ${keys}`);
  }
  const { nlink } = await stat(key);
  if (nlink > 1) {
    const mend = "find the others with `find / -samefile`, and remove those that you did not make";
    return warn(name, `publisher ${publisher}; the key file has ${nlink} names`, mend);
  }
  return ok(name, `publisher ${publisher}`);
}

/**
 * Reports a key file or directory that belongs to another user, because that user could read or
 * replace the key.
 */
async function checkOwners(
  paths: readonly string[],
  own: number | undefined,
): Promise<Check | undefined> {
  for (const path of paths) {
    // Check both a symbolic link (`lstat`) and its target (`stat`).
    for (const look of [lstat, stat]) {
      const info = await look(path).catch(() => undefined);
      if (!info || own === 0 || !isStrangers(info.uid, own)) continue;
      const mend = `run: sudo chown -R ${own} ${dirname(paths[0]!)}; or give another --home`;
      return fail("key", `${path} belongs to user ${info.uid}, not to ${own}`, mend);
    }
  }
  return undefined;
}
