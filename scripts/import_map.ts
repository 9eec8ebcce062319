/**
 * The import map of the compiled program. It refuses every import that the program does not need,
 * in every thread and for good: a compiled program does not check permissions for imports, so an
 * import could read any file that the process can read, also as text.
 *
 * - Modules of the program may import files of the program and Node's modules, except SQLite, which
 *   `src/confinement` alone loads.
 * - The gate's thread may import nothing but Node's sockets.
 * - Modules from elsewhere, such as `data:` URLs, may import files of the program only.
 *
 * @module
 */

import { builtinModules, isBuiltin } from "node:module";

/** An import map; `null` refuses an import. */
export interface ImportMap {
  imports: Record<string, string | null>;
  scopes: Record<string, Record<string, string | null>>;
}

/** Modules that have no name without `node:`, and which Deno's `builtinModules` leaves out. */
const prefixed = ["node:sea", "node:sqlite", "node:test", "node:test/reporters"];
/** The modules of Node that the gate's thread imports when it needs them: `node_access.ts`. */
const OF_GATE = ["node:dgram", "node:net", "node:tls"];

/** Makes the map. Its paths are relative to the directory of the embedded files. */
export function importMap(): ImportMap {
  const plain = builtinModules.filter((name) => !name.startsWith("node:"));
  const names = [
    ...plain,
    ...plain.map((name) => `node:${name}`),
    ...builtinModules.filter((name) => name.startsWith("node:")),
    ...prefixed.filter((name) => isBuiltin(name)),
  ];
  const unique = [...new Set(names)].sort();
  const withNode = (name: string) => name.replace(/^(?!node:)/, "node:");
  const refused = Object.fromEntries(unique.map((name) => [name, null]));
  const granted = Object.fromEntries(
    unique.map((name) => [name, name === "node:sqlite" ? null : withNode(name)]),
  );
  return {
    // The runtime finds the program's entry by `imports`, too.
    imports: { "file:///": null, "./": "./", ...refused },
    scopes: {
      "./": granted,
      "./dist/gate.js": {
        "./": null,
        ...refused,
        ...Object.fromEntries(OF_GATE.map((name) => [name, name])),
      },
    },
  };
}
