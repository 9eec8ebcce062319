/**
 * What is wrong with a home, its machine and its network, and how to mend it. Mends nothing itself.
 * What the checks look at is in `doctor_files.ts`, `doctor_key.ts`, `doctor_archives.ts`,
 * `doctor_clock.ts` and `doctor_network.ts`; here are their order, and the checks of the process.
 *
 * @module
 */

import { stat } from "node:fs/promises";
import { type Clock, errorToData } from "../base/mod.ts";
import type { Settings } from "../config/mod.ts";
import { connectControl, homePaths, lockHolder, ownUid, type StatusJson } from "../control/mod.ts";
import { LOCAL_RANGES, PUBLIC_RANGES, workerPermissions } from "../worker/mod.ts";
import { checkArchives } from "./archives.ts";
import { bad, type Check, checkFailed, doubtful, good, openTo } from "./check.ts";
import { checkClockByDht } from "./clock.ts";
import { checkEntries } from "./entries.ts";
import {
  checkClock,
  checkDisk,
  checkHome,
  checkOpenFiles,
  checkSeedDirectory,
  checkState,
  checkTemporaries,
} from "./files.ts";
import { checkKey } from "./key.ts";
import { checkDht, checkDhtOf, checkPorts } from "./network.ts";

/** Options of {@linkcode examine}. */
export interface DoctorOptions {
  settings: Settings;
  clock: Clock;
  /** Ends the waiting for DHT nodes. */
  signal?: AbortSignal;
  /** The user id that this process runs as, unless it is the process's own. */
  uid?: number;
}

/** How long the owner of the engine may take to say how it is, milliseconds: a finding, not a wait. */
const ANSWER_TIMEOUT_MS = 5_000;

/** Checks whose failure leaves the home and its state fit for use. */
const notOfHome: readonly string[] = ["clock", "archives"];

/** Runs all checks, one after the other. A check that itself fails is reported as one that does. */
export async function* examine(options: DoctorOptions): AsyncGenerator<Check> {
  const { settings, clock, signal } = options;
  const { home, dir } = settings;
  const own = options.uid ?? ownUid();
  const { check, status, isTaken } = await askDaemon(home, clock, signal, own);
  yield check;
  const checks: (() => Promise<Check | Check[]>)[] = [
    () => checkHome(home, own),
    () => checkKey(home, own),
    () => checkSeedDirectory(dir),
    () => checkArchives(dir, { signal }),
    () => checkState(home),
    () => checkTemporaries([home, dir], clock.now()),
    () => checkClock(home, clock.now()),
    () => checkDisk([home, dir]),
    () => checkOpenFiles(dir, settings.maxConnections + settings.maxIncoming, status?.pid),
    () => checkMainPermissions(settings),
    () => Promise.resolve(describeWorkerPermissions(settings, status)),
  ];
  let isSound = true;
  for (const run of checks) {
    const found = await runCheck(run);
    isSound &&= found.every(({ name, verdict }) => verdict !== "fail" || notOfHome.includes(name));
    yield* found;
  }
  if (isSound) yield* await runCheck(() => checkEntries(home, clock));
  const clockByDht = () => runCheck(() => checkClockByDht(settings, clock, signal));
  if (status) {
    yield good("tcp port", `${status.port} is the daemon's`);
    const dht = checkDhtOf(status, settings.dht);
    yield dht;
    if (settings.dht && dht.verdict === "ok" && isSound) yield* await clockByDht();
    return;
  }
  if (isTaken) {
    // It may want the port at any moment, and then it is not to find ours there.
    yield good("port and dht", "not looked at: they are that process's");
    return;
  }
  const { checks: ports, udp } = await checkPorts(settings.port);
  yield* ports;
  const found = [];
  try {
    found.push(...await runCheck(() => checkDht(udp, settings, clock, signal)));
    yield* found;
  } finally {
    udp?.close();
  }
  const isFree = [...ports, ...found].every(({ verdict }) => verdict === "ok");
  if (settings.dht && isFree && isSound) yield* await clockByDht();
}

async function runCheck(run: () => Promise<Check | Check[]>): Promise<Check[]> {
  try {
    return [await run()].flat();
  } catch (error) {
    return [checkFailed(error)];
  }
}

/** What to do about a control socket that is no use, by the error's code. */
const mends = new Map([
  ["CONTROL_NOT_OURS", "find out who put it there, and remove it"],
  ["CONTROL_SILENT", "resume it if it was stopped (kill -CONT), else end that process"],
  ["CONTROL_UNREACHABLE", "resume it if it was stopped (kill -CONT), else end that process"],
]);

/** Who owns the home's engine: nobody, a daemon, or a process that does not answer. */
async function askDaemon(
  home: string,
  clock: Clock,
  signal: AbortSignal | undefined,
  own: number | undefined,
): Promise<{ check: Check; status?: StatusJson; isTaken?: boolean }> {
  const name = "daemon";
  const { control, lock } = homePaths(home);
  try {
    const found = await connectControl(home, {
      clock,
      signal,
      own,
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
    });
    if (found) {
      found.client.close();
      const { status } = found;
      const who = status.daemon ? "daemon" : "command that works just now";
      const mode = await stat(control).then(({ mode }) => openTo(mode, 0o077), () => undefined);
      const check = mode === undefined ? good(name, `${who}, process ${status.pid}, answers`) : bad(
        name,
        `others can command it by ${control} (mode ${mode})`,
        `run: chmod 600 ${control}`,
      );
      return { status, check };
    }
  } catch (error) {
    signal?.throwIfAborted();
    const { code, message } = errorToData(error);
    const mend = mends.get(code);
    const check = mend === undefined ? checkFailed(error, name) : bad(name, message, mend);
    return { check, isTaken: true };
  }
  if (await isLocked(lock)) {
    const pid = await lockHolder(lock) ?? "that holds daemon.lock";
    const mend = `it may be starting or ending; if it stays so, end process ${pid}`;
    const check = doubtful(name, `process ${pid} has the home and serves no socket`, mend);
    return { check, isTaken: true };
  }
  const isStale = await Deno.lstat(control).then(() => true, () => false);
  const left = isStale ? "; control.sock was left by one that died, and does no harm" : "";
  return { check: good(name, `none runs${left}`) };
}

/** Whether somebody has the home. Unlike taking the lock, leaves no file behind. */
async function isLocked(path: string): Promise<boolean> {
  try {
    const file = await Deno.open(path);
    try {
      // Shared: two doctors do not take each other for an owner.
      return !await file.tryLock(false);
    } finally {
      file.close();
    }
  } catch {
    return false;
  }
}

const MAIN = "permissions";

/** What the runtime lets the main thread do, as it says itself. */
async function checkMainPermissions({ home, dir, port }: Settings): Promise<Check> {
  const has = async (descriptor: Deno.PermissionDescriptor) =>
    (await Deno.permissions.query(descriptor)).state === "granted";
  const host = `0.0.0.0:${port}`;
  const needed: [string, Deno.PermissionDescriptor][] = [
    [`read ${home}`, { name: "read", path: home }],
    [`write ${home}`, { name: "write", path: home }],
    [`read ${dir}`, { name: "read", path: dir }],
    [`write ${dir}`, { name: "write", path: dir }],
    [`net ${host}`, port === 0 ? { name: "net" } : { name: "net", host }],
  ];
  const missing: string[] = [];
  for (const [words, descriptor] of needed) if (!await has(descriptor)) missing.push(words);
  if (missing.length > 0) {
    const mend = "give Deno the flags of the task `libreseed` in deno.json";
    return bad(MAIN, `the runtime refuses ${missing.join(", ")}`, mend);
  }
  const all: string[] = [];
  for (const name of ["read", "write", "net", "env", "sys", "run", "ffi", "import"] as const) {
    if (await has({ name })) all.push(name);
  }
  return good(MAIN, `main thread: all of ${all.join(", ") || "nothing"}`);
}

/** What the thread that meets strangers is granted; see `src/worker/permissions.ts`. */
function describeWorkerPermissions(settings: Settings, status: StatusJson | undefined): Check {
  const { net, read } = workerPermissions({
    port: status?.port ?? settings.port,
    seedDirectory: status?.seedDirectory ?? settings.dir,
    allowLocal: settings.allowLocal,
  });
  const ranges = [...PUBLIC_RANGES, ...LOCAL_RANGES];
  const listening = (net as string[]).filter((entry) => !ranges.includes(entry));
  const reach = settings.allowLocal ? "public, private and loopback" : "public";
  return good(
    "sandbox",
    `worker with these settings: net ${
      listening.join(", ")
    } and ${reach} IPv4 addresses; read and write ` +
      `${(read as string[]).join(", ")}; nothing else`,
  );
}
