/**
 * Closes what the worker's permissions leave open. It runs before any library is loaded.
 *
 * - Imports are refused. A compiled program can import any file that its process can read, also as text,
 *   because Deno checks import permission only when it runs sources. The worker is one file and needs
 *   none.
 * - Threads are refused, because a new thread would not have these restrictions.
 * - Printing is redirected to {@linkcode printing}. Libraries print warnings with stack traces, which
 *   hostile bytes can trigger: npm:bencode does when k-rpc-socket encodes a number above 2^53.
 * - The environment and the directory for temporary files are replaced by dummies. Two libraries read them
 *   while they load, without permission and without need.
 *
 * @module
 */

import module from "node:module";
import os from "node:os";
import process from "node:process";
import threads from "node:worker_threads";

/** Whether a module is one of Node's, or one of the runtime's that they consist of. */
function isRuntime(specifier: string): boolean {
  return module.isBuiltin(specifier) || specifier.startsWith("ext:");
}

function refuse(specifier: string): never {
  throw new Deno.errors.NotCapable(`Requires import access to "${specifier}": none is given here`);
}

// A hook that is added later runs first, but can reach files only through these.
module.registerHooks({
  resolve: (specifier, context, next) =>
    isRuntime(specifier) ? next(specifier, context) : refuse(specifier),
  load: (url, context, next) => isRuntime(url) ? next(url, context) : refuse(url),
});

/** Replaces the constructors of threads. */
class NoWorker {
  constructor() {
    throw new Deno.errors.NotCapable("Requires thread access: none is given here");
  }
}

Object.defineProperty(globalThis, "Worker", { value: NoWorker });
Object.defineProperty(threads, "Worker", { value: NoWorker });

/** Receives the lines that libraries would print. */
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
