/**
 * Runs a script in a process that kills itself before one of its file operations, as `killing_fs.ts`
 * counts them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const killingFs = new URL("killing_fs.ts", import.meta.url).href;

/** Writes an import map that puts `killing_fs.ts` in place of `node:fs/promises`. Returns its path. */
export async function killingImportMap(path: string): Promise<string> {
  const { imports } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const specifier = "node:fs/promises";
  const map = {
    imports: { ...imports, [specifier]: killingFs },
    scopes: { [killingFs]: { [specifier]: specifier } },
  };
  await Deno.writeTextFile(path, JSON.stringify(map));
  return path;
}

/** A run of a script that is killed. */
export interface KilledRun {
  /** Path of the import map, see {@linkcode killingImportMap}. */
  map: string;
  /** Path of the script, relative to the project's root. */
  script: string;
  args: readonly string[];
  /** Number of the file operation before which the process kills itself, counted from 1. */
  killAt: number;
  /** Whether `killing_fs.ts` is loaded first, for a script that loads `node:fs/promises` late. */
  preload?: boolean;
}

/**
 * Runs a script in a process of its own. Returns whether the process was killed; asserts that it ended
 * with 0 if not.
 */
export async function runKilled(
  { map, script, args, killAt, preload = false }: KilledRun,
): Promise<boolean> {
  const { code, signal, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-check", "--no-prompt", "-A"],
      ...["--config", join(root, "deno.json"), "--import-map", map],
      ...(preload ? ["--preload", killingFs] : []),
      ...[join(root, script), ...args],
    ],
    env: { KILL_AT: `${killAt}` },
    stdout: "null",
    stderr: "piped",
  }).output();
  if (signal === "SIGKILL") return true;
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return false;
}
