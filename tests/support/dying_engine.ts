/**
 * A module for `deno run --preload` that kills the engine's thread at SIGUSR2, in the way that the
 * environment variable `DEATH_OF_THE_ENGINE` names. After a silent death, the module shortens the
 * main thread's timers of half a minute, so that the test need not wait for them. Before the death
 * and for other deaths, the timers keep their length, so that a busy machine is not mistaken for a
 * dead thread. The module leaves a file in the temporary directory.
 *
 * @module
 */

/** Ways for a thread to die, each as JavaScript code. */
export const deaths = {
  "throws what nobody catches": "throw new TypeError('a defect')",
  "rejects what nobody catches": "Promise.reject(new TypeError('a defect'))",
  "runs out of stack": "const deeper = () => deeper() + 1; deeper()",
  "runs out of memory":
    // Allocate pieces of 32 MB: V8 runs out of memory after a few, without long garbage collections
    // before.
    "const all = []; for (;;) all.push(new Array(4_000_000).fill(all.length / 3))",
  "never comes back": "for (;;);",
  "ends without a word": "self.close()",
} as const;

/** Name of a way for a thread to die. */
export type Death = keyof typeof deaths;

/** Deaths without an error event: the thread merely stops answering. */
export const silent: readonly Death[] = ["never comes back", "ends without a word"];

const CHANNEL = "death";
const CUT_SHORT_MS = 30_000;
const death = Deno.env.get("DEATH_OF_THE_ENGINE") as Death | undefined;
if (death !== undefined) prepare(deaths[death], silent.includes(death));

/**
 * Replaces `setTimeout`. Returns a function that shortens the timers of half a minute, including
 * pending timers.
 */
function shortenableWaits(): () => void {
  const { setTimeout, clearTimeout } = globalThis;
  const underWay = new Map<unknown, () => void>();
  let isShort = false;
  globalThis.setTimeout = ((callback: () => void, ms?: number, ...args: []) => {
    if (ms !== CUT_SHORT_MS) return setTimeout(callback, ms, ...args);
    if (isShort) return setTimeout(callback, ms / 100, ...args);
    const id = setTimeout(() => {
      underWay.delete(id);
      callback();
    }, ms);
    underWay.set(id, callback);
    return id;
  }) as typeof setTimeout;
  globalThis.clearTimeout = (id) => {
    underWay.delete(id!);
    clearTimeout(id);
  };
  return () => {
    isShort = true;
    for (const [id, callback] of underWay) {
      clearTimeout(id as number);
      setTimeout(callback);
    }
    underWay.clear();
  };
}

function prepare(code: string, isSilent: boolean): void {
  const cutShort = shortenableWaits();
  const Plain = globalThis.Worker;
  globalThis.Worker = class extends Plain {
    constructor(script: string | URL, options?: WorkerOptions) {
      if (options?.name !== "libreseed-engine") {
        super(script, options);
        return;
      }
      const path = Deno.makeTempFileSync({ suffix: ".js" });
      const prelude = `new BroadcastChannel("${CHANNEL}").onmessage = () => {
        setTimeout(() => { ${code} });
      };\n`;
      Deno.writeTextFileSync(path, prelude + Deno.readTextFileSync(new URL(script)));
      super(new URL(`file://${path}`), options);
      const channel = new BroadcastChannel(CHANNEL);
      const die = () => {
        channel.postMessage("now");
        if (isSilent) cutShort();
      };
      Deno.addSignalListener("SIGUSR2", die);
      const terminate = this.terminate.bind(this);
      this.terminate = () => {
        Deno.removeSignalListener("SIGUSR2", die);
        channel.close();
        terminate();
      };
    }
  };
}
