/**
 * Lists and ends trees of processes (Linux). When a benchmark is interrupted, it kills all programs
 * that it started. Otherwise they would continue in their network namespaces and disturb the next
 * benchmark.
 */

import { readFileSync } from "node:fs";

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Returns the ids of all descendants of a process, children first. The list is empty on systems
 * other than Linux.
 */
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
    // The format of `/proc/PID/stat` is `pid (name) state ppid …`. The name may contain any
    // character.
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    // The process ended during the listing.
    return 0;
  }
}

/** Kills a process if it is still running. */
export function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // The process has already ended together with its parent.
  }
}

/**
 * Installs handlers for Ctrl-C and SIGTERM, which kill all descendants of this process and then end
 * the process.
 */
export function killDescendantsOnSignal(): void {
  for (const [signal, code] of Object.entries(EXIT_CODES)) {
    Deno.addSignalListener(signal as keyof typeof EXIT_CODES, () => {
      for (const pid of descendants(Deno.pid)) kill(pid);
      Deno.exit(code);
    });
  }
}
