/**
 * Forces garbage collection. V8 collects garbage only when a program allocates memory. An idle
 * daemon allocates little, so it would keep the garbage of its start for hours.
 *
 * @module
 */

/**
 * Collects the calling thread's garbage now and returns the freed memory to the system. Takes some
 * milliseconds per 10 MB of live memory.
 */
export function collectGarbage(): void {
  // Load these Node modules only here: every start loads this file, and loading the modules takes
  // longer than the whole `help` command.
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  const { runInNewContext } = process.getBuiltinModule("node:vm");
  // V8 defines `gc` only in contexts that are created after the flag `--expose-gc` is set.
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
