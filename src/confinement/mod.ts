/**
 * Restrictions of a thread that Deno's permissions cannot express: imports, new threads, the console
 * and the environment. They hold until the thread ends.
 *
 * - `confinement.ts` has the restrictions of each kind of thread. The entry of a thread applies them
 *   by its first import, before any library is loaded.
 * - `restrictions.ts` has the restrictions themselves.
 *
 * Start with `confinement.ts`.
 *
 * @module
 */

export { confineBundle, confineCommand, type Printing } from "./confinement.ts";
