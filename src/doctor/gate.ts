/**
 * The doctor's check of the gate's thread, by the daemon's status.
 *
 * @module
 */

import type { StatusJson } from "../control/mod.ts";
import { type Check, ok, warn } from "./check.ts";

/** Tells of deaths of the gate's thread. Returns `undefined` if it has not died. */
export function checkGate({ gate }: Pick<StatusJson, "gate">): Check | undefined {
  if (!gate) return undefined;
  const what = `the gate's thread has died ${gate.deaths} times since the start (${gate.why})`;
  const check = gate.state === "running" ? ok("gate", `${what}; a new one works`) : warn(
    "gate",
    `${what}, and no new one has answered; peers over IPv6 and in the local network are not dialled`,
    "please report it; start the daemon again if it stays so",
  );
  return { ...check, about: "network" };
}
