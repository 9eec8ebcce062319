/**
 * Process trees (Linux), and the end of one: a benchmark that is interrupted kills its contenders,
 * which would otherwise go on in their namespaces and disturb the next benchmark.
 *
 * @module
 */

import { readFileSync } from "node:fs";

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** Descendants of a process, children first. Empty on other systems than Linux. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  try {
    for (const { name } of Deno.readDirSync("/proc")) {
      if (/^\d+$/.test(name)) parents.set(Number(name), parentOf(name));
    }
  } catch {
    return [];
  }
  const found = [pid];
  for (const one of found) {
    for (const [child, parent] of parents) if (parent === one) found.push(child);
  }
  return found.slice(1);
}

function parentOf(pid: string): number {
  try {
    // The format is `pid (name) state ppid …`, and the name may contain any character.
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    // The process has ended.
    return 0;
  }
}

/** Kills a process, if it still runs. */
export function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // The process ended with its parent.
  }
}

/** Makes Ctrl-C and SIGTERM kill all descendants of this process, and then end it. */
export function killDescendantsOnSignal(): void {
  for (const [signal, code] of Object.entries(EXIT_CODES)) {
    Deno.addSignalListener(signal as keyof typeof EXIT_CODES, () => {
      for (const pid of descendants(Deno.pid)) kill(pid);
      Deno.exit(code);
    });
  }
}
