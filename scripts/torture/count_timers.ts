/**
 * A module for `deno run --preload`. It counts the pending timers of the main thread and of the
 * engine's thread, and prints the counts to standard error every few seconds. Timers inside Deno
 * (of sockets and of `AbortSignal.timeout`) are not counted. The module leaves a file in the
 * directory for temporary files.
 */

/** Interval between two lines of output, in milliseconds. */
const EVERY_MS = 5_000;
const CHANNEL = "timers";

/**
 * Counts the timers of one thread. The function's source text is injected into the engine's thread,
 * so the function may refer to nothing outside of itself.
 */
function countTimers(): () => number {
  const pending = new Map<number, unknown>();
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;
  type Callback = (...args: unknown[]) => void;
  globalThis.setTimeout = ((callback: Callback, ms?: number, ...args: unknown[]) => {
    const timer = setTimeout(
      (...args: unknown[]) => {
        pending.delete(Number(timer));
        callback(...args);
      },
      ms,
      ...args,
    );
    pending.set(Number(timer), timer);
    return timer;
  }) as unknown as typeof setTimeout;
  globalThis.setInterval = ((callback: Callback, ms?: number, ...args: unknown[]) => {
    const timer = setInterval(callback, ms, ...args);
    pending.set(Number(timer), timer);
    return timer;
  }) as unknown as typeof setInterval;
  const clearing = (clear: typeof clearTimeout) => (timer?: Parameters<typeof clearTimeout>[0]) => {
    pending.delete(Number(timer));
    clear(timer);
  };
  globalThis.clearTimeout = clearing(clearTimeout);
  globalThis.clearInterval = clearing(clearInterval);
  return () => pending.size;
}

const { setInterval, clearInterval } = globalThis;
const ofMain = countTimers();
const Plain = globalThis.Worker;

globalThis.Worker = class extends Plain {
  readonly #end: () => void = () => {};

  constructor(script: string | URL, options?: WorkerOptions) {
    if (options?.name !== "libreseed-engine") {
      super(script, options);
      return;
    }
    const path = Deno.makeTempFileSync({ suffix: ".js" });
    const prelude = `const counted = (${countTimers})();
      const channel = new BroadcastChannel("${CHANNEL}");
      channel.onmessage = () => channel.postMessage(counted());\n`;
    Deno.writeTextFileSync(path, prelude + Deno.readTextFileSync(new URL(script)));
    super(new URL(`file://${path}`), options);
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = ({ data }) => console.error(`timers: main ${ofMain()}, engine ${data}`);
    const timer = setInterval(() => channel.postMessage("how many?"), EVERY_MS);
    this.#end = () => {
      clearInterval(timer);
      channel.close();
    };
  }

  override terminate() {
    super.terminate();
    this.#end();
  }
};
