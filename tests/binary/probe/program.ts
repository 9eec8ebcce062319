/**
 * The program with its worker watched: what crosses between the threads goes to the file that
 * `PROBE_MESSAGES` names, and SIGUSR1 has the main thread say what it may do and the hostile worker try
 * what it can on `PROBE_PREY`. What came of it is said on standard error. Compiled for the tests only.
 *
 * @module
 */

import type { Prey } from "./attempts.ts";

const messages = Deno.env.get("PROBE_MESSAGES");
const preyText = Deno.env.get("PROBE_PREY");

/** Bytes become hexadecimal digits, the rest stays as JSON has it. */
function noted(direction: string, message: unknown): void {
  if (messages === undefined) return;
  const line = JSON.stringify({ direction, message }, function (key) {
    // As it was before `toJSON`, which a Buffer has.
    const value = this[key];
    if (value instanceof Uint8Array) return { bytes: value.toHex() };
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) throw new Error("other bytes");
    return value;
  });
  Deno.writeTextFileSync(messages, `${line}\n`, { append: true });
}

/** To standard error: the daemon takes the console for its log. */
function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** The permissions of the main thread. */
function kept(): string[] {
  const names = ["read", "write", "net", "env", "sys", "run", "ffi"] as const;
  return names.filter((name) => {
    const { state, partial } = Deno.permissions.querySync({ name });
    return state !== "denied" && state !== "prompt" || partial;
  });
}

globalThis.Worker = class extends Worker {
  constructor(...args: ConstructorParameters<typeof Worker>) {
    super(...args);
    this.addEventListener("message", ({ data }) => {
      noted("from", data);
      const { probed } = data as { probed?: unknown };
      if (probed) say(`probed ${JSON.stringify(probed)}`);
    });
    if (preyText === undefined) return;
    const prey: Prey = JSON.parse(preyText);
    Deno.addSignalListener("SIGUSR1", () => {
      say(`kept ${JSON.stringify(kept())}`);
      super.postMessage({ probe: prey });
    });
  }

  override postMessage(...args: unknown[]): void {
    noted("to", args[0]);
    super.postMessage(...args as Parameters<Worker["postMessage"]>);
  }
};

// Statically, the worker's class would be looked up before.
const { processIo, runCli } = await import("../../../src/cli/mod.ts");
Deno.exit(await runCli(Deno.args, processIo()));
