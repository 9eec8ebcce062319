/**
 * Restrictions of a thread that Deno's permissions cannot express: no imports, no new threads, no
 * console, no environment.
 *
 * Importing this room restricts the importing thread for good. The entry of a bundled thread
 * imports it before everything else; no other file does.
 *
 * Start with `confinement.ts`.
 *
 * @module
 */

export { printing } from "./confinement.ts";
