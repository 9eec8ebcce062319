/**
 * The restrictions of each kind of thread.
 *
 * @module
 */

import process from "node:process";
import { refuseDescriptors, removeRuntimeParts } from "../base/mod.ts";
import { limitDatabases, refuseDatabases } from "./databases.ts";
import { hideEnvironment, redirectConsole, refuseImports, refuseThreads } from "./restrictions.ts";

/** Receives the output that libraries print to the console. */
export interface Printing {
  hear?: (args: unknown[]) => void;
}

/**
 * Restricts a thread that is a single bundled file: no imports, no databases, no new threads, no
 * console, no environment, and nothing of the runtime that asks for no permission.
 *
 * @returns an object whose `hear` receives the console output. Hostile bytes can make libraries
 * print warnings with stack traces: npm:bencode warns when k-rpc-socket encodes a number above 2^53
 */
export function confineBundle(): Printing {
  const printing: Printing = {};
  refuseImports();
  refuseDatabases();
  refuseThreads();
  refuseDescriptors(process);
  removeRuntimeParts();
  redirectConsole((args) => printing.hear?.(args));
  hideEnvironment();
  return printing;
}

/** Directory of the program's own modules; `scripts/compile.ts` lays it out. */
const PROGRAM = import.meta.url.replace(/(?<=\/dist\/main\/).*$/, "");

/**
 * Restricts the command thread: it may import only the program's own modules, open only the databases
 * that the launcher names, start no threads, and use nothing of the runtime that asks for no
 * permission. When the program runs from sources, Deno's
 * permissions restrict imports.
 */
export function confineCommand(): void {
  if (Deno.build.standalone) refuseImports(PROGRAM);
  limitDatabases();
  refuseThreads();
  refuseDescriptors(process);
  removeRuntimeParts();
  hideEnvironment();
}
