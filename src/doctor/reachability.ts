/**
 * The doctor's check of whether peers outside can connect to the daemon.
 *
 * @module
 */

import { isTestNetwork } from "../base/mod.ts";
import type { Settings } from "../config/mod.ts";
import type { StatusJson } from "../control/mod.ts";
import { describeReachability, lacksIpv4 } from "../reachability/mod.ts";
import { type Check, fail, ok, warn } from "./check.ts";

/**
 * Checks whether peers outside can connect, by the daemon's status. Returns `undefined` where the
 * question makes no sense: in a test network, and for a command that is the host for a moment.
 */
export function checkReachability(
  { daemon, reachability }: Pick<StatusJson, "daemon" | "reachability">,
  settings: Settings,
): Check | undefined {
  if (!daemon || isTestNetwork(settings)) return undefined;
  return { ...verdictOf(reachability), about: "network" };
}

function verdictOf(status: StatusJson["reachability"]): Check {
  const name = "reachable";
  const { what, mend = ASK_AGAIN } = describeReachability(status);
  if (status.reachable === "no") return fail(name, what, mend);
  const { ipv4, ipv6, reachable } = status;
  const isOpen = lacksIpv4(status)
    ? ipv6?.placement === "public" && ipv6.pinhole !== "none"
    : ipv4.placement === "public" || ipv4.placement === "mapped";
  const isGood = reachable === "yes" || isOpen;
  return isGood ? ok(name, what) : warn(name, what, mend);
}

const ASK_AGAIN = "run doctor again in a minute";
