/**
 * Restrictions of a thread that Deno's permissions cannot express: imports, databases, new threads,
 * the console, the environment, file descriptors and some parts of the runtime. They hold until the
 * thread ends.
 *
 * - `confinement.ts` has the restrictions of each kind of thread. The entry of a thread applies them
 *   by its first import, before any library is loaded.
 * - `restrictions.ts` has the restrictions themselves, except those of `databases.ts`, and those that
 *   the gate's thread has as well (`base/runtime_parts.ts`).
 * - `databases.ts` opens databases, for threads that are not confined, too.
 *
 * Start with `confinement.ts`.
 *
 * @module
 */

export { confineBundle, confineCommand, type Printing } from "./confinement.ts";
export { type Database, nameDatabases, type NamedDatabase, openDatabase } from "./databases.ts";
