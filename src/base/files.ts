/**
 * Small operations on files, for the rooms that open files. Errors of the file system are thrown as
 * they are: the caller says what failed, and what to do.
 *
 * @module
 */

/**
 * Whether something is at a path. A symbolic link counts, wherever it leads.
 *
 * @throws the error of the file system, unless it says that nothing is there
 */
export async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Writes all bytes to a file, from its present position on. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/**
 * Reads from a file's present position on, until `target` is full or the file ends.
 *
 * @returns the number of bytes read
 */
export async function readFully(file: Deno.FsFile, target: Uint8Array): Promise<number> {
  let readBytes = 0;
  while (readBytes < target.length) {
    const count = await file.read(target.subarray(readBytes));
    if (count === null) break;
    readBytes += count;
  }
  return readBytes;
}

/**
 * Flushes a directory to the disk, so that the names of new files survive a power cut. Does nothing
 * on Windows, which cannot open directories.
 */
export async function syncDirectory(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  // Not `using`: the minifier would remove the declaration, and the directory would stay open.
  const directory = await Deno.open(path);
  try {
    await directory.sync();
  } finally {
    directory.close();
  }
}
