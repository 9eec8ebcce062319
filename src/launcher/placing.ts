/**
 * Gives finished files their names in a directory of the user's. The command line does not name
 * these files, because their names follow from the package. A grant of the whole directory would
 * open the user's files to a thread that reads a stranger's archive. Therefore the thread writes
 * into a staging directory, and asks the launcher to give each file its name.
 *
 * @module
 */

import { isArchiveFileName, messageOf, readFully, syncDirectory } from "../base/mod.ts";
import { LauncherError } from "./errors.ts";
import type { Grants } from "./grants_types.ts";

/** Length of the parts of two files that are compared at a time, in bytes. */
const CHUNK_BYTES = 1 << 16;

/** The name of a file in a staging directory. */
const STAGED_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/**
 * Refuses a request to place a file that this command was not granted: the file must lie directly
 * in a staging directory, and must get the usual name of an archive, or of the minimal manifest or
 * torrent beside it, in the directory that holds the staging directory. Only a command without
 * network may replace a file.
 *
 * @throws {LauncherError} `PLACE_NOT_GRANTED`
 */
export function checkPlace(
  { staging, places, wantsEngine }: Pick<Grants, "staging" | "places" | "wantsEngine">,
  staged: string,
  path: string,
  replace = false,
): void {
  const isGranted = (!replace || !wantsEngine) && places.some((directory) => {
    const from = nameIn(staging.get(directory), staged);
    const to = nameIn(directory, path);
    return from !== undefined && STAGED_NAME.test(from) &&
      to !== undefined && isArchiveFileName(to);
  });
  if (isGranted) return;
  const message = `This command may not give the file ${JSON.stringify(staged)} the name ` +
    `${JSON.stringify(path)}. This is a fault of libreseed: report it`;
  throw new LauncherError("failed", "PLACE_NOT_GRANTED", message, { detail: { path } });
}

/** Returns the rest of a path below a directory; `undefined` for a path elsewhere. */
function nameIn(directory: string | undefined, path: string): string | undefined {
  if (directory === undefined) return undefined;
  for (const separator of Deno.build.os === "windows" ? ["\\", "/"] : ["/"]) {
    const prefix = directory.endsWith(separator) ? directory : directory + separator;
    if (path.startsWith(prefix)) return path.slice(prefix.length);
  }
}

/**
 * Gives a finished file its final path on the same file system, atomically, and flushes the
 * directory to the disk. An existing file is left alone, unless it has the same bytes, in which
 * case the staged file is removed.
 *
 * @param replace whether to replace an existing regular file
 * @throws {LauncherError} `FILE_EXISTS`, `PLACE_FAILED`
 */
export async function placeFile(staged: string, path: string, replace = false): Promise<void> {
  try {
    // A stranger may have made a link here, which could lead to any file of the user.
    const directory = await Deno.lstat(parentOf(staged));
    const info = await Deno.lstat(staged);
    if (!directory.isDirectory || !info.isFile) {
      throw new LauncherError("failed", "PLACE_FAILED", `${staged} is not a regular file`);
    }
    if (replace) {
      const there = await Deno.lstat(path).catch(() => undefined);
      if (there && !there.isFile) throw taken(path);
      await Deno.rename(staged, path);
    } else {
      await linkNew(staged, path);
    }
    await syncDirectory(parentOf(path));
  } catch (cause) {
    if (cause instanceof LauncherError) throw cause;
    const why = messageOf(cause);
    const message = `${path} cannot be written: ${why}`;
    throw new LauncherError("failed", "PLACE_FAILED", message, { cause, detail: { path } });
  }
}

/** Moves a file to a path. The path must be free. */
async function linkNew(staged: string, path: string): Promise<void> {
  try {
    await Deno.link(staged, path);
    await Deno.remove(staged);
    return;
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) return await keepSame(staged, path);
    // The other errors may mean that the file system has no hard links, such as FAT.
  }
  try {
    // The new, empty file reserves the name. Only this process can replace it unnoticed.
    (await Deno.open(path, { write: true, createNew: true })).close();
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) return await keepSame(staged, path);
    throw cause;
  }
  await Deno.rename(staged, path).catch(async (cause) => {
    await Deno.remove(path).catch(() => {});
    throw cause;
  });
}

/** Removes the staged file if the file at the path has the same bytes. */
async function keepSame(staged: string, path: string): Promise<void> {
  if (!await haveSameBytes(staged, path)) throw taken(path);
  await Deno.remove(staged);
}

async function haveSameBytes(a: string, b: string): Promise<boolean> {
  const infos = await Promise.all([Deno.lstat(a), Deno.lstat(b)]);
  // A FIFO in place of the file would block the process that opens it.
  if (!infos.every(({ isFile }) => isFile) || infos[0]!.size !== infos[1]!.size) return false;
  using x = await Deno.open(a);
  using y = await Deno.open(b);
  const buffers = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)] as const;
  for (;;) {
    const [read, other] = [await readFully(x, buffers[0]), await readFully(y, buffers[1])];
    if (read !== other) return false;
    if (read === 0) return true;
    for (let at = 0; at < read; at++) if (buffers[0][at] !== buffers[1][at]) return false;
  }
}

function parentOf(path: string): string {
  const isWindows = Deno.build.os === "windows";
  const end = Math.max(path.lastIndexOf("/"), isWindows ? path.lastIndexOf("\\") : -1);
  return end <= 0 ? path.slice(0, 1) : path.slice(0, end);
}

function taken(path: string): LauncherError {
  const message = `${path} exists with other contents and was not overwritten. ` +
    "Run the command in another directory";
  return new LauncherError("failed", "FILE_EXISTS", message, { detail: { path } });
}
