/**
 * The program with a hostile worker, compiled only for tests. Messages between the threads are
 * written to the file that `PROBE_MESSAGES` names. On SIGUSR1 the main thread reports its
 * permissions, and the hostile worker attacks the targets in `PROBE_TARGETS`. The outcomes are
 * written to standard error.
 */

import type { ProbeTargets } from "./attempts.ts";

const messages = Deno.env.get("PROBE_MESSAGES");
const targetsText = Deno.env.get("PROBE_TARGETS");

/** Writes a message between threads as a line of JSON, with byte arrays in hexadecimal. */
function noted(direction: string, message: unknown): void {
  if (messages === undefined) return;
  const line = JSON.stringify({ direction, message }, function (key) {
    // Reads the original value, because `JSON.stringify` has already replaced a Buffer by the
    // result of its `toJSON`.
    const value = this[key];
    if (value instanceof Uint8Array) return { bytes: value.toHex() };
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) throw new Error("other bytes");
    return value;
  });
  Deno.writeTextFileSync(messages, `${line}\n`, { append: true });
}

/**
 * Writes a line to standard error directly, because the daemon redirects the console to its log.
 */
function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** Lists the permissions of the main thread. */
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

// The import is dynamic. A static import would use the original worker class, because it is
// evaluated before the class is replaced.
const { processIo, runCli } = await import("../../../src/cli/mod.ts");
Deno.exit(await runCli(Deno.args, processIo()));
