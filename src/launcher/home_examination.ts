/**
 * Examines a home and its seed directory for `doctor`, whose thread may not open the home itself.
 * The examination reads names, owners, modes and times, but no contents of files. It writes and
 * removes a probe file.
 *
 * @module
 */

import { readdir, stat, statfs } from "node:fs/promises";
import {
  directoryOf,
  homePaths,
  resolvePath,
  type WriteProblem,
  writeProblem,
} from "../base/mod.ts";
import { type HomeLink, linksInHome } from "./home_links.ts";

/** Maximum number of files and directories to look at for links. 50,000 take about a second. */
const MAX_ENTRIES = 50_000;

/** Free space of the file system that contains a directory. */
export interface DiskSpace {
  directory: string;
  /** Number of the file system's device. */
  dev: number;
  /** `undefined` if the operating system does not tell. */
  space: { bavail: number; bsize: number; ffree: number; files: number } | undefined;
}

/** The findings of {@linkcode examineHome}. */
export interface HomeExamination {
  /** Owner and mode of the home, after symbolic links; `undefined` if the home does not exist. */
  there: { uid: number; gid: number; mode: number } | undefined;
  /** The reason for which no file can be made in the home. */
  writeProblem: WriteProblem | undefined;
  /** Absolute paths of files that belong to root although the home does not. */
  ofRoot: string[];
  /** Temporary files directly in the home, with the time of the last write in Unix milliseconds. */
  temporaries: { path: string; mtimeMs: number }[];
  /** Time of the last write of the key file, Unix milliseconds; `undefined` if there is none. */
  keyMtimeMs: number | undefined;
  /** Links that lead out of the home, and whether all of the home was looked at. */
  links: { links: HomeLink[]; isWhole: boolean };
  /** Space for the home and for the seed directory. */
  disks: DiskSpace[];
}

/** Examines a home. A home that cannot be used is no error. */
export async function examineHome(home: string, seedDirectory: string): Promise<HomeExamination> {
  const there = await infoOf(home);
  const key = await infoOf(homePaths(home).key);
  return {
    there: there && { uid: there.uid, gid: there.gid, mode: there.mode },
    writeProblem: there && await writeProblem(home),
    ofRoot: there && there.uid !== 0 ? await filesOfRoot(home) : [],
    temporaries: await temporariesIn(home),
    keyMtimeMs: key?.mtimeMs,
    links: await linksInHome(home, MAX_ENTRIES),
    disks: [await spaceFor(home), await spaceFor(seedDirectory)],
  };
}

/** Returns the metadata of a file, after symbolic links; `undefined` if nothing is there. */
async function infoOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}

async function filesOfRoot(home: string): Promise<string[]> {
  const found: string[] = [];
  for (const directory of [".", "keys", "seed"].map((name) => resolvePath(home, name))) {
    for (const name of await readdir(directory).catch(() => [])) {
      const path = resolvePath(directory, name);
      const info = await Deno.lstat(path).catch(() => undefined);
      if (info?.uid === 0) found.push(path);
    }
  }
  return found;
}

async function temporariesIn(home: string): Promise<HomeExamination["temporaries"]> {
  const found: HomeExamination["temporaries"] = [];
  for (const name of await readdir(home).catch(() => [])) {
    if (!name.startsWith(".tmp-")) continue;
    const path = resolvePath(home, name);
    const info = await infoOf(path);
    if (info) found.push({ path, mtimeMs: info.mtimeMs });
  }
  return found;
}

/**
 * Returns the free space for a directory. For a missing one, the nearest existing ancestor counts.
 */
async function spaceFor(directory: string): Promise<DiskSpace> {
  let at = directory;
  while (at !== directoryOf(at) && !await infoOf(at)) at = directoryOf(at);
  const { dev } = await stat(at);
  try {
    const { bavail, bsize, ffree, files } = await statfs(at);
    return { directory, dev, space: { bavail, bsize, ffree, files } };
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return { directory, dev, space: undefined };
    throw error;
  }
}
