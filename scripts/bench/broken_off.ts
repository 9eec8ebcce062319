/**
 * What a benchmark that is ended from outside takes with it: the contenders, which would go on in
 * their namespaces and be measured along with whatever comes next.
 *
 * @module
 */

import { readFileSync } from "node:fs";

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** The processes that came from a process, near ones first; Linux only, none elsewhere. */
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
    // `pid (name) state ppid …`, where the name may have anything in it.
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}

/** Ends a process, if it is still there. */
export function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It has ended with its parent.
  }
}

/** From now on Ctrl-C and SIGTERM kill whatever this process has started, and end it. */
export function takeAllAlongWhenBrokenOff(): void {
  for (const [signal, code] of Object.entries(EXIT_CODES)) {
    Deno.addSignalListener(signal as keyof typeof EXIT_CODES, () => {
      for (const pid of descendants(Deno.pid)) kill(pid);
      Deno.exit(code);
    });
  }
}
