/**
 * The doctor's checks of the machine's resources: disk space, inodes, open files.
 *
 * @module
 */

import { readdir, readFile } from "node:fs/promises";
import type { HomeExamination } from "../launcher/mod.ts";
import { isArchiveName } from "../store/mod.ts";
import { type Check, fail, ok, warn } from "./check.ts";

/** Free disk space in bytes below which the doctor's check of the disk warns. */
const LITTLE_SPACE_BYTES = 256 << 20;
/**
 * Free disk space in bytes below which the doctor's check of the disk fails: writes to `state.db`
 * may fail.
 */
const NO_SPACE_BYTES = 8 << 20;
/** Fraction of free inodes (1 = all are free) below which the doctor warns. */
const FEW_INODES = 0.01;
/** Number of files that a process has open in addition to archives and peer connections. */
const OTHER_FILES = 64;

/**
 * Finding of a check that cannot read a figure of the operating system, because Deno's permissions
 * do not allow it.
 */
const NOT_LOOKED_AT = "not looked at: the runtime does not let this program ask";

/** Checks the free space and free inodes for the home and the seed directory. */
export function checkDisk({ disks }: HomeExamination): Check[] {
  const checks = new Map<number, Check>();
  for (const { directory, dev, space } of disks) {
    if (!space) return [ok("disk", NOT_LOOKED_AT)];
    const { bavail, bsize, ffree, files } = space;
    const freeBytes = bavail * bsize;
    const what = `${Math.floor(freeBytes / 2 ** 20)} MiB free for ${directory}`;
    const mend = "make room, or give another --dir";
    const check = freeBytes < NO_SPACE_BYTES
      ? fail("disk", what, mend)
      : freeBytes < LITTLE_SPACE_BYTES
      ? warn("disk", what, mend)
      : files > 0 && ffree / files < FEW_INODES
      ? warn("disk", `${what}, but only ${ffree} inodes for new files are left`, "remove files")
      : ok("disk", what);
    checks.set(dev, check);
  }
  return [...checks.values()];
}

/**
 * Checks that the limit on open files suffices for all archives and peers. The limit is read from
 * `/proc`, which exists only on Linux, and which Deno allows only to processes with all
 * permissions.
 *
 * @param pid the daemon's process id, if a daemon runs
 */
export async function checkOpenFiles(
  dir: string,
  maxConnections: number,
  pid: number | undefined,
): Promise<Check> {
  const limits = await readFile(`/proc/${pid ?? "self"}/limits`, "utf8").catch(() => "");
  const limit = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
  if (!limit) return ok("open files", NOT_LOOKED_AT);
  const archives = (await readdir(dir).catch(() => [])).filter(isArchiveName).length;
  const wanted = archives + maxConnections + OTHER_FILES;
  const what = `a process may have ${limit}`;
  return limit >= wanted ? ok("open files", what) : warn(
    "open files",
    `${what}; ${archives} archives and their peers may want ${wanted}`,
    `raise the limit: ulimit -n ${wanted * 2}, or LimitNOFILE= in the systemd unit`,
  );
}
