/**
 * Confines this thread before any other module runs. A thread with a module of Node takes 5 MiB
 * more, so `src/confinement` is not used here. In the compiled program, an import map refuses each
 * import of this thread but those of Node's sockets (`scripts/import_map.ts`); the permissions refuse
 * imports of a thread that runs from sources. A program that is text could still name a module of
 * Node in a static import, which Deno resolves past the map, so `node_access.ts` refuses these.
 *
 * @module
 */

import { removeRuntimeParts } from "../base/mod.ts";
import { refuseNode } from "./node_access.ts";

refuseNode();
removeRuntimeParts();
// `process` leads to every module of Node. A new thread would not be confined.
for (const name of ["process", "Buffer", "global", "Worker"]) {
  Reflect.deleteProperty(globalThis, name);
}
for (const [name, member] of Object.entries(console)) {
  if (typeof member === "function") Reflect.set(console, name, () => {});
}
