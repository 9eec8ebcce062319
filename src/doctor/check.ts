/**
 * The result of a doctor's check, and functions that make a result for each verdict.
 *
 * @module
 */

import { errorToData, LibreseedError } from "../base/mod.ts";
import type { Grant } from "../launcher/mod.ts";
import { isDenied } from "./file_access.ts";

/** The result of one check of `libreseed doctor`: subject, verdict, finding and advice. */
export interface Check {
  /** Subject of the check: `udp port`, `state.db`. Stays the same in all releases, for scripts. */
  name: string;
  /** `warn`: works, but badly or not for long. `fail`: at least one command will not work. */
  verdict: "ok" | "warn" | "fail";
  /** Whether the finding concerns the network or this machine. */
  about: "network" | "machine";
  /** Description of the finding, for the user. */
  what: string;
  /** Advice on how to fix the problem; absent if there is no problem. */
  mend?: string;
  /** Permissions of the command's thread; only in the check `permissions`. */
  grants?: readonly Grant[];
}

/** Advice for a user whose clock is wrong; several checks give this advice. */
export const SET_CLOCK = "set the clock, best by a time service (timedatectl set-ntp true)";

/** Makes a result for a check that found no problem. */
export function ok(name: string, what: string): Check {
  return { name, verdict: "ok", about: "machine", what };
}

/** Makes a result for a problem with which libreseed still works, but badly or not for long. */
export function warn(name: string, what: string, mend: string): Check {
  return { name, verdict: "warn", about: "machine", what, mend };
}

/** Makes a result for a problem that makes at least one command fail. */
export function fail(name: string, what: string, mend: string): Check {
  return { name, verdict: "fail", about: "machine", what, mend };
}

/**
 * Converts an error that a check threw to a result: a warning if another process uses the home
 * (kind `in-use`), otherwise a failure. The message of a {@linkcode LibreseedError} contains the
 * advice, so its result has no separate advice.
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
