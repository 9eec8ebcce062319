/**
 * Attempts of the hostile worker to escape from its sandbox, with functions of Deno and of Node.
 */

import { spawnSync } from "node:child_process";
import dgram from "node:dgram";
import fs from "node:fs";
import module from "node:module";
import net from "node:net";
import { join } from "node:path";
import process from "node:process";
import vm from "node:vm";
import threads from "node:worker_threads";
import { ArchiveStore } from "../../../src/engine/libraries/webtorrent/chunk_store.ts";

/**
 * Files, ports and processes that the hostile worker tries to access. All of them exist, and a
 * process with the permission could access them.
 */
export interface ProbeTargets {
  /** The port on which the worker may listen. */
  ownPort: number;
  /** A port that no program uses. */
  freePort: number;
  /** A TCP port on which a local server listens, on 127.0.0.1 and ::1. */
  localPort: number;
  /** Process id of another process of the same user. */
  pid: number;
  home: string;
  seedDirectory: string;
  /** A file in the seed directory, which the worker may read. */
  ownFile: string;
  /**
   * Symbolic links inside the seed directory: one to the private key, one to a directory outside.
   */
  linkToKey: string;
  linkToDirectory: string;
}

type Attempt = (targets: ProbeTargets) => unknown;

/** Attempts that must fail with all settings of the program. */
const forbidden: Record<string, Attempt> = {
  "listen on another TCP port": ({ freePort }) =>
    Deno.listen({ hostname: "0.0.0.0", port: freePort }),
  "listen on another TCP port (Node)": ({ freePort }) =>
    settled((done, fail) => net.createServer().on("error", fail).listen(freePort, done)),
  "listen on any TCP port": () => Deno.listen({ hostname: "0.0.0.0", port: 0 }),
  "bind another UDP port (Node)": ({ freePort }) =>
    settled((done, fail) => {
      // Deno throws this error in a later tick, where only the handler for uncaught exceptions
      // catches it.
      process.once("uncaughtException", fail);
      dgram.createSocket("udp4").on("error", fail).bind(freePort, done);
    }),
  "listen on a Unix socket": ({ seedDirectory }) =>
    Deno.listen({ transport: "unix", path: join(seedDirectory, "..", "evil.sock") }),
  "connect to the control socket": ({ home }) =>
    Deno.connect({ transport: "unix", path: join(home, "control.sock") }),
  "connect to the loopback of IPv6": ({ localPort }) =>
    Deno.connect({ hostname: "::1", port: localPort }),
  "connect to the metadata address": () => Deno.connect({ hostname: "169.254.169.254", port: 80 }),
  "connect to 0.0.0.0": ({ localPort }) => Deno.connect({ hostname: "0.0.0.0", port: localPort }),
  "connect to a name": ({ localPort }) => Deno.connect({ hostname: "localhost", port: localPort }),
  "fetch": ({ localPort }) => fetch(`http://localhost:${localPort}/`),
  "read the key": ({ home }) => Deno.readTextFile(join(home, "keys", "publisher.key")),
  "read the key (Node)": ({ home }) =>
    fs.promises.readFile(join(home, "keys", "publisher.key"), "utf8"),
  "read the key by a detour": ({ seedDirectory }) =>
    Deno.readTextFile(`${seedDirectory}/../keys/publisher.key`),
  "read /etc/passwd": () => Deno.readTextFile("/etc/passwd"),
  "read the state": ({ home }) => Deno.readFile(join(home, "state.db")),
  "read the memory of the process": () => Deno.readFile("/proc/self/environ"),
  "list the home": ({ home }) => [...Deno.readDirSync(home)],
  "write into the home": ({ home }) => Deno.writeTextFile(join(home, "evil"), ""),
  "write into the home (Node)": ({ home }) => fs.promises.writeFile(join(home, "evil"), ""),
  "write beside the seed directory": ({ seedDirectory }) =>
    Deno.writeTextFile(`${seedDirectory}/../evil`, ""),
  "write to /tmp": () => Deno.makeTempFile(),
  "move a file out": ({ ownFile, home }) => Deno.rename(ownFile, join(home, "evil")),
  "link the key into the seed directory": ({ home, seedDirectory }) =>
    Deno.link(join(home, "keys", "publisher.key"), join(seedDirectory, "evil")),
  "make a link that leads out": ({ home, seedDirectory }) =>
    Deno.symlink(join(home, "keys", "publisher.key"), join(seedDirectory, "evil")),
  "start a process": () => new Deno.Command("/bin/true").output(),
  "start a process (Node)": () => {
    const { error } = spawnSync("/bin/true");
    if (error) throw error;
  },
  "end a process": ({ pid }) => Deno.kill(pid, "SIGTERM"),
  "end a process (Node)": ({ pid }) => process.kill(pid, "SIGTERM"),
  "read a variable": () => Deno.env.get("PATH"),
  "read all variables": () => Deno.env.toObject(),
  "set a variable": () => Deno.env.set("EVIL", "1"),
  "ask for the host's name": () => Deno.hostname(),
  "load a native library": () => Deno.dlopen("/lib/x86_64-linux-gnu/libc.so.6", {}),
  "import the key as text": ({ home }) => imported(`file://${home}/keys/publisher.key`, "text"),
  "import the key": ({ home }) => imported(`file://${home}/keys/publisher.key`),
  "import a program": ({ home }) => imported(`file://${home}/evil.js`),
  "import from the network": ({ localPort }) => imported(`http://localhost:${localPort}/evil.js`),
  "import text as a program": () => imported("data:text/javascript,export default 1"),
  "require a file (Node)": ({ home }) =>
    module.createRequire(import.meta.url)(join(home, "evil.js")),
  "import past the hooks": ({ home }) => {
    const url = `file://${home}/keys/publisher.key`;
    const { deregister } = module.registerHooks({
      resolve: () => ({ url, format: "module", shortCircuit: true }),
    });
    return imported("anything", "text").finally(deregister);
  },
  "import in a script": ({ home }) =>
    vm.runInThisContext(`import("file://${home}/evil.js")`, {
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }),
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
  "start a thread (Node)": () => new threads.Worker("", { eval: true }),
  "start a thread (Node, required)": () => {
    const { Worker } = module.createRequire(import.meta.url)("node:worker_threads");
    return new Worker("", { eval: true });
  },
};

/**
 * Attempts that the worker's own code must refuse, because Deno's permissions do not prevent them.
 */
const link: Record<string, Attempt> = {
  "seed through a link": ({ linkToKey }) => throughStore(linkToKey, false),
  "download through a link": ({ linkToKey }) => throughStore(linkToKey, true),
};

/** Attempts that succeed only with the flag `--allow-local`. */
const local: Record<string, Attempt> = {
  // Deno has one permission for both: a process that may connect to an address may also listen on
  // that address.
  "listen on the loopback": ({ freePort }) =>
    Deno.listen({ hostname: "127.0.0.1", port: freePort }),
  "connect to 127.0.0.1": ({ localPort }) =>
    Deno.connect({ hostname: "127.0.0.1", port: localPort }),
  "connect to 127.0.0.1 (Node)": ({ localPort }) =>
    settled((done, fail) => {
      const socket = net.connect(localPort, "127.0.0.1", done).on("error", fail);
      socket.unref();
    }),
  // The packet is sent from the worker's own port, which is free because the daemon runs without
  // the DHT.
  "send to 127.0.0.1 (Node)": ({ ownPort, localPort }) =>
    settled((done, fail) => {
      const socket = dgram.createSocket("udp4");
      socket.on("error", fail).bind(ownPort, () => {
        socket.send("hello", localPort, "127.0.0.1", (error) => {
          socket.close();
          error ? fail(error) : done();
        });
      });
    }),
  "connect to 192.168.0.1": () => unlessAllowed("192.168.0.1"),
  "connect to 10.1.2.3": () => unlessAllowed("10.1.2.3"),
  "connect to 172.16.0.1": () => unlessAllowed("172.16.0.1"),
};

/**
 * Attempts that always succeed, because the worker has the permission. They prove that the attempts
 * in the other groups fail only for lack of permission.
 */
const open: Record<string, Attempt> = {
  "read a file of its own": ({ ownFile }) => Deno.readTextFile(ownFile),
  "write a file of its own": ({ seedDirectory }) =>
    Deno.writeTextFile(join(seedDirectory, "written"), "mine"),
  "be allowed a public address": () => allowed("8.8.8.8:53"),
  "find the environment empty": () => {
    const names = Object.keys(process.env);
    if (names.length > 0) throw new Error(names.join());
  },
  // Deno follows symbolic links, so the worker's own code has to check for links.
  "read through a link, past the worker's own code": ({ linkToKey }) =>
    Deno.readTextFile(linkToKey),
  "read through a link to a directory, past the worker's own code": ({ linkToDirectory }) =>
    Deno.readTextFile(join(linkToDirectory, "publisher.key")),
};

/** All attempts of the hostile worker, grouped by kind, for the test to enumerate. */
export const kinds = { forbidden, link, local, open };

/** All attempts of the hostile worker, by name, for the worker to run. */
export const attempts: Record<string, Attempt> = { ...forbidden, ...link, ...local, ...open };

function settled(begin: (done: () => void, fail: (error: Error) => void) => void): Promise<void> {
  return new Promise(begin);
}

/**
 * Imports a module. Specifier and attributes are variables, so that the bundler does not resolve
 * the import.
 */
function imported(specifier: string, type?: string): Promise<unknown> {
  return import(specifier, type === undefined ? undefined : { with: { type } });
}

/**
 * Tries to connect to a host, unless the permission is granted. With the permission, the attempt
 * could hang, because no host may answer.
 */
async function unlessAllowed(hostname: string): Promise<void> {
  const { state } = Deno.permissions.querySync({ name: "net", host: `${hostname}:80` });
  if (state !== "granted") await Deno.connect({ hostname, port: 80 });
}

function allowed(host: string): string {
  const { state } = Deno.permissions.querySync({ name: "net", host });
  if (state === "granted") return state;
  throw new Deno.errors.NotCapable(`${host}: ${state}`);
}

/** Reads a byte through the archive store as seeding does, or writes one as downloading does. */
function throughStore(filePath: string, writable: boolean): Promise<void> {
  const store = new ArchiveStore(1, { filePath, writable, length: 1 });
  return settled((done, fail) => {
    const hear = (error: Error | null) => error ? fail(error) : done();
    if (writable) store.put(0, Uint8Array.of(0), hear);
    else store.get(0, null, hear);
  });
}
