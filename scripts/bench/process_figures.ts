/**
 * Resource use of processes, from `/proc` (Linux).
 *
 * @module
 */

const LOOK_MS = 1_000;

/**
 * Processor time of processes, over all threads. `/proc/PID/stat` counts in hundredths of a second,
 * as much as an idle daemon uses in a minute. A thread's counter has nanoseconds but disappears
 * with the thread, so all threads are sampled every second.
 */
export class CpuMeter implements Disposable {
  readonly #pids: () => readonly number[];
  /** Nanoseconds by thread. */
  readonly #threads = new Map<string, number>();
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param pids returns the processes that exist at the moment */
  constructor(pids: () => readonly number[]) {
    this.#pids = pids;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Processor time of all processes together since their start, in seconds. */
  get seconds(): number {
    this.#look();
    return this.#threads.values().reduce((sum, one) => sum + one, 0) / 1e9;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const pid of this.#pids()) {
      try {
        for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
          const path = `/proc/${pid}/task/${name}/schedstat`;
          this.#threads.set(path, Number(Deno.readTextFileSync(path).split(" ")[0]));
        }
      } catch (error) {
        // The thread has ended.
        if (!(error instanceof Deno.errors.NotFound) && !isGone(error)) throw error;
      }
    }
  }
}

function isGone(error: unknown): boolean {
  return (error as { code?: string }).code === "ESRCH";
}

/** Memory that a process does not share with others, in MiB. */
export function privateMiB(pid: number): number {
  const memory = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  return [...memory.matchAll(/^Private_(?:Clean|Dirty): +(\d+)/gm)]
    .reduce((total, [, kibibytes]) => total + Number(kibibytes), 0) / 1_024;
}
