/**
 * Attempts of an attacker in any thread, also in the gate, with functions of Deno and the web alone.
 * This file imports no module of Node, because the gate's thread refuses all but one.
 *
 * @module
 */

import { type Attempt, imported, reached, settled } from "./targets.ts";

/** Attempts that must fail in every thread, with all settings. */
export const plain: Record<string, Attempt> = {
  "listen on a Unix socket": ({ seedDirectory }) =>
    Deno.listen({ transport: "unix", path: `${seedDirectory}/../evil.sock` }),
  "read the key": ({ home }) => Deno.readTextFile(`${home}/keys/publisher.key`),
  "read the key by a detour": ({ seedDirectory }) =>
    Deno.readTextFile(`${seedDirectory}/../keys/publisher.key`),
  "read /etc/passwd": () => Deno.readTextFile("/etc/passwd"),
  "read the memory of the process": () => Deno.readFile("/proc/self/environ"),
  "list the home": ({ home }) => [...Deno.readDirSync(home)],
  "write into the home": ({ home }) => Deno.writeTextFile(`${home}/evil`, ""),
  "write beside the seed directory": ({ seedDirectory }) =>
    Deno.writeTextFile(`${seedDirectory}/../evil`, ""),
  // The control, in which every attempt succeeds, has to leave nothing.
  "write to /tmp": async () => Deno.remove(await Deno.makeTempFile()),
  "move a file out": ({ ownFile, home }) => Deno.rename(ownFile, `${home}/evil`),
  "link the key into the seed directory": ({ home, seedDirectory }) =>
    Deno.link(`${home}/keys/publisher.key`, `${seedDirectory}/evil`),
  "link a file of its own out": async ({ ownFile, home }) => {
    await Deno.link(ownFile, `${home}/evil-name`);
    await Deno.remove(`${home}/evil-name`);
  },
  "make a temporary file outside": ({ seedDirectory }) =>
    Deno.makeTempFile({ dir: `${seedDirectory}/..`, prefix: "evil-" }).then(Deno.remove),
  "make a link that leads out": ({ home, seedDirectory }) =>
    Deno.symlink(`${home}/keys/publisher.key`, `${seedDirectory}/evil`),
  "start a process": () => new Deno.Command("/bin/true").output(),
  "end a process": ({ pid }) => Deno.kill(pid, "SIGTERM"),
  "read a variable": () => Deno.env.get("PATH"),
  "read all variables": () => Deno.env.toObject(),
  "set a variable": () => Deno.env.set("EVIL", "1"),
  "ask for the host's name": () => Deno.hostname(),
  "load a native library": () => Deno.dlopen("/lib/x86_64-linux-gnu/libc.so.6", {}),
  // The control only reaches the caches, because they would leave files in the user's directory.
  "reach the caches of the web, which write files": () => reached(globalThis, "caches"),
  "reach the classes of the caches": () => reached(globalThis, "CacheStorage"),
  "reach the graphics processor": () => reached(navigator, "gpu"),
  "evaluate text by the runtime's own functions": () => {
    const internals = reached(Deno, Reflect.get(Deno, "internal")) as {
      core: { evalContext(text: string, file: string): unknown };
    };
    return internals.core.evalContext("1", "file:///evil.js");
  },
  "import the key as text": ({ home }) => imported(`file://${home}/keys/publisher.key`, "text"),
  "import the key": ({ home }) => imported(`file://${home}/keys/publisher.key`),
  "import a program": ({ home }) => imported(`file://${home}/evil.js`),
  "import from the network": ({ localPort }) => imported(`http://localhost:${localPort}/evil.js`),
  "make a function of text": () => new Function("return 1")(),
  "import in what is evaluated": ({ home }) => (0, eval)(`import("file://${home}/evil.js")`),
  "import in a worker": ({ home }) => {
    const program =
      `postMessage((await import("file://${home}/keys/publisher.key",{with:{type:"text"}})).default)`;
    const worker = new Worker(`data:text/javascript,${encodeURIComponent(program)}`, {
      type: "module",
    });
    return settled((done, fail) => {
      worker.onmessage = () => done();
      worker.onerror = ({ message }) => fail(new Error(message));
    });
  },
  "start a thread by the class behind the class": () => {
    let refusal: unknown = new Error("there is no such class");
    for (const Class of [Object.getPrototypeOf(Worker), Worker.prototype.constructor]) {
      try {
        return new Class("data:text/javascript,", { type: "module" });
      } catch (error) {
        // A function that constructs nothing gives no way out.
        if (!(error instanceof TypeError)) refusal = error;
      }
    }
    throw refusal;
  },
  "start the thread that compresses": () => {
    const program = import.meta.url.replace(/(?<=\/dist\/main\/).*$/, "thread.js");
    new Worker(program, { type: "module" }).terminate();
  },
  "import from above the program's own directory": ({ home }) =>
    imported(`${import.meta.url.replace(/[^/]*$/, "")}${"../".repeat(20)}${home.slice(1)}/evil.js`),
};
