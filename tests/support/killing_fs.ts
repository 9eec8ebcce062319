/**
 * Stands in for `node:fs/promises` in a process that is to be killed at a file operation: the one whose
 * number `KILL_AT` names, counted from 1, before it is done. Counts what changes the disk, those of
 * `Deno` too. An import map puts it there: see `tests/fault/replacement_kill_test.ts`.
 *
 * @module
 */

import * as real from "node:fs/promises";

export * from "node:fs/promises";

const killAt = Number(Deno.env.get("KILL_AT"));
let count = 0;

function step(): void {
  count++;
  if (count !== killAt) return;
  Deno.kill(Deno.pid, "SIGKILL");
  // The signal comes a moment later, and nothing may happen until then.
  for (;;);
}

// deno-lint-ignore no-explicit-any -- a function of any kind stays of its kind
function counted<F extends (...args: any[]) => any>(call: F): F {
  return ((...args) => {
    step();
    return call(...args);
  }) as F;
}

export const link: typeof real.link = counted(real.link);
export const mkdir: typeof real.mkdir = counted(real.mkdir);
export const rename: typeof real.rename = counted(real.rename);
export const rm: typeof real.rm = counted(real.rm);
export const symlink: typeof real.symlink = counted(real.symlink);
export const unlink: typeof real.unlink = counted(real.unlink);

const changing = [
  ...["link", "mkdir", "mkdirSync", "remove", "removeSync", "rename", "renameSync", "symlink"],
  ...["writeFile", "writeFileSync"],
] as const;
// deno-lint-ignore no-explicit-any -- the same
const deno = Deno as any;
for (const name of changing) deno[name] = counted(deno[name]);
const open = Deno.open;
deno.open = ((path, options) => {
  if (options?.create || options?.createNew || options?.truncate) step();
  return open(path, options);
}) as typeof open;
