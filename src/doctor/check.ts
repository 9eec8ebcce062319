/**
 * What the doctor says of one thing that was looked at.
 *
 * @module
 */

import { errorToData, LibreseedError } from "../base/mod.ts";

/** What one check found. */
export interface Check {
  /** What was looked at: `udp port`, `state.db`. Does not change between releases. */
  name: string;
  /** `warn`: works now, but not well, or not for long. `fail`: something will not work. */
  verdict: "ok" | "warn" | "fail";
  /** Whether it is about the network, or about this machine. */
  about: "network" | "machine";
  /** What was found. */
  what: string;
  /** What to do about it; absent if nothing is to be done. */
  mend?: string;
}

/** How to mend a wrong clock. */
export const SET_CLOCK = "set the clock, best by a time service (timedatectl set-ntp true)";

/** Nothing is wrong. */
export function good(name: string, what: string): Check {
  return { name, verdict: "ok", about: "machine", what };
}

/** It works, but not well, or not for long. */
export function doubtful(name: string, what: string, mend: string): Check {
  return { name, verdict: "warn", about: "machine", what, mend };
}

/** Something will not work. */
export function bad(name: string, what: string, mend: string): Check {
  return { name, verdict: "fail", about: "machine", what, mend };
}

/**
 * What is said where a check itself failed. An error of ours has its own advice, and another would
 * contradict it.
 */
export function checkFailed(error: unknown, name = "doctor"): Check {
  const { kind, message } = errorToData(error);
  if (error instanceof LibreseedError) {
    if (kind === "in-use") {
      return doubtful(name, message, "run doctor again once that process has ended");
    }
    const about = kind === "network" ? "network" : "machine";
    return { name, verdict: "fail", about, what: message };
  }
  if (isDenied(error)) {
    return bad(name, message, "make what it names readable, and run doctor again");
  }
  return { name, verdict: "fail", about: "machine", what: message };
}

/** Whether the system did not permit it. */
export function isDenied(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return error instanceof Deno.errors.PermissionDenied || code === "EACCES" || code === "EPERM";
}

/** The mode in octal if it has any of these bits; Windows has none. */
export function openTo(mode: number, bits: number): string | undefined {
  if (Deno.build.os === "windows" || (mode & bits) === 0) return undefined;
  return (mode & 0o777).toString(8).padStart(4, "0");
}
