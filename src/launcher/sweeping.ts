/**
 * Removes the staging files and directories that killed processes left in a directory of the
 * user's. A command's thread cannot do this, because it may not list the directory. The temporaries
 * of the home are removed by `src/store`.
 *
 * @module
 */

/** The complete name of a staging file or directory. Other programs' files never have it. */
const STAGING_NAME = /^\.tmp-held-[0-9a-f]{16}$/;

/**
 * Removes the abandoned staging files and directories in the given directories. A running process
 * holds a lock on its own, and the operating system releases the lock when the process ends. Leaves
 * everything alone on a file system without locks, and in a directory that cannot be read.
 *
 * @param directories absolute paths; a missing directory counts as empty
 */
export async function sweepStagings(directories: Iterable<string>): Promise<void> {
  for (const directory of directories) {
    const names: string[] = [];
    try {
      for await (const { name, isSymlink } of Deno.readDir(directory)) {
        if (!isSymlink && STAGING_NAME.test(name)) names.push(name);
      }
    } catch {
      // The command reports what is wrong with the directory.
    }
    for (const name of names) await removeIfAbandoned(`${directory}/${name}`);
  }
}

async function removeIfAbandoned(path: string): Promise<void> {
  let file: Deno.FsFile | undefined;
  try {
    const { isFile, isDirectory } = await Deno.lstat(path);
    if (!isFile && !isDirectory) return;
    file = await Deno.open(path);
    if (await file.tryLock(true)) await Deno.remove(path, { recursive: true });
  } catch {
    // The file is gone, or belongs to another user.
  } finally {
    file?.close();
  }
}
