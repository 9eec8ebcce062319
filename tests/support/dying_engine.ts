/**
 * For `deno run --preload`: at SIGUSR2 the engine's thread dies in the way that
 * `DEATH_OF_THE_ENGINE` names. Where it falls silent, the main thread's waits of half a minute are cut
 * short, so that this is noticed soon. Leaves a file in the directory for temporary ones.
 *
 * @module
 */

/** How a thread may die, in JavaScript. */
export const deaths = {
  "throws what nobody catches": "throw new TypeError('a defect')",
  "rejects what nobody catches": "Promise.reject(new TypeError('a defect'))",
  "runs out of stack": "const deeper = () => deeper() + 1; deeper()",
  "runs out of memory":
    "const all = []; for (;;) all.push(new Array(100_000).fill(all.length / 3))",
  "never comes back": "for (;;);",
  "ends without a word": "self.close()",
} as const;

/** One of them. */
export type Death = keyof typeof deaths;

/** Those that nobody hears of. */
export const silent: readonly Death[] = ["never comes back", "ends without a word"];

const CHANNEL = "death";
const CUT_SHORT_MS = 30_000;
const death = Deno.env.get("DEATH_OF_THE_ENGINE") as Death | undefined;
if (death !== undefined) prepare(deaths[death]);

function prepare(code: string): void {
  const { setTimeout } = globalThis;
  globalThis.setTimeout =
    ((callback: () => void, ms?: number, ...args: []) =>
      setTimeout(callback, ms === CUT_SHORT_MS ? ms / 100 : ms, ...args)) as typeof setTimeout;
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
      const die = () => channel.postMessage("now");
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
