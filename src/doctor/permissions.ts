/**
 * The doctor's checks of the Deno permissions of the main thread and of the worker.
 *
 * @module
 */

import { LOCAL_RANGES } from "../base/mod.ts";
import type { Settings } from "../config/mod.ts";
import type { StatusJson } from "../control/mod.ts";
import { enginePermissions, PUBLIC_RANGES } from "../launcher/mod.ts";
import { type Check, fail, ok } from "./check.ts";

const MAIN = "permissions";

/**
 * Checks that the main thread has the Deno permissions that the settings need, and lists the
 * permissions that the main thread has.
 */
export async function checkMainPermissions({ home, dir, port }: Settings): Promise<Check> {
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
    return fail(MAIN, `the runtime refuses ${missing.join(", ")}`, mend);
  }
  const all: string[] = [];
  for (const name of ["read", "write", "net", "env", "sys", "run", "ffi", "import"] as const) {
    if (await has({ name })) all.push(name);
  }
  return ok(MAIN, `main thread: all of ${all.join(", ") || "nothing"}`);
}

/** Lists the Deno permissions of the worker, which parses untrusted data (`src/worker`). */
export function describeWorkerPermissions(
  settings: Settings,
  status: StatusJson | undefined,
): Check {
  const { net, read } = enginePermissions({
    port: status?.port ?? settings.port,
    seedDirectory: status?.seedDirectory ?? settings.dir,
    allowLocal: settings.allowLocal,
  });
  const ranges = [...PUBLIC_RANGES, ...LOCAL_RANGES];
  const listening = (net as string[]).filter((entry) => !ranges.includes(entry));
  const reach = settings.allowLocal ? "public, private and loopback" : "public";
  return ok(
    "sandbox",
    `worker with these settings: net ${
      listening.join(", ")
    } and ${reach} IPv4 addresses; read and write ` +
      `${(read as string[]).join(", ")}; nothing else`,
  );
}
