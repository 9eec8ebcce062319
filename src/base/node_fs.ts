/**
 * Node's functions for files, loaded when they are first used. Loading them takes as long as half a
 * start of the program, and most commands that read the state need none of them.
 *
 * @module
 */

// deno-lint-ignore-file no-process-global -- an import would load node:fs with every command

/** Returns the module `node:fs`, and loads it at the first call. */
export function nodeFs(): typeof import("node:fs") {
  return process.getBuiltinModule("node:fs");
}
