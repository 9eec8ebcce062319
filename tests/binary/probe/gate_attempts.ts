/**
 * Attempts of an attacker in the gate's thread. It may use the network, and can reach no module of
 * Node that leads to a file, a process or a thread. A program that is text may name a module of Node
 * in a static import, which Deno resolves past the import map.
 *
 * @module
 */

import { plain } from "./plain_attempts.ts";
import { type Attempt, imported, reached } from "./targets.ts";

/** Imports a program that is text. The program may import what the thread may not. */
function importedText(program: string): Promise<unknown> {
  return imported(`data:text/javascript,${encodeURIComponent(program)}`);
}

/** Attempts that must fail in the gate's thread. */
export const forbidden: Record<string, Attempt> = {
  ...plain,
  "import a module of Node": () => imported("node:fs"),
  "import a module of Node by its short name": () => imported("worker_threads"),
  "import a module of Node that has no short name": () => imported("node:sqlite"),
  "import what registers hooks": () => imported("node:module"),
  "import the program's own file": () => imported(new URL("./worker.js", import.meta.url).href),
  "import the key by a host": ({ home }) =>
    imported(`file://localhost${home}/keys/publisher.key`, "text"),
  "import Node in a program that is text": () => importedText('await import("node:module")'),
  "import a file in a program that is text": ({ home }) =>
    importedText(`import "file://${home}/evil.js"`),
  "import the key in a program that is text": ({ home }) =>
    importedText(`import x from "file://${home}/keys/publisher.key" with { type: "text" }`),
  "hook imports in a program that is text": ({ home }) =>
    importedText(`import { registerHooks } from "node:module";
      registerHooks({
        resolve: (name, context, next) => name === "evil:"
          ? { url: "file://${home}/keys/publisher.key", shortCircuit: true }
          : next(name, context),
      });
      await import("evil:", { with: { type: "text" } });`),
  "reach hooks by the process in a program that is text": () =>
    importedText(`import process from "node:process";
      export default process.getBuiltinModule("node:module").registerHooks;`),
  "start a thread in a program that is text": () =>
    importedText(`import { Worker } from "node:worker_threads";
      new Worker(new URL("data:text/javascript,"));`),
  "read the key by Node in a program that is text": ({ home }) =>
    importedText(`import { readFileSync } from "node:fs";
      readFileSync("${home}/keys/publisher.key");`),
  "import in a program of a blob": ({ home }) => {
    const program = `import x from "file://${home}/keys/publisher.key" with { type: "text" }`;
    return imported(URL.createObjectURL(new Blob([program], { type: "text/javascript" })));
  },
  "start a thread that is a program of text": () => {
    const Class = reached(globalThis, "Worker") as typeof Worker;
    return new Class("data:text/javascript,", { type: "module" });
  },
  "reach Node by the process": () => reached(globalThis, "process"),
  "reach Node by its global values": () =>
    reached(globalThis, "global") ?? reached(globalThis, "Buffer"),
  "reach Node after its UDP sockets have been loaded": async () => {
    const dgram = await import("node:dgram");
    const process = reached(globalThis, "process") as typeof import("node:process");
    return [dgram, process.getBuiltinModule("node:module")];
  },
};
