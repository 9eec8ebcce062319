/**
 * The gate's way to Node's sockets, which it loads when it needs them. No other code of the thread
 * reaches a module of Node: a hook of `node:module` could lead an import to any file, past the
 * permissions and the import map, and a thread of `node:worker_threads` would not be confined.
 *
 * @module
 */

import { refuseDescriptors } from "../base/mod.ts";

/** Names under which Node's process and threads make themselves known to the runtime, as they load. */
const REGISTERED = ["__bootstrapNodeProcess", "__initWorkerThreads"];
/** The modules that the gate imports. */
const SOCKETS: Readonly<Record<string, true>> = Object.freeze(
  Object.assign(Object.create(null), { "node:dgram": true, "node:net": true, "node:tls": true }),
);

/** Reads the global `process`, which `confined.ts` removes; `undefined` in a thread of a test. */
let readProcess: (() => typeof import("node:process")) | undefined;
let mayLoad = false;
let isHooked = false;

/**
 * Refuses Node's modules to the thread for good. Sockets, process, files and module hooks of Node
 * load the process, and fail without it. {@linkcode allowSockets} is the exception.
 */
export function refuseNode(): void {
  readProcess = Object.getOwnPropertyDescriptor(globalThis, "process")?.get?.bind(globalThis);
  const internals = Reflect.get(Deno, Reflect.get(Deno, "internal"));
  for (const name of REGISTERED) {
    let value: unknown;
    Object.defineProperty(internals, name, {
      get: () => value,
      set(given) {
        if (!mayLoad) throw refusal("a module of Node");
        value = given;
      },
    });
  }
}

/** Prepares the thread for an import of Node's sockets. Each other import is refused from then on. */
export function allowSockets(): void {
  if (!readProcess || isHooked) return;
  mayLoad = true;
  try {
    // Loads Node's process and modules at once, so that no other code runs before the hooks are set.
    const process = readProcess();
    hookImports(process.getBuiltinModule("node:module"));
    refuseDescriptors(process);
    isHooked = true;
  } catch (error) {
    mayLoad = false;
    throw error;
  }
}

function hookImports({ registerHooks }: typeof import("node:module")): void {
  const { call } = Function.prototype;
  const startsWith: (text: string, start: string) => boolean = call.bind(
    String.prototype.startsWith,
  );
  const isRuntime = (url = "") => startsWith(url, "ext:") || startsWith(url, "node:");
  const check = (isAllowed: boolean, name: string) => {
    if (!isAllowed) throw refusal(name);
  };
  registerHooks({
    resolve(specifier, context, next) {
      check(SOCKETS[specifier] === true || isRuntime(context.parentURL), specifier);
      return next(specifier, context);
    },
    load(url, context, next) {
      check(isRuntime(url), url);
      return next(url, context);
    },
  });
}

function refusal(name: string): Error {
  return new Deno.errors.NotCapable(`Requires import access to "${name}": none is given here`);
}
