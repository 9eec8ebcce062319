/**
 * The doctor's check of the process that runs the home's engine (usually the daemon). Uses the
 * control socket and the home's lock file.
 *
 * @module
 */

import { stat } from "node:fs/promises";
import { type Clock, errorToData } from "../base/mod.ts";
import { connectControl, homePaths, lockHolder, type StatusJson } from "../control/mod.ts";
import type { LauncherRequests } from "../launcher/mod.ts";
import { type Check, checkFailed, fail, ok, warn } from "./check.ts";
import { openTo } from "./file_access.ts";

/**
 * Maximum time to wait for an answer on the control socket, in milliseconds. No answer is reported
 * as a failure.
 */
const ANSWER_TIMEOUT_MS = 5_000;

/** Advice for a user whose control socket is unusable, keyed by error code. */
const mends = new Map([
  ["CONTROL_NOT_OURS", "find out who put it there, and remove it"],
  ["CONTROL_SILENT", "resume it if it was stopped (kill -CONT), else end that process"],
  ["CONTROL_UNREACHABLE", "resume it if it was stopped (kill -CONT), else end that process"],
]);

/**
 * Finds the process that runs the home's engine.
 *
 * @returns `status` if the process answered; `isTaken` if a process holds the home's lock but did
 * not answer
 */
export async function checkDaemon(
  home: string,
  clock: Clock,
  describe: LauncherRequests["describe"],
  signal: AbortSignal | undefined,
  own: number | undefined,
): Promise<{ check: Check; status?: StatusJson; isTaken?: boolean }> {
  const name = "daemon";
  const { control, lock } = homePaths(home);
  try {
    const found = await connectControl(home, {
      clock,
      describe,
      signal,
      own,
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
    });
    if (found) {
      found.client.close();
      const { status } = found;
      const who = status.daemon ? "daemon" : "command that works just now";
      const mode = await stat(control).then(({ mode }) => openTo(mode, 0o077), () => undefined);
      const check = mode === undefined ? ok(name, `${who}, process ${status.pid}, answers`) : fail(
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
    const check = mend === undefined ? checkFailed(error, name) : fail(name, message, mend);
    return { check, isTaken: true };
  }
  if (await isLocked(lock)) {
    const pid = await lockHolder(lock) ?? "that holds daemon.lock";
    const mend = `it may be starting or stopping; if this lasts, end process ${pid}`;
    const check = warn(name, `process ${pid} has the home and serves no socket`, mend);
    return { check, isTaken: true };
  }
  const isStale = await Deno.lstat(control).then(() => true, () => false);
  const left = isStale ? "; a process that died left control.sock behind, which is harmless" : "";
  return { check: ok(name, `none runs${left}`) };
}

/**
 * Whether a process holds the home's lock. Unlike taking the lock, this test does not create the
 * lock file.
 */
async function isLocked(path: string): Promise<boolean> {
  try {
    const file = await Deno.open(path);
    try {
      // Try a shared lock: two doctors that run at the same time must not block each other.
      return !await file.tryLock(false);
    } finally {
      file.close();
    }
  } catch {
    return false;
  }
}
