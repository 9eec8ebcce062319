/**
 * The doctor's check of the addresses to which libreseed is bound.
 *
 * @module
 */

import { type Binding, describeBinding } from "../base/mod.ts";
import type { StatusJson } from "../control/mod.ts";
import type { LauncherRequests } from "../launcher/mod.ts";
import { type Check, fail, ok } from "./check.ts";

const NAME = "bind";

/** Finds the addresses that the setting stands for; `binding` if they can be used now. */
export async function checkBinding(
  bind: string,
  findBinding: LauncherRequests["findBinding"],
): Promise<{ check: Check; binding?: Binding }> {
  const found = await findBinding(bind);
  if ("problem" in found) {
    const mend = "connect that interface, or name another address with --bind";
    return { check: { ...fail(NAME, found.problem, mend), about: "network" } };
  }
  const { binding, state } = found;
  const check = checkBindingOf({ ...binding, ...state });
  return { check, ...(state.state === "bound" && { binding }) };
}

/** Checks the binding by the status of the process that runs the home's engine. */
export function checkBindingOf(binding: NonNullable<StatusJson["binding"]>): Check {
  if (binding.state === "bound") return ok(NAME, describeBinding(binding));
  const mend = "connect that interface again, or bind the daemon to another address";
  return { ...fail(NAME, binding.why, mend), about: "network" };
}
