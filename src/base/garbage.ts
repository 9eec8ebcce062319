/**
 * The garbage of a thread. V8 collects it when more is needed, and a daemon that has started needs
 * nothing for a long time: what its start left behind would lie about until then.
 *
 * @module
 */

/**
 * Collects the calling thread's garbage now, and gives back what was taken up by it. Takes some
 * milliseconds for each 10 MB that are in use.
 */
export function collectGarbage(): void {
  // Asked for here: every start loads this file, and Node's modules take longer than `help`.
  const { setFlagsFromString } = process.getBuiltinModule("node:v8");
  const { runInNewContext } = process.getBuiltinModule("node:vm");
  // The function is there in contexts that are made after the flag is set.
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
