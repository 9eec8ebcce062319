/**
 * The doctor's checks of the home and the seed directory: owner, mode, writability, and temporary
 * files of killed processes. Nothing is changed, except for a probe file that is written and
 * removed at once.
 *
 * @module
 */

import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type WriteProblem, writeProblem } from "../base/mod.ts";
import { isStrangers } from "../control/mod.ts";
import type { HomeExamination } from "../launcher/mod.ts";
import { type Check, fail, ok, warn } from "./check.ts";
import { infoOf, openTo } from "./file_access.ts";

/**
 * Age in milliseconds from which a temporary file counts as abandoned; the same as in `src/store`.
 */
const STALE_MS = 3_600_000;

/**
 * Checks that the home belongs to this user, is writable, and is not accessible to other users.
 *
 * @param own user id of this process
 */
export function checkHome(
  home: string,
  { there, writeProblem: problem, ofRoot }: HomeExamination,
  own: number | undefined,
): Check {
  const name = "home";
  if (!there) {
    return ok(
      name,
      `${home} is not there yet; \`libreseed keygen\`, \`seed\` or \`get\` makes it`,
    );
  }
  const { uid, gid } = there;
  if (own !== 0 && isStrangers(uid, own)) {
    const what = `${home} belongs to user ${uid}, and libreseed runs as user ${own}`;
    return fail(name, what, `run libreseed as that user, or ${OTHER_HOME}`);
  }
  if (problem) return fail(name, problem.what, mendWriting(problem, home, OTHER_HOME));
  const [first] = ofRoot;
  if (first !== undefined) {
    const what = `${first}${
      moreThan(ofRoot)
    } belong to root: libreseed was run as root in this home`;
    // The home's owner cannot write to these files.
    return fail(name, what, `run: sudo chown -R ${uid}:${gid} ${home}`);
  }
  const writable = openTo(there.mode, 0o022);
  if (writable !== undefined) {
    const what = `others can replace files in ${home} (mode ${writable})`;
    return fail(name, what, `run: chmod 700 ${home}`);
  }
  const mode = openTo(there.mode, 0o077);
  if (mode === undefined) return ok(name, `${home}, for its owner only`);
  return warn(name, `${home} is open to others (mode ${mode})`, `run: chmod 700 ${home}`);
}

const OTHER_HOME = "give another directory with --home";

/** Returns the remedy for a directory in which no file can be made, or another way out. */
function mendWriting({ reason }: WriteProblem, directory: string, otherwise: string): string {
  const mend = {
    "disk-full": "free some space",
    "read-only": "make its file system writable",
    "other": `run: chmod u+rwx ${directory}`,
  };
  return `${mend[reason]}; or ${otherwise}`;
}

/**
 * Checks that the seed directory is writable for its owner only, and contains no links: neither
 * symbolic links nor files with several names (hard links).
 */
export async function checkSeedDirectory(dir: string): Promise<Check> {
  const name = "seed directory";
  const info = await infoOf(dir);
  if (!info) return ok(name, `${dir} is not there yet; the command that makes the home makes it`);
  const problem = await writeProblem(dir);
  if (problem) {
    const other = "give another directory with --dir";
    return fail(name, problem.what, mendWriting(problem, dir, other));
  }
  const entries = await readdir(dir, { withFileTypes: true });
  const links = entries.filter((one) => one.isSymbolicLink()).map((one) => join(dir, one.name));
  const [first] = links;
  if (first !== undefined) {
    const what = `${first}${moreThan(links)}: a symbolic link, which could lead out of the sandbox`;
    return warn(name, what, "put the file itself there, or remove the link");
  }
  const linked: string[] = [];
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(dir, entry.name);
    const info = await lstat(path).catch(() => undefined);
    if (info && info.nlink > 1) linked.push(path);
  }
  const [file] = linked;
  if (file !== undefined) {
    const what =
      `${file}${moreThan(linked)}: a file with several names (hard links), which could ` +
      "lie outside of the sandbox, too; it is not seeded";
    const mend = `make it a file of its own: cp -p ${file} ${file}.copy && mv ${file}.copy ${file}`;
    return warn(name, what, mend);
  }
  const mode = openTo(info.mode, 0o022);
  if (mode === undefined) return ok(name, dir);
  return warn(name, `others can write to ${dir} (mode ${mode})`, `run: chmod go-w ${dir}`);
}

/** Returns ` and N more` for a list of which only the first element is shown. */
function moreThan(all: readonly unknown[]): string {
  return all.length > 1 ? ` and ${all.length - 1} more` : "";
}

/**
 * Checks that the home and the seed directory contain no temporary files left over from killed
 * processes.
 */
export async function checkTemporaries(
  dir: string,
  { temporaries }: HomeExamination,
  nowMs: number,
): Promise<Check> {
  const all = new Map(temporaries.map(({ path, mtimeMs }) => [path, mtimeMs]));
  for (const file of await readdir(dir).catch(() => [])) {
    if (!file.startsWith(".tmp-")) continue;
    const path = join(dir, file);
    const info = await infoOf(path);
    if (info) all.set(path, info.mtimeMs);
  }
  const stale = [...all].filter(([, mtimeMs]) => nowMs - mtimeMs > STALE_MS).map(([path]) => path);
  const name = "temporaries";
  if (stale.length === 0) return ok(name, "none left behind");
  return warn(
    name,
    `${stale[0]}${moreThan(stale)} left by a process that was killed`,
    "they are removed when `libreseed seed` starts",
  );
}
