/**
 * Replaces `node:fs/promises` in a process that kills itself before its file operation number
 * `KILL_AT`, counted from 1. Operations that change the disk are counted, including those of
 * `Deno`. The module is installed by an import map: see `killed_process.ts`.
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
  // Block until SIGKILL arrives, so that no other operation runs.
  for (;;);
}

// deno-lint-ignore no-explicit-any -- the wrapper keeps the type of any function
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
  ...[
    "link",
    "linkSync",
    "mkdir",
    "mkdirSync",
    "remove",
    "removeSync",
    "rename",
    "renameSync",
    "symlink",
  ],
  ...["makeTempDir", "writeFile", "writeFileSync"],
] as const;
// deno-lint-ignore no-explicit-any -- the same
const deno = Deno as any;
for (const name of changing) deno[name] = counted(deno[name]);
const open = Deno.open;
deno.open = ((path, options) => {
  if (options?.create || options?.createNew || options?.truncate) step();
  return open(path, options);
}) as typeof open;
