/**
 * A module for `deno run --preload` that kills the engine's thread at SIGUSR2, in the way that the
 * environment variable `DEATH_OF_THE_ENGINE` names. After a silent death, the
 * command thread's timers of half a minute are shortened, so that the test need not wait for them.
 * Before the death and for other deaths, the timers keep their length, so that a busy machine is not mistaken for a
 * dead thread. The module leaves files in the temporary directory.
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

/** Name of the `BroadcastChannel` that tells the threads that the engine dies. */
const CHANNEL = "death";
const death = Deno.env.get("DEATH_OF_THE_ENGINE") as Death | undefined;
if (death !== undefined) prepare(deaths[death], silent.includes(death));

function prepare(code: string, isSilent: boolean): void {
  const Plain = globalThis.Worker;
  globalThis.Worker = class extends Plain {
    constructor(script: string | URL, options?: WorkerOptions) {
      if (options?.name === "libreseed-command" && isSilent) {
        super(...withShortWaits(script, options));
        return;
      }
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

/** Has the command thread shorten its waits, and lets it read the file that begins with that. */
function withShortWaits(script: string | URL, options: WorkerOptions): [URL, WorkerOptions] {
  const path = Deno.makeTempFileSync({ suffix: ".js" });
  const waits = new URL("./short_waits.ts", import.meta.url);
  Deno.writeTextFileSync(path, `import "${waits}";\nimport "${script}";\n`);
  const permissions = { ...options.deno!.permissions as Deno.PermissionOptionsObject };
  permissions.read = [...permissions.read as string[], path];
  return [new URL(`file://${path}`), { ...options, deno: { permissions } }];
}
