/**
 * Lists the lock files and links that refer to packages of the store, from the store's notes
 * (`src/store/packages/package_roots.ts`). A command that removes packages has to read them.
 *
 * The command's thread can write the notes, so the launcher does not trust them. It grants only
 * lock files of the usual name, and links that lead into the store.
 *
 * @module
 */

import { directoryOf, isWithin, MAX_PACKAGE_ROOTS, resolvePath } from "../base/mod.ts";
import { PROJECT_LOCK_FILE } from "./command_needs.ts";

const NOTE = /^[0-9a-f]{64}$/;
/** Maximum size of a note, in bytes. No operating system allows longer paths. */
const MAX_NOTE_BYTES = 65_536;

/**
 * Lists the noted paths that may be granted. Returns none if there are too many notes, which the
 * command refuses.
 *
 * @param store absolute path of the store of installed packages
 */
export function rootsOf(store: string): string[] {
  const directory = resolvePath(store, ".roots");
  const found: string[] = [];
  let notes = 0;
  try {
    for (const { name, isFile } of Deno.readDirSync(directory)) {
      if (!isFile || !NOTE.test(name)) continue;
      if (++notes > MAX_PACKAGE_ROOTS) return [];
      const path = notedPath(resolvePath(directory, name));
      if (path !== undefined && mayBeRead(store, path)) found.push(path);
    }
  } catch {
    // The notes are missing or unreadable. The command reports unreadable notes.
  }
  return found;
}

function notedPath(note: string): string | undefined {
  if (Deno.lstatSync(note).size > MAX_NOTE_BYTES) return undefined;
  const path = Deno.readTextFileSync(note);
  return path === resolvePath("/", path) ? path : undefined;
}

/**
 * Whether a command may read a noted path: a lock file of the usual name, a link into the store, or
 * a missing path. The command has to see that a noted path is missing.
 */
function mayBeRead(store: string, path: string): boolean {
  try {
    const { isFile, isSymlink } = Deno.lstatSync(path);
    if (isFile) return path === resolvePath(directoryOf(path), PROJECT_LOCK_FILE);
    return isSymlink && isWithin(resolvePath(directoryOf(path), Deno.readLinkSync(path)), store);
  } catch (error) {
    return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
  }
}
