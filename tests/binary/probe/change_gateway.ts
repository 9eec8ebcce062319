/**
 * Changes the default gateway that the launcher finds, at SIGUSR2. Both gateways are addresses of
 * this machine, so that nothing leaves it.
 *
 * @module
 */

/** Pause between two look-ups of the gateway (ms). */
const LOOK_MS = 60_000;
/** Pause in its place, until the launcher has found the other gateway (ms). */
const SHORT_MS = 100;

/** Replaces the program `ip`, and shortens the pause. */
export function changeGateway(): void {
  const { setTimeout } = globalThis;
  let hasChanged = false;
  let isFound = false;
  Deno.addSignalListener("SIGUSR2", () => hasChanged = true);
  const replaced = (fire: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) =>
    setTimeout(fire, ms === LOOK_MS && !isFound ? SHORT_MS : ms, ...args);
  globalThis.setTimeout = replaced as typeof setTimeout;
  const { Command } = Deno;
  Deno.Command = class extends Command {
    readonly #isRoute: boolean;

    constructor(program: string | URL, options: Deno.CommandOptions = {}) {
      super(program, options);
      this.#isRoute = options.args?.join(" ").startsWith("-4 route get") ?? false;
    }

    override output(): Promise<Deno.CommandOutput> {
      if (!this.#isRoute) return super.output();
      isFound = hasChanged;
      const gateway = hasChanged ? "127.0.0.3" : "127.0.0.2";
      const route = `198.41.0.4 via ${gateway} dev lo src 127.0.0.1 uid 0\n`;
      const [stdout, stderr] = [new TextEncoder().encode(route), new Uint8Array(0)];
      return Promise.resolve({ success: true, code: 0, signal: null, stdout, stderr });
    }
  };
}
