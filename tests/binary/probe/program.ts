/**
 * The program with a probe, compiled only for tests. Messages between the threads are written to
 * the file that `PROBE_MESSAGES` names. At SIGUSR1 the main thread reports its permissions, and the
 * hostile worker makes its attempts on the targets in `PROBE_TARGETS`; the outcomes are written to
 * standard error.
 *
 * @module
 */

import type { ProbeTargets } from "./attempts.ts";

const messages = Deno.env.get("PROBE_MESSAGES");
const targetsText = Deno.env.get("PROBE_TARGETS");

/** Records a message as a line of JSON, with its bytes in hexadecimal. */
function noted(direction: string, message: unknown): void {
  if (messages === undefined) return;
  const line = JSON.stringify({ direction, message }, function (key) {
    // The value before `toJSON`, which a Buffer has.
    const value = this[key];
    if (value instanceof Uint8Array) return { bytes: value.toHex() };
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) throw new Error("other bytes");
    return value;
  });
  Deno.writeTextFileSync(messages, `${line}\n`, { append: true });
}

/** Writes to standard error directly: the daemon uses the console for its log. */
function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** The permissions that the main thread has. */
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
    if (targetsText === undefined) return;
    const targets: ProbeTargets = JSON.parse(targetsText);
    Deno.addSignalListener("SIGUSR1", () => {
      say(`kept ${JSON.stringify(kept())}`);
      super.postMessage({ probe: targets });
    });
  }

  override postMessage(...args: unknown[]): void {
    noted("to", args[0]);
    super.postMessage(...args as Parameters<Worker["postMessage"]>);
  }
};

// A dynamic import: a static one would look up the worker's class before it is replaced.
const { processIo, runCli } = await import("../../../src/cli/mod.ts");
Deno.exit(await runCli(Deno.args, processIo()));
