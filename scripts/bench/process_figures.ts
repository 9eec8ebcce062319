/** Measures the resource use of processes, from `/proc` (Linux). */

const LOOK_MS = 1_000;

/**
 * Measures the processor time of processes, over all threads. `/proc/PID/stat` counts in hundredths
 * of a second, which an idle daemon may use in a whole minute. The counters of threads have
 * nanoseconds, but disappear with their thread. Therefore all threads are sampled every second.
 */
export class CpuMeter implements Disposable {
  readonly #pids: () => readonly number[];
  /** Processor time by thread, in nanoseconds. */
  readonly #threads = new Map<string, number>();
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param pids returns the ids of the measured processes that exist at the moment */
  constructor(pids: () => readonly number[]) {
    this.#pids = pids;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Returns the processor time of all processes together since their start, in seconds. */
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
        // The thread has ended, so its counter is gone.
        if (!(error instanceof Deno.errors.NotFound) && !isGone(error)) throw error;
      }
    }
  }
}

function isGone(error: unknown): boolean {
  return (error as { code?: string }).code === "ESRCH";
}

/** Returns the memory that a process does not share with other processes, in MiB. */
export function privateMiB(pid: number): number {
  const memory = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  return [...memory.matchAll(/^Private_(?:Clean|Dirty): +(\d+)/gm)]
    .reduce((total, [, kibibytes]) => total + Number(kibibytes), 0) / 1_024;
}
