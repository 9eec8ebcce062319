/**
 * The doctor's checks of the disk: the home, the seed directory, the state, and what they need of the
 * machine. They read only. The key and the archives have files of their own.
 *
 * @module
 */

import { lstat, readdir, readFile, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { errorToData, RELEASED_MS } from "../base/mod.ts";
import { homePaths, isStrangers } from "../control/mod.ts";
import { isArchiveName, noteDamaged, STATE_SCHEMA_VERSION } from "../store/mod.ts";
import { bad, type Check, doubtful, good, isDenied, openTo, SET_CLOCK } from "./check.ts";

/** Less free than this is worth a word, bytes. */
const LITTLE_SPACE_BYTES = 256 << 20;
/** With less than this the state may not be written any more, bytes. */
const NO_SPACE_BYTES = 8 << 20;
/** A share of the file system's file names below this is worth a word. */
const FEW_NAMES = 0.01;
/** Temporaries older than this are nobody's, as `src/store` has it. */
const STALE_MS = 3_600_000;
/** A file may be stamped by a clock that is a little ahead, as another machine's is. */
const CLOCK_SLACK_MS = 60_000;
/** Certificates and Unix times of 32 bits end about here, Unix milliseconds (2038). */
const LATEST_MS = Date.UTC(2038);
/** What is written to see whether it can be. */
const PROBE_BYTES = 4096;
/** Files that a process has open besides peers and archives. */
const OTHER_FILES = 64;

/**
 * The home is there, ours alone, and can be written.
 *
 * @param own the user id that this process runs as
 */
export async function checkHome(home: string, own: number | undefined): Promise<Check> {
  const name = "home";
  const info = await infoOf(home);
  if (!info) {
    return good(
      name,
      `${home} is not there yet; \`libreseed keygen\`, \`seed\` or \`get\` makes it`,
    );
  }
  if (own !== 0 && isStrangers(info.uid, own)) {
    const what = `${home} belongs to user ${info.uid}, and libreseed runs as user ${own}`;
    return bad(name, what, `run libreseed as that user, or ${OTHER_HOME}`);
  }
  const problem = await writeProblem(home);
  if (problem) return bad(name, problem, `run: chmod u+rwx ${home}; or ${OTHER_HOME}`);
  const roots = await rootsOf(home);
  if (roots) return roots;
  const writable = openTo(info.mode, 0o022);
  if (writable !== undefined) {
    const what = `others can replace files in ${home} (mode ${writable})`;
    return bad(name, what, `run: chmod 700 ${home}`);
  }
  const mode = openTo(info.mode, 0o077);
  if (mode === undefined) return good(name, `${home}, for its owner only`);
  return doubtful(name, `${home} is open to others (mode ${mode})`, `run: chmod 700 ${home}`);
}

/** Something in the home that a user who is not root cannot write, because root has made it. */
async function rootsOf(home: string): Promise<Check | undefined> {
  const { uid, gid } = await stat(home);
  if (uid === 0) return undefined;
  const found: string[] = [];
  for (const path of [home, join(home, "keys"), join(home, "seed")]) {
    for (const name of await readdir(path).catch(() => [])) {
      const info = await lstat(join(path, name)).catch(() => undefined);
      if (info?.uid === 0) found.push(join(path, name));
    }
  }
  if (found.length === 0) return undefined;
  const more = found.length > 1 ? ` and ${found.length - 1} more` : "";
  return bad(
    "home",
    `${found[0]}${more} belong to root: libreseed was run as root in this home`,
    `run: sudo chown -R ${uid}:${gid} ${home}`,
  );
}

const OTHER_HOME = "give another directory with --home";

/** The seed directory can be written, by us only. */
export async function checkSeedDirectory(dir: string): Promise<Check> {
  const name = "seed directory";
  const info = await infoOf(dir);
  if (!info) return good(name, `${dir} is not there yet; the command that makes the home makes it`);
  const problem = await writeProblem(dir);
  if (problem) {
    return bad(name, problem, `run: chmod u+rwx ${dir}; or give another directory with --dir`);
  }
  const links = (await readdir(dir, { withFileTypes: true })).filter((one) => one.isSymbolicLink());
  if (links.length > 0) {
    const [first] = links.map(({ name }) => join(dir, name));
    const more = links.length > 1 ? ` and ${links.length - 1} more` : "";
    const what = `${first}${more}: a symbolic link, and the sandbox does not end at one`;
    return doubtful(name, what, "put what is meant itself there, or remove the link");
  }
  const mode = openTo(info.mode, 0o022);
  if (mode === undefined) return good(name, dir);
  return doubtful(name, `others can write to ${dir} (mode ${mode})`, `run: chmod go-w ${dir}`);
}

/** SQLite finds nothing wrong in `state.db`, and this libreseed knows its schema. */
export async function checkState(home: string): Promise<Check> {
  const { state } = homePaths(home);
  const name = "state.db";
  const info = await infoOf(state);
  if (!info) return good(name, "none yet; the first command that needs it makes it");
  const mode = openTo(info.mode, 0o077);
  try {
    // Reading makes a log and an index beside the file. Only who may write takes them away again; but a
    // log that is there is somebody's, and is left as it is.
    using database = new DatabaseSync(state, {
      readOnly: await infoOf(`${state}-wal`) !== undefined,
    });
    const version = Number(database.prepare("PRAGMA user_version").get()!.user_version);
    if (version > STATE_SCHEMA_VERSION) {
      const what = `${state} was written by a newer libreseed (schema ${version})`;
      return bad(name, what, "use that one, or another --home");
    }
    const verdict = String(database.prepare("PRAGMA integrity_check(1)").get()!.integrity_check);
    if (verdict !== "ok") throw new Error(verdict);
  } catch (error) {
    const { message } = errorToData(error);
    const what = `${state} cannot be used: ${message}`;
    if (/database is locked/.test(message)) {
      return bad(name, what, "end the program that has it open, or wait for it");
    }
    if (isDenied(error) || /unable to open database file/.test(message)) {
      return bad(name, what, `run: chmod 600 ${state}`);
    }
    noteDamaged(state);
    return bad(
      name,
      what,
      "start `libreseed seed`: a damaged file is put aside and rebuilt from the seed directory",
    );
  }
  if (mode !== undefined) {
    return doubtful(name, `${state} is open to others (mode ${mode})`, `run: chmod 600 ${state}`);
  }
  return good(name, `whole, ${info.size} bytes`);
}

/** Nothing lies around that a killed process left. */
export async function checkTemporaries(dirs: string[], nowMs: number): Promise<Check> {
  const stale: string[] = [];
  for (const dir of new Set(dirs)) {
    for (const file of await readdir(dir).catch(() => [])) {
      if (!file.startsWith(".tmp-")) continue;
      const info = await infoOf(join(dir, file));
      if (info && nowMs - info.mtimeMs > STALE_MS) stale.push(join(dir, file));
    }
  }
  const name = "temporaries";
  if (stale.length === 0) return good(name, "none left behind");
  const more = stale.length > 1 ? ` and ${stale.length - 1} more` : "";
  return doubtful(
    name,
    `${stale[0]}${more} left by a process that was killed`,
    "they are removed when `libreseed seed` starts",
  );
}

/** The clock is not plainly wrong: offline there is only our own past to compare it with. */
export async function checkClock(home: string, nowMs: number): Promise<Check> {
  const name = "clock";
  const time = new Date(nowMs).toISOString();
  const mend = SET_CLOCK;
  if (nowMs < RELEASED_MS || nowMs > LATEST_MS) return bad(name, `it says ${time}`, mend);
  const { state, key } = homePaths(home);
  for (const path of [state, key]) {
    const info = await infoOf(path);
    if (!info || info.mtimeMs <= nowMs + CLOCK_SLACK_MS) continue;
    const what = `it says ${time}, but ${path} was written ${
      Math.round((info.mtimeMs - nowMs) / 1_000)
    } s later`;
    return bad(name, what, mend);
  }
  return good(name, time);
}

/** Deno asks for a permission of its own for some questions to the system. */
const NOT_LOOKED_AT = "not looked at: the runtime does not let this program ask";

/** There is room, and names are left. */
export async function checkDisk(dirs: string[]): Promise<Check[]> {
  const checks = new Map<string, Check>();
  for (const dir of dirs) {
    const place = await nearestParent(join(dir, "."));
    const { dev } = await stat(place);
    const space = await spaceOf(place);
    if (!space) return [good("disk", NOT_LOOKED_AT)];
    const { bavail, bsize, ffree, files } = space;
    const freeBytes = bavail * bsize;
    const what = `${Math.floor(freeBytes / 2 ** 20)} MiB free for ${dir}`;
    const mend = "make room, or give another --dir";
    const check = freeBytes < NO_SPACE_BYTES
      ? bad("disk", what, mend)
      : freeBytes < LITTLE_SPACE_BYTES
      ? doubtful("disk", what, mend)
      : files > 0 && ffree / files < FEW_NAMES
      ? doubtful("disk", `${what}, but only ${ffree} names for files are left`, "remove files")
      : good("disk", what);
    checks.set(String(dev), check);
  }
  return [...checks.values()];
}

/**
 * A process may open as many files as archives and peers take. Deno shows /proc only to those who have
 * all permissions, and other systems have none.
 *
 * @param pid of the daemon, if one runs
 */
export async function checkOpenFiles(
  dir: string,
  maxConnections: number,
  pid: number | undefined,
): Promise<Check> {
  const limits = await readFile(`/proc/${pid ?? "self"}/limits`, "utf8").catch(() => "");
  const limit = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
  if (!limit) return good("open files", NOT_LOOKED_AT);
  const archives = (await readdir(dir).catch(() => [])).filter(isArchiveName).length;
  const wanted = archives + maxConnections + OTHER_FILES;
  const what = `a process may have ${limit}`;
  return limit >= wanted ? good("open files", what) : doubtful(
    "open files",
    `${what}; ${archives} archives and their peers may want ${wanted}`,
    `raise the limit: ulimit -n ${wanted * 2}, or LimitNOFILE= in the systemd unit`,
  );
}

async function spaceOf(path: string) {
  try {
    return await statfs(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

async function infoOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The path, or the nearest directory above it that is there. */
async function nearestParent(path: string): Promise<string> {
  for (let at = path;; at = dirname(at)) if (at === dirname(at) || await infoOf(at)) return at;
}

/**
 * Why a directory cannot be written; `undefined` if it can. Asking for the rights would not tell of a
 * file system that is full or read-only, so a file is written and removed, under a name that all of
 * libreseed takes for a temporary.
 */
async function writeProblem(dir: string): Promise<string | undefined> {
  const path = join(dir, `.tmp-${Deno.pid}-doctor`);
  try {
    await Deno.writeFile(path, new Uint8Array(PROBE_BYTES), { createNew: true });
    return undefined;
  } catch (error) {
    return `${dir} cannot be written: ${errorToData(error).message}`;
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}
