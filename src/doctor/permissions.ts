/**
 * The doctor's checks of the Deno permissions of the threads.
 *
 * @module
 */

import { type Binding, LOCAL_RANGES } from "../base/mod.ts";
import type { Settings } from "../config/mod.ts";
import type { StatusJson } from "../control/mod.ts";
import { enginePermissions, type Grant, publicRanges } from "../launcher/mod.ts";
import { type Check, fail, ok } from "./check.ts";

const NAME = "permissions";

/**
 * Checks that the runtime gives this thread each granted permission, and no kind of permission as a
 * whole. The result lists each grant with its reason, also if the check failed.
 *
 * @param grants `undefined` if doctor runs in a thread that was not started for it, as in tests
 */
export async function checkPermissions(grants: readonly Grant[] | undefined): Promise<Check> {
  if (!grants) return ok(NAME, "not looked at: this thread was not started for doctor alone");
  return { ...await compareWithRuntime(grants), grants };
}

/** Asks the runtime about each grant, and about each kind of permission as a whole. */
async function compareWithRuntime(grants: readonly Grant[]): Promise<Check> {
  const kinds = ["read", "write", "net", "env", "sys", "run", "ffi", "import"] as const;
  const whole: string[] = [];
  for (const name of kinds) if (await isGranted({ name })) whole.push(name);
  if (whole.length > 0) {
    const what = `this thread has all of ${whole.join(", ")}, not only what doctor needs`;
    return fail(NAME, what, "report this as a fault of libreseed");
  }
  const missing: string[] = [];
  for (const grant of grants) {
    if (!await isGranted(descriptorOf(grant))) missing.push(`${grant.permission} ${grant.what}`);
  }
  if (missing.length > 0) {
    const mend = "give Deno the flags of the task `libreseed` in deno.json";
    return fail(NAME, `the runtime refuses ${missing.join(", ")}`, mend);
  }
  const listed = kinds.flatMap((kind) => {
    const entries = grants.filter(({ permission, what }) => permission === kind && !isRange(what));
    return entries.length === 0 ? [] : [`${kind} ${entries.map(({ what }) => what).join(", ")}`];
  });
  return ok(NAME, `this command's thread: ${listed.join("; ") || "nothing"}; nothing else`);
}

/** Whether an entry is a range of addresses, which the check names in words. */
function isRange(entry: string): boolean {
  return publicRanges().includes(entry) || LOCAL_RANGES.includes(entry);
}

async function isGranted(descriptor: Deno.PermissionDescriptor): Promise<boolean> {
  return (await Deno.permissions.query(descriptor)).state === "granted";
}

function descriptorOf({ permission, what }: Grant): Deno.PermissionDescriptor {
  switch (permission) {
    case "net":
      // Deno cannot query a range of addresses, so query its first address.
      return { name: "net", host: what.replace(/\/\d+$/, "") };
    case "sys":
      return { name: "sys", kind: what as "uid" };
    default:
      return { name: permission, path: what };
  }
}

/** Lists the Deno permissions of the engine's thread, which parses untrusted data (`src/worker`). */
export function describeEnginePermissions(
  settings: Settings,
  status: StatusJson | undefined,
  binding: Binding | undefined,
): Check {
  const { net, read } = enginePermissions({
    port: status?.port ?? settings.port,
    seedDirectory: status?.seedDirectory ?? settings.dir,
    allowLocal: settings.allowLocal,
    binding,
  });
  const listening = (net as string[]).filter((entry) => !isRange(entry));
  const reach = settings.allowLocal ? "public, private and loopback" : "public";
  return ok(
    "sandbox",
    `engine's thread with these settings: net ${
      listening.join(", ")
    } and ${reach} IPv4 addresses; read and write ` +
      `${(read as string[]).join(", ")}; nothing else`,
  );
}
