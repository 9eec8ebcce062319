/**
 * Finds links in a home that lead out of the home. Deno follows a symbolic link in a permitted
 * directory, and cannot see that a file has a second name elsewhere (a hard link), so the threads
 * of a command could read and write there. The home itself may be a link.
 *
 * @module
 */

import { directoryOf, isWithin, resolvePath } from "../base/mod.ts";

/** A link in a home that leads out of it. */
export interface HomeLink {
  path: string;
  /** Description of the path: `a symbolic link to /else`, `a file with 2 names (hard links)`. */
  what: string;
  /** Instruction for the user. */
  mend: string;
}

/** Names of the files and directories that commands write directly in a home, except `seed`. */
const WRITTEN = [
  ...["state.db", "state.db-wal", "state.db-shm", "daemon.lock", "list.lock"],
  "searched.log",
  ...["packages", "tmp", "aside"],
];

/**
 * Looks at the files and directories that commands write directly in a home: one `lstat` each, no
 * walk. Entries that cannot be accessed are left out.
 *
 * @param seedDirectory the seed directory in use; looked at only where it is the home's own
 */
export async function linksAtStart(home: string, seedDirectory: string): Promise<HomeLink[]> {
  const own = resolvePath(home, "seed");
  const paths = WRITTEN.map((name) => resolvePath(home, name));
  return await examine(home, seedDirectory === own ? [own, ...paths] : paths);
}

/**
 * Walks through a home: all direct entries, the directories of temporary files and of files put
 * aside, and the links in the package store. The walk leaves out the files of packages, which
 * `store verify` reads. It also leaves out the key and the content of the seed directory, which
 * have checks of their own.
 *
 * @param maxEntries maximum number of entries to look at
 * @returns the links that lead out, and whether the walk reached its bound
 */
export async function linksInHome(
  home: string,
  maxEntries: number,
): Promise<{ links: HomeLink[]; isWhole: boolean }> {
  const paths: string[] = [];
  const list = async (directory: string) => {
    const names = await namesIn(directory, home);
    const found = names.map((name) => resolvePath(directory, name)).slice(
      0,
      maxEntries - paths.length,
    );
    paths.push(...found);
    return found;
  };
  await list(home);
  for (const name of ["tmp", "aside"]) await list(resolvePath(home, name));
  for (const entry of await list(resolvePath(home, "packages"))) {
    await list(entry);
    for (const link of await list(resolvePath(entry, "node_modules"))) await list(link);
  }
  return { links: await examine(home, paths), isWhole: paths.length < maxEntries };
}

/** Returns the names in a directory; none if the path is not a directory, is a link below the home, or
 * cannot be read. */
async function namesIn(path: string, home: string): Promise<string[]> {
  try {
    if (path !== home && !(await Deno.lstat(path)).isDirectory) return [];
    return await Array.fromAsync(Deno.readDir(path), ({ name }) => name);
  } catch {
    return [];
  }
}

async function examine(home: string, paths: readonly string[]): Promise<HomeLink[]> {
  const links: HomeLink[] = [];
  // Only libreseed's own files are written, so a second name of any other file does no harm.
  const own = new Set([...WRITTEN, "config.yaml"].map((name) => resolvePath(home, name)));
  for (const path of paths) {
    const info = await Deno.lstat(path).catch(() => undefined);
    if (info?.isFile && info.nlink !== null && info.nlink > 1 && own.has(path)) {
      links.push({
        path,
        what: `a file with ${info.nlink} names (hard links)`,
        mend: `make it a file of its own: stop libreseed, then ` +
          `cp -p ${path} ${path}.copy && mv ${path}.copy ${path}`,
      });
    }
    if (!info?.isSymlink) continue;
    const target = await Deno.readLink(path).catch(() => undefined);
    if (target === undefined || await leadsInto(home, path, target)) continue;
    const mend = path === resolvePath(home, "seed")
      ? `remove the link, and name the directory by the setting dir (--dir)`
      : `put what the link leads to in its place`;
    links.push({ path, what: `a symbolic link to ${target}`, mend });
  }
  return links;
}

/** Whether a link leads into the home, by the home's path as given or by its real path. */
async function leadsInto(home: string, path: string, target: string): Promise<boolean> {
  const isIn = (directory: string, path: string) => path !== directory && isWithin(path, directory);
  if (isIn(home, resolvePath(directoryOf(path), target))) return true;
  // A thread with few permissions may not resolve the home itself.
  const [real, root] = await Promise.all(
    [path, home].map((one) => Deno.realPath(one).catch(() => undefined)),
  );
  return real !== undefined && root !== undefined && isIn(root, real);
}
