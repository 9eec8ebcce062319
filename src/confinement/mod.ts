/**
 * Restrictions of a thread that Deno's permissions cannot express: imports, new threads, the console
 * and the environment.
 *
 * - `confinement.ts` applies all restrictions to the thread that imports it, for good. The entry of
 *   a bundled thread imports it before everything else; no other file does.
 * - `command.ts` does the same for the command thread, which may load the program's own modules.
 * - `restrictions.ts` has the restrictions themselves.
 *
 * Start with `restrictions.ts`.
 *
 * @module
 */

export { printing } from "./confinement.ts";
