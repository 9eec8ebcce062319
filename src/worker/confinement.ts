/**
 * Closes what the worker's permissions leave open, before any library is loaded.
 *
 * - A compiled program imports any file that its process can read, as text too: Deno asks for the
 *   permission only while it runs sources. The worker is one file, so nothing is imported in it.
 * - A thread of its own would be free of this again, so none is started.
 * - Libraries print warnings with a stack trace, which a stranger's bytes can bring about: npm:bencode
 *   does when k-rpc-socket has it encode a number above 2^53. Nothing in this thread prints; what is
 *   to be said goes to the main thread, by whoever sets {@linkcode printing}.
 * - While they load, one library lists all environment variables and another asks for the directory
 *   of temporary files. They may read neither and need neither.
 *
 * @module
 */

import module from "node:module";
import os from "node:os";
import process from "node:process";
import threads from "node:worker_threads";

/** Node's modules, and what they are made of in the runtime. */
function isRuntime(specifier: string): boolean {
  return module.isBuiltin(specifier) || specifier.startsWith("ext:");
}

function refuse(specifier: string): never {
  throw new Deno.errors.NotCapable(`Requires import access to "${specifier}": none is given here`);
}

// A hook that is added later is asked first, but has no other way to the files than through these.
module.registerHooks({
  resolve: (specifier, context, next) =>
    isRuntime(specifier) ? next(specifier, context) : refuse(specifier),
  load: (url, context, next) => isRuntime(url) ? next(url, context) : refuse(url),
});

/** In place of the constructors of threads. */
class NoWorker {
  constructor() {
    throw new Deno.errors.NotCapable("Requires thread access: none is given here");
  }
}

Object.defineProperty(globalThis, "Worker", { value: NoWorker });
Object.defineProperty(threads, "Worker", { value: NoWorker });

/** Hears the lines that libraries would print. */
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
