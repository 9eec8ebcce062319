/**
 * Finds temporary files and processes that a program should have removed or ended.
 *
 * @module
 */

import { join } from "node:path";

/**
 * Lists the leftovers of programs that used a home: one line for each temporary file in the home
 * and (on Linux) for each running process with the home's path in its arguments or environment. Use
 * it as `assert.deepEqual(await leftovers(home.path), [])`.
 */
export async function leftovers(home: string): Promise<string[]> {
  return [...await temporariesIn(home), ...await processesOf(home)];
}

/**
 * Kills the processes that `leftovers` would list. A child process may outlive its killed parent.
 */
export async function endProcessesOf(home: string): Promise<void> {
  for (const line of await processesOf(home)) {
    try {
      Deno.kill(Number(/^process (\d+)/.exec(line)![1]), "SIGKILL");
    } catch (error) {
      // Ignore the error: the process has ended meanwhile.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

async function temporariesIn(dir: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = join(dir, name);
    if (name.startsWith(".tmp-")) found.push(`temporary ${path}`);
    if (isDirectory) found.push(...await temporariesIn(path));
  }
  return found.sort();
}

async function processesOf(home: string): Promise<string[]> {
  if (Deno.build.os !== "linux") return [];
  const found: string[] = [];
  for await (const { name: pid } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(pid) || Number(pid) === Deno.pid) continue;
    const read = (file: string) => Deno.readTextFile(`/proc/${pid}/${file}`).catch(() => "");
    const [commandLine, environment] = [await read("cmdline"), await read("environ")];
    if (commandLine.includes(home) || environment.includes(home)) {
      found.push(`process ${pid}: ${commandLine.replaceAll("\0", " ").trim()}`);
    }
  }
  return found;
}
