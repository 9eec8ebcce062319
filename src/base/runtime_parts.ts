/**
 * Parts of the runtime that reach further than a thread's permissions. A confined thread loses them
 * for good, before any library is loaded.
 *
 * @module
 */

/** The caches of the web, by their names. They write files in the user's data directory. */
const CACHES = ["caches", "CacheStorage", "Cache"];
/** Node's handles of pipes and sockets: the internal module of each, and its name there. */
const HANDLES = [["pipe_wrap", "Pipe"], ["tcp_wrap", "TCP"], ["udp_wrap", "UDP"]] as const;

/**
 * Removes what Deno asks no permission for: the caches of the web, the graphics processor, whose
 * drivers are loaded into the process, and the runtime's own functions, some of which evaluate text
 * as code.
 */
export function removeRuntimeParts(): void {
  for (const name of CACHES) Reflect.deleteProperty(globalThis, name);
  Reflect.deleteProperty(Object.getPrototypeOf(navigator), "gpu");
  Reflect.deleteProperty(Deno, Reflect.get(Deno, "internal"));
}

/**
 * Refuses to take over pipes and sockets by the numbers of their file descriptors. The numbers
 * belong to the process, so a thread could take over the connections of every other thread.
 *
 * @param process `node:process`, which this file does not load
 */
export function refuseDescriptors(process: object): void {
  const binding = Reflect.get(process, "binding") as (name: string) => Record<string, unknown>;
  const { NotCapable } = Deno.errors;
  const refused = function open() {
    throw new NotCapable("Requires access to a file descriptor: none is given here");
  };
  for (const [module, name] of HANDLES) {
    const { prototype } = binding(module)[name] as { prototype: object };
    Object.defineProperty(prototype, "open", {
      value: refused,
      writable: false,
      configurable: false,
    });
  }
}
