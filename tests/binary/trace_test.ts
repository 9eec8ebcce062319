/**
 * Tests which files the daemon opens and which sockets it binds, by tracing system calls with
 * strace.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { startTestnet } from "../../src/testnet/mod.ts";
import { endProcessesOf, freePort, runCli, spawnCli, temporaryHome } from "../support/mod.ts";
import { binary, binaryTest, makeKey, packageSource, works } from "./support.ts";

/**
 * Files that the C library and Deno's runtime open: shared libraries, user database, time zones,
 * random source, processor count.
 */
const system = [
  /^\/(usr\/)?lib[^/]*\//,
  /^\/etc\/(ld\.so\.(cache|preload)|nsswitch\.conf|passwd|localtime)$/,
  /^\/usr\/share\/zoneinfo\//,
  /^\/dev\/(urandom|null)$/,
  /^\/proc\/(self\/(maps|cgroup|statm|stat|auxv|mountinfo)|meminfo|sys\/vm\/overcommit_memory)$/,
  /^\/sys\/(fs\/cgroup|devices\/system\/cpu)\//,
];

/** Files in a home that the daemon may open, outside of the seed directory. */
const homeFiles = [
  "",
  "config.yaml",
  // Temporary path at which the daemon binds the control socket, before it renames the socket.
  ".bind",
  "control.sock",
  "daemon.lock",
  ...["state.db", "state.db-wal", "state.db-shm", "state.db-journal"],
];

interface Call {
  pid: string;
  name: string;
  args: string;
}

/**
 * Parses the system calls in the output of `strace -f`. Of a call that another thread interrupts,
 * only the beginning is parsed.
 */
function callsOf(trace: string): Call[] {
  return [...trace.matchAll(/^(\d+) +(\w+)\((.*)$/gm)]
    .map(([, pid, name, args]) => ({ pid: pid!, name: name!, args: args! }));
}

function opened(calls: Call[]): string[] {
  return calls.filter(({ name }) => /^open(at)?$/.test(name)).map(({ args }) => {
    const path = /^(?:AT_FDCWD, )?"((?:[^"\\]|\\.)*)"/.exec(args)?.[1];
    return path ?? `relative: ${args}`;
  });
}

/**
 * Lists the addresses that the daemon binds, as `tcp PORT`, `udp PORT` or the path of a Unix
 * socket.
 */
function bound(calls: Call[]): string[] {
  const listening = new Set(
    calls.filter(({ name }) => name === "listen").map(({ args }) => args.split(",")[0]),
  );
  // Netlink sockets are skipped. They ask the kernel for the machine's addresses, and send nothing
  // to the network.
  const isBind = ({ name, args }: Call) => name === "bind" && !args.includes("AF_NETLINK");
  return calls.filter(isBind).map(({ args }) => {
    const path = /sun_path="([^"]*)"/.exec(args)?.[1];
    if (path !== undefined) return path;
    const port = /sin6?_port=htons\((\d+)\)/.exec(args)?.[1];
    return `${listening.has(args.split(",")[0]) ? "tcp" : "udp"} ${port}`;
  });
}

const hasStrace = binary !== "" && await works("strace", "-o", "/dev/null", "true");

binaryTest(
  "the daemon binds only its port and its control socket, and opens only its own files (strace)",
  async () => {
    await using directory = await temporaryHome();
    await using testnet = await startTestnet({ nodes: 20 });
    const [alice, bob] = [join(directory.path, "alice"), join(directory.path, "bob")];
    await makeKey(alice);
    const source = await packageSource(join(directory.path, "source"));
    const trace = join(directory.path, "trace");
    const flags = ["--bootstrap", testnet.bootstrap, "--allow-local"];
    const port = await freePort();

    // If the test fails, ending strace also ends the traced daemon.
    await using _ = { [Symbol.asyncDispose]: () => endProcessesOf(alice) };
    await using daemon = spawnCli(["seed", "--home", alice, "--port", `${port}`, ...flags], {
      program: ["strace", "-f", "-o", trace, "-e", "trace=bind,listen,openat,?open,execve", binary],
      timeoutMs: 600_000,
    });
    await daemon.waitForLine(/^ready/, "stdout");
    const run = async (...args: string[]) => {
      const { code, stderr } = await runCli(args, { program: [binary] });
      assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
    };
    await run("publish", source, "--name=traced", "--version=1.0.0", "--home", alice);
    const got = ["-o", join(directory.path, "got"), "--port", `${await freePort()}`];
    await run("get", "traced", "--home", bob, ...flags, ...got);
    await Deno.writeTextFile(join(alice, "config.yaml"), "min-nodes: 3\n");
    await run("reload", "--home", alice);
    await run("stop", "--home", alice);
    assert.equal((await daemon.result).code, 0);

    const calls = callsOf(await Deno.readTextFile(trace));
    assert.deepEqual(bound(calls).sort(), [
      join(alice, ".bind", "s"),
      `tcp ${port}`,
      `udp ${port}`,
    ]);
    assert.equal(calls.filter(({ name }) => name === "execve").length, 1, "a program was started");

    const paths = new Set(opened(calls));
    const seed = join(alice, "seed");
    const own = homeFiles.map((name) => join(alice, name));
    const others = [...paths].filter((path) =>
      path !== binary && !own.includes(path) && path !== seed && !path.startsWith(`${seed}/`) &&
      !system.some((pattern) => pattern.test(path))
    );
    assert.deepEqual(others, []);
    // The trace is meaningful only if the daemon worked: it must have read its settings and the
    // requested archive.
    for (const path of [join(alice, "config.yaml"), join(seed, "traced-1.0.0.tgz")]) {
      assert(paths.has(path), path);
    }
  },
  { ignore: !hasStrace },
);
