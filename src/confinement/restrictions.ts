/**
 * The restrictions of a thread that Deno's permissions cannot express. Each function restricts the
 * calling thread for good.
 *
 * @module
 */

import module, { builtinModules } from "node:module";
import os from "node:os";
import process from "node:process";
import threads from "node:worker_threads";

// Hostile code may replace every member that it can reach. So the checks below use only functions
// that this file has saved before any library was loaded.
const parseUrl = URL.parse.bind(URL);
const { call } = Function.prototype;
const startsWith: (text: string, start: string) => boolean = call.bind(String.prototype.startsWith);
const slice: (text: string, start: number) => string = call.bind(String.prototype.slice);
const { registerHooks } = module;
/** Names of Node's modules without `node:`. The properties cannot be changed. */
const builtIn: Readonly<Record<string, true>> = Object.freeze(
  Object.assign(
    Object.create(null),
    Object.fromEntries(builtinModules.map((name) => [name, true])),
  ),
);

/** Whether a module is built into Node's API or into the Deno runtime (`ext:`). */
function isRuntime(specifier: string): boolean {
  return builtIn[specifier] === true || startsWith(specifier, "node:") ||
    startsWith(specifier, "ext:");
}

/** The module that no thread may import. `databases.ts` opens databases. */
const SQLITE = "node:sqlite";

/**
 * Refuses all imports but those of the runtime's modules, and of these `node:sqlite`. Deno checks the
 * import permission only when it runs from sources. In a compiled program, an import could read any
 * file that the process can read, also as text.
 *
 * @param directory URL of a directory whose modules may be imported
 */
export function refuseImports(directory?: string): void {
  const isAllowed = (url: string) =>
    isRuntime(url) && url !== SQLITE ||
    directory !== undefined && startsWith(url, directory) && isPlain(slice(url, directory.length));
  const check = (url: string) => {
    if (isAllowed(url)) return;
    throw new Deno.errors.NotCapable(`Requires import access to "${url}": none is given here`);
  };
  // A hook that a library registers later runs before these hooks. Its own file accesses still pass
  // through these hooks.
  registerHooks({
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

/** Whether a path below a directory can only mean a file in that directory. */
function isPlain(path: string): boolean {
  for (let at = 0; at < path.length; at++) {
    const character = path[at];
    if (character === "?" || character === "#" || character === "%" || character === "\\") {
      return false;
    }
    if (character === "." && path[at + 1] === ".") return false;
  }
  return true;
}

function absoluteOf(specifier: string, parent: string | undefined): string {
  return parseUrl(specifier, parent)?.href ?? specifier;
}

/**
 * Refuses new threads, because a new thread would not have the restrictions of this thread.
 *
 * Replacing the global `Worker` is not enough. Code can reach the class through the prototype of a
 * thread, and Node's class through each namespace of `node:worker_threads`, which is immutable. So
 * each class itself gets a parent class that refuses.
 */
export function refuseThreads(): void {
  for (const Class of [globalThis.Worker, threads.Worker]) refuseNew(Class);
}

/** Makes every `new` of a class throw. Freezing the class keeps its new parent in place. */
function refuseNew(Class: object): void {
  Object.setPrototypeOf(Class, function Refused() {
    throw new Deno.errors.NotCapable("Requires thread access: none is given here");
  });
  Object.freeze(Class);
}

/**
 * Replaces the environment and the path for temporary files by dummies. Libraries read both while
 * they load, although the permissions forbid it, and do not need the values.
 */
export function hideEnvironment(): void {
  Object.defineProperty(process, "env", { value: {} });
  os.tmpdir = () => "/nowhere";
}

/** Redirects the console: each call passes its arguments to `hear` and prints nothing. */
export function redirectConsole(hear: (args: unknown[]) => void): void {
  const instead = (...args: unknown[]) => hear(args);
  for (const [name, member] of Object.entries(globalThis.console)) {
    if (typeof member === "function") {
      Object.defineProperty(globalThis.console, name, { value: instead });
    }
  }
  Object.defineProperty(process, "emitWarning", { value: instead });
}
