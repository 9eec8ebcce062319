/**
 * Attempts of an attacker in any thread but the gate, with functions of Deno and of Node. Each
 * thread must refuse them, with all settings.
 *
 * Left to others: attempts that only one kind of thread must refuse (`engine_attempts.ts`,
 * `command_attempts.ts`).
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import dgram from "node:dgram";
import { EventEmitter } from "node:events";
import fs from "node:fs";
import module from "node:module";
import net from "node:net";
import { join } from "node:path";
import process from "node:process";
import vm from "node:vm";
import threads from "node:worker_threads";
import { plain } from "./plain_attempts.ts";
import { type Attempt, imported, settled, unlessAllowed } from "./targets.ts";

/** Attempts that must fail in every thread but the gate, which may use the network. */
const network: Record<string, Attempt> = {
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
  "connect to the loopback of IPv6": ({ localPort }) =>
    Deno.connect({ hostname: "::1", port: localPort }),
  "connect to the metadata address": () => unlessAllowed("169.254.169.254"),
  "connect to a link-local address of IPv6": () => unlessAllowed("fe80::1"),
  "connect to a private address behind NAT64": () => unlessAllowed("64:ff9b::a00:1"),
  "connect to a public address of IPv6": () => unlessAllowed("2606:4700::1111"),
  "connect to 0.0.0.0": ({ localPort }) => Deno.connect({ hostname: "0.0.0.0", port: localPort }),
  "connect to a name": ({ localPort }) => Deno.connect({ hostname: "localhost", port: localPort }),
  "fetch": ({ localPort }) => fetch(`http://localhost:${localPort}/`),
};

/** A number that no file descriptor of the process has. */
const UNUSED_DESCRIPTOR = 100_000;

/** Returns the classes of an internal module of Node. */
function bindingOf(
  name: string,
): Record<string, new (kind: number) => { open(fd: number): unknown }> {
  const { binding } = process as unknown as { binding(name: string): ReturnType<typeof bindingOf> };
  return binding(name);
}

/** Has a handle of Node take over a file descriptor. An unused one gives an error number. */
function takeOver(module: string, name: string): unknown {
  return new (bindingOf(module)[name]!)(0).open(UNUSED_DESCRIPTOR);
}

/** Attempts that must fail in every thread but the gate, which has no module of Node. */
const elsewhere: Record<string, Attempt> = {
  "import text as a program": () => imported("data:text/javascript,export default 1"),
  "read the key (Node)": ({ home }) =>
    fs.promises.readFile(join(home, "keys", "publisher.key"), "utf8"),
  "write into the home (Node)": ({ home }) => fs.promises.writeFile(join(home, "evil"), ""),
  "start a process (Node)": () => {
    const { error } = spawnSync("/bin/true");
    if (error) throw error;
  },
  "end a process (Node)": ({ pid }) => process.kill(pid, "SIGTERM"),
  "require a file (Node)": ({ home }) =>
    module.createRequire(import.meta.url)(join(home, "evil.js")),
  "take over a pipe by its number": () => takeOver("pipe_wrap", "Pipe"),
  "take over a connection by its number": () => takeOver("tcp_wrap", "TCP"),
  "take over a UDP socket by its number": () => takeOver("udp_wrap", "UDP"),
  "take over a pipe by its number after restoring what does": () => {
    const { Pipe } = bindingOf("pipe_wrap");
    Reflect.deleteProperty(Pipe!.prototype, "open");
    Reflect.set(Pipe!.prototype, "open", () => 0);
    return takeOver("pipe_wrap", "Pipe");
  },
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
  "start a thread (Node)": () => new threads.Worker("", { eval: true }),
  "start a thread (Node, required)": () => {
    const { Worker } = module.createRequire(import.meta.url)("node:worker_threads");
    return new Worker("", { eval: true });
  },
  "start a thread (Node, imported)": async () => {
    const { Worker } = await import("node:worker_threads");
    return new Worker("", { eval: true });
  },
  "start a thread (Node, past the prototype)": async () => {
    const { Worker } = await import("node:worker_threads");
    Reflect.setPrototypeOf(Worker, EventEmitter);
    return new Worker("", { eval: true });
  },
  "import after replacing what checks": async ({ home }) => {
    const { startsWith, includes } = String.prototype;
    const { isBuiltin } = module;
    const { test } = RegExp.prototype;
    try {
      String.prototype.startsWith = String.prototype.includes = () => true;
      RegExp.prototype.test = () => true;
      module.isBuiltin = () => true;
      return await imported(`file://${home}/evil.js`);
    } finally {
      Object.assign(String.prototype, { startsWith, includes });
      Object.assign(RegExp.prototype, { test });
      module.isBuiltin = isBuiltin;
    }
  },
  "import after adding to the built-in modules": ({ home }) => {
    const url = `file://${home}/evil.js`;
    (module.builtinModules as string[]).push(url);
    return imported(url);
  },
  "import from above the program's own directory, past the hooks": ({ home }) => {
    const url = import.meta.url.replace(/(?<=\/dist\/main\/).*$/, "") +
      `${"../".repeat(20)}${home.slice(1)}/keys/publisher.key`;
    const { deregister } = module.registerHooks({
      resolve: () => ({ url, format: "module", shortCircuit: true }),
    });
    return imported("anything", "text").finally(deregister);
  },
};

/** Attempts that must fail in every thread but the gate. */
export const forbidden: Record<string, Attempt> = { ...network, ...plain, ...elsewhere };

/**
 * Attempts that succeed only if addresses of this machine, or of private networks, are allowed:
 * by `--allow-local` in the engine, by a command about such addresses in its thread.
 */
export const local: Record<string, Attempt> = {
  // Deno has one permission for both: a process that may connect to an address may also listen on
  // that address.
  "listen on the loopback": ({ freePort }) =>
    Deno.listen({ hostname: "127.0.0.1", port: freePort }).close(),
  "connect to 127.0.0.1": ({ localPort }) =>
    Deno.connect({ hostname: "127.0.0.1", port: localPort }),
  "connect to 127.0.0.1 (Node)": ({ localPort }) =>
    settled((done, fail) => {
      const socket = net.connect(localPort, "127.0.0.1", done).on("error", fail);
      socket.unref();
    }),
  "connect to 192.168.0.1": () => unlessAllowed("192.168.0.1"),
  "connect to 10.1.2.3": () => unlessAllowed("10.1.2.3"),
  "connect to 172.16.0.1": () => unlessAllowed("172.16.0.1"),
  "connect to a private address, mapped to IPv6": () => unlessAllowed("::ffff:10.0.0.1"),
  "connect to the loopback, mapped to IPv6": ({ localPort }) =>
    Deno.connect({ hostname: "::ffff:127.0.0.1", port: localPort }),
};
