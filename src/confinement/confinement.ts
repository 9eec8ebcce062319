/**
 * Restricts the thread that imports this file beyond Deno's permissions. It runs before any library
 * is loaded.
 *
 * - Imports are refused. Deno checks the import permission only when it runs from sources. In a
 *   compiled program, an import could read any file that the process can read, also as text. The
 *   thread is a single bundled file and needs no imports.
 * - New threads are refused, because a new thread would not have these restrictions.
 * - Console output goes to {@linkcode printing}. Hostile bytes can make libraries print warnings
 *   with stack traces; for example, npm:bencode warns when k-rpc-socket encodes a number above
 *   2^53.
 * - The environment and the path for temporary files are replaced by dummies. Two libraries read
 *   them while they load, which the permissions forbid, but do not need the values.
 *
 * @module
 */

import module from "node:module";
import os from "node:os";
import process from "node:process";
import threads from "node:worker_threads";

/** Whether a module is built into Node's API or into the Deno runtime (`ext:`). */
function isRuntime(specifier: string): boolean {
  return module.isBuiltin(specifier) || specifier.startsWith("ext:");
}

function refuse(specifier: string): never {
  throw new Deno.errors.NotCapable(`Requires import access to "${specifier}": none is given here`);
}

// A hook that a library registers later runs before these hooks. Its own file accesses still pass
// through these hooks.
module.registerHooks({
  resolve: (specifier, context, next) =>
    isRuntime(specifier) ? next(specifier, context) : refuse(specifier),
  load: (url, context, next) => isRuntime(url) ? next(url, context) : refuse(url),
});

/** Replacement for the `Worker` constructors, so that no thread can be started. */
class NoWorker {
  constructor() {
    throw new Deno.errors.NotCapable("Requires thread access: none is given here");
  }
}

Object.defineProperty(globalThis, "Worker", { value: NoWorker });
Object.defineProperty(threads, "Worker", { value: NoWorker });

/** Receives the output that libraries print to the console. */
export const printing: { hear?: (args: unknown[]) => void } = {};

const hear = (...args: unknown[]) => printing.hear?.(args);
for (const [name, member] of Object.entries(globalThis.console)) {
  if (typeof member === "function") {
    Object.defineProperty(globalThis.console, name, { value: hear });
  }
}
Object.defineProperty(process, "emitWarning", { value: hear });

Object.defineProperty(process, "env", { value: {} });
os.tmpdir = () => "/nowhere";
