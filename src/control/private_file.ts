/**
 * Reads files with secrets that the home's user and the daemon share.
 *
 * @module
 */

import { rootOwnedHint } from "../store/mod.ts";
import { ControlError } from "./errors.ts";
import { isStrangers, ownUid } from "./ownership.ts";

/** Permission bits of the group and of others. */
const OTHERS = 0o077;

/**
 * Reads a file that nobody but the user of this process, and root, may have read or written.
 *
 * @param path absolute path
 * @param anew what the user can do to get another secret, as a sentence
 * @returns `undefined` if there is no file
 * @throws {ControlError} `PRIVATE_FILE_UNSAFE` if the path is not a file, or another user owns it or may
 * read it; `PRIVATE_FILE_UNREADABLE`
 */
export async function readPrivateFile(
  path: string,
  anew: string,
  own: number | undefined = ownUid(),
): Promise<string | undefined> {
  try {
    const { isFile, uid, mode } = await Deno.lstat(path);
    if (!isFile) throw unsafe(path, `is not a file. Delete it. ${anew}`);
    if (isStrangers(uid, own)) {
      throw unsafe(path, `belongs to user ${uid}. Delete it if you do not know why. ${anew}`);
    }
    if (mode !== null && (mode & OTHERS) !== 0) {
      throw unsafe(path, `can be read by other users. ${anew}`);
    }
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof ControlError) throw error;
    throw new ControlError(
      "failed",
      "PRIVATE_FILE_UNREADABLE",
      `${path} cannot be read${rootOwnedHint(path) || `: ${(error as Error).message}`}`,
      { cause: error },
    );
  }
}

function unsafe(path: string, why: string): ControlError {
  return new ControlError(
    "failed",
    "PRIVATE_FILE_UNSAFE",
    `The secret in this file is not used, because ${path} ${why}`,
    { detail: { path } },
  );
}
