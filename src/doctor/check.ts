/**
 * The result of one of the doctor's checks, and constructors for each verdict.
 *
 * @module
 */

import { errorToData, LibreseedError } from "../base/mod.ts";
import { isDenied } from "./file_access.ts";

/** The result of one check. */
export interface Check {
  /** Subject of the check: `udp port`, `state.db`. Stays the same between releases. */
  name: string;
  /** `warn`: works, but not well or not for long. `fail`: some command will not work. */
  verdict: "ok" | "warn" | "fail";
  /** Whether the finding concerns the network or this machine. */
  about: "network" | "machine";
  /** The finding, for people. */
  what: string;
  /** The repair that the user can make; absent if none is needed. */
  mend?: string;
}

/** Advice for a wrong clock. */
export const SET_CLOCK = "set the clock, best by a time service (timedatectl set-ntp true)";

/** A check that found nothing wrong. */
export function ok(name: string, what: string): Check {
  return { name, verdict: "ok", about: "machine", what };
}

/** A check that found something that works, but not well or not for long. */
export function warn(name: string, what: string, mend: string): Check {
  return { name, verdict: "warn", about: "machine", what, mend };
}

/** A check that found something that will not work. */
export function fail(name: string, what: string, mend: string): Check {
  return { name, verdict: "fail", about: "machine", what, mend };
}

/**
 * The result of a check that threw. A {@linkcode LibreseedError} carries its own advice in its message,
 * so this function adds none.
 */
export function checkFailed(error: unknown, name = "doctor"): Check {
  const { kind, message } = errorToData(error);
  if (error instanceof LibreseedError) {
    if (kind === "in-use") {
      return warn(name, message, "run doctor again once that process has ended");
    }
    const about = kind === "network" ? "network" : "machine";
    return { name, verdict: "fail", about, what: message };
  }
  if (isDenied(error)) {
    return fail(name, message, "make what it names readable, and run doctor again");
  }
  return { name, verdict: "fail", about: "machine", what: message };
}
