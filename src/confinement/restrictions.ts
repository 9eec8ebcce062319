/**
 * The restrictions of a thread that Deno's permissions cannot express. Each function restricts the
 * calling thread for good.
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

/**
 * Refuses imports. Deno checks the import permission only when it runs from sources. In a compiled
 * program, an import could read any file that the process can read, also as text.
 *
 * @param directory URL of the directory whose modules may be imported; absent if none may
 */
export function refuseImports(directory?: string): void {
  const isAllowed = (url: string) =>
    isRuntime(url) || directory !== undefined && url.startsWith(directory) && !/[?#]/.test(url);
  const check = (url: string) => {
    if (isAllowed(url)) return;
    throw new Deno.errors.NotCapable(`Requires import access to "${url}": none is given here`);
  };
  // A hook that a library registers later runs before these hooks. Its own file accesses still pass
  // through these hooks.
  module.registerHooks({
    resolve(specifier, context, next) {
      check(isRuntime(specifier) ? specifier : absoluteOf(specifier, context.parentURL));
      return next(specifier, context);
    },
    load(url, context, next) {
      check(url);
      return next(url, context);
    },
  });
}

function absoluteOf(specifier: string, parent: string | undefined): string {
  return URL.parse(specifier, parent)?.href ?? specifier;
}

/**
 * Refuses new threads, because a new thread would not have the restrictions of this thread.
 *
 * @param code URL of the only module that a new thread may run; absent if none may
 */
export function refuseThreads(code?: string): void {
  const refuse = () => {
    throw new Deno.errors.NotCapable("Requires thread access: none is given here");
  };
  const Original = globalThis.Worker;
  class LimitedWorker extends Original {
    constructor(specifier: string | URL, options?: WorkerOptions) {
      if (code === undefined || String(specifier) !== code) refuse();
      super(specifier, options);
    }
  }
  class NoWorker {
    constructor() {
      refuse();
    }
  }
  Object.defineProperty(globalThis, "Worker", {
    value: code === undefined ? NoWorker : LimitedWorker,
  });
  Object.defineProperty(LimitedWorker.prototype, "constructor", { value: LimitedWorker });
  Object.defineProperty(threads, "Worker", { value: NoWorker });
}

/**
 * Replaces the environment and the path for temporary files by dummies. Libraries read them while
 * they load, which the permissions forbid, but do not need the values.
 */
export function hideEnvironment(): void {
  Object.defineProperty(process, "env", { value: {} });
  os.tmpdir = () => "/nowhere";
}

/** Calls `hear` with everything that is printed to the console, in place of printing it. */
export function redirectConsole(hear: (args: unknown[]) => void): void {
  const instead = (...args: unknown[]) => hear(args);
  for (const [name, member] of Object.entries(globalThis.console)) {
    if (typeof member === "function") {
      Object.defineProperty(globalThis.console, name, { value: instead });
    }
  }
  Object.defineProperty(process, "emitWarning", { value: instead });
}
