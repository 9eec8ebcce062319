/**
 * Restricts the command thread that imports this file: it may load the program's own modules, and
 * start the threads that compress and hash, and nothing else. From sources, Deno's permissions
 * restrict imports, and this file does nothing.
 *
 * @module
 */

import { hideEnvironment, refuseImports, refuseThreads } from "./restrictions.ts";

/** Directory of the program's own modules; `scripts/compile.ts` lays it out. */
const PROGRAM = import.meta.url.replace(/(?<=\/dist\/main\/).*$/, "");

if (Deno.build.standalone) {
  refuseImports(PROGRAM);
  refuseThreads(`${PROGRAM}thread.js`);
}
hideEnvironment();
