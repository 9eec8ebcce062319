/**
 * What processes have taken, from `/proc` (Linux).
 *
 * @module
 */

const LOOK_MS = 1_000;

/**
 * The processor's time of processes, all threads. `/proc/PID/stat` counts in hundredths of a second,
 * which is as much as an idle daemon takes in a minute; each thread counts in nanoseconds, but takes
 * them along when it ends. So the threads are looked at every second.
 */
export class CpuMeter implements Disposable {
  readonly #pids: () => readonly number[];
  /** Nanoseconds by thread. */
  readonly #threads = new Map<string, number>();
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param pids those that run by now */
  constructor(pids: () => readonly number[]) {
    this.#pids = pids;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Of all of them together, since their start. */
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
        // A thread that has ended meanwhile.
        if (!(error instanceof Deno.errors.NotFound) && !isGone(error)) throw error;
      }
    }
  }
}

function isGone(error: unknown): boolean {
  return (error as { code?: string }).code === "ESRCH";
}

/** Memory that a process shares with no other, MiB. */
export function privateMiB(pid: number): number {
  const memory = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  return [...memory.matchAll(/^Private_(?:Clean|Dirty): +(\d+)/gm)]
    .reduce((total, [, kibibytes]) => total + Number(kibibytes), 0) / 1_024;
}
