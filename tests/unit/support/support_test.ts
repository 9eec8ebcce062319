import assert from "node:assert/strict";
import dgram from "node:dgram";
import { join } from "node:path";
import {
  freePort,
  isFree,
  leftovers,
  runCli,
  spawnCli,
  tcpListenersOf,
  temporaryHome,
  udpSocketsOf,
} from "../../support/mod.ts";

const sh = (script: string) => ({ program: ["sh", "-c", script, "sh"] });
const onLinux = { ignore: Deno.build.os !== "linux" };

async function bindUdp(port: number, address = "127.0.0.1") {
  const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
  await new Promise<void>((resolve) => socket.bind(port, address, resolve));
  return {
    port: socket.address().port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

Deno.test("a temporary home exists until the end of its scope", async () => {
  let path: string;
  {
    await using home = await temporaryHome();
    path = home.path;
    await Deno.mkdir(join(path, "a", "b"), { recursive: true });
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o700);
  }
  await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
});

Deno.test("removing a temporary home twice is no error", async () => {
  const home = await temporaryHome();
  await home.remove();
  await home.remove();
});

Deno.test("a free port can be bound by TCP and by UDP", async () => {
  const port = await freePort();
  assert.equal(await isFree(port), true);
  using _listener = Deno.listen({ hostname: "127.0.0.1", port });
  await using _socket = await bindUdp(port);
});

Deno.test("a port that TCP or UDP uses is not free", async () => {
  const port = await freePort();
  {
    using _listener = Deno.listen({ hostname: "127.0.0.1", port });
    assert.equal(await isFree(port), false);
  }
  await using _socket = await bindUdp(port);
  assert.equal(await isFree(port), false);
});

Deno.test("runCli passes arguments, and returns output and exit code", async () => {
  const result = await runCli(["one", "two words"], sh('printf "%s," "$@"; echo err >&2; exit 7'));
  assert.deepEqual(
    { ...result, stdoutBytes: result.stdoutBytes.length },
    { code: 7, signal: null, stdout: "one,two words,", stderr: "err\n", stdoutBytes: 14 },
  );
});

Deno.test("runCli returns binary standard output as bytes", async () => {
  const { stdoutBytes } = await runCli([], sh("printf '\\377\\000\\376'"));
  assert.deepEqual(stdoutBytes, Uint8Array.of(255, 0, 254));
});

Deno.test("runCli passes standard input, which is empty by default", async () => {
  assert.equal((await runCli([], { ...sh("cat"), stdin: "text" })).stdout, "text");
  const bytes = new Uint8Array(300_000).fill(1);
  assert.deepEqual((await runCli([], { ...sh("cat"), stdin: bytes })).stdoutBytes, bytes);
  assert.equal((await runCli([], sh("cat"))).stdout, "");
  assert.equal((await runCli([], { ...sh("exit 0"), stdin: bytes })).code, 0);
});

Deno.test("a process gets only the home and the given variables in its environment", async () => {
  await using home = await temporaryHome();
  Deno.env.set("LIBRESEED_TEST_SECRET", "x");
  const { stdout } = await runCli([], { ...sh("pwd; env"), home, cwd: home.path, env: { A: "b" } });
  Deno.env.delete("LIBRESEED_TEST_SECRET");
  const lines = stdout.split("\n");
  assert.equal(lines[0], home.path);
  assert.ok(lines.includes(`HOME=${home.path}`));
  assert.ok(lines.includes(`LIBRESEED_HOME=${home.path}`));
  assert.ok(lines.includes("A=b"));
  assert.doesNotMatch(stdout, /SECRET/);
});

Deno.test("runCli kills a process after its timeout and reports the output", async () => {
  // The timeout grows with each attempt, because a busy machine may take long to start a shell.
  for (let timeoutMs = 300;; timeoutMs *= 4) {
    const run = runCli(["seed"], { ...sh("echo begun; exec sleep 3600"), timeoutMs });
    const { message } = await run.then(() => assert.fail("it ended"), (error: Error) => error);
    assert.match(message, /^libreseed seed took too long\n--- stdout\n/);
    if (message.includes("\nbegun\n")) break;
  }
});

Deno.test("waitForLine finds earlier and later lines on both streams", async () => {
  const script = "echo ready port=123; sleep 0.1; echo 'late line' >&2; printf unfinished; cat";
  await using process = spawnCli([], { ...sh(script), stdin: "" });
  assert.equal((await process.waitForLine(/port=(\d+)/))[1], "123");
  await process.waitForLine(/^late line$/, "stderr");
  await process.waitForLine(/^ready/g, "stdout");
  await process.waitForLine(/^unfinished$/);
  assert.deepEqual(await process.status, { code: 0, signal: null });
});

Deno.test("waitForLine fails with all the output if the process ends without the line", async () => {
  await using process = spawnCli(["seed"], sh("echo one; echo two >&2; exit 3"));
  const waiting = process.waitForLine(/three/);
  await assert.rejects(
    waiting,
    /ended with exit code 3 without a line like \/three\/\n.*\none\n\n.*\ntwo/,
  );
  await assert.rejects(process.waitForLine(/two/, "stdout"), /without a line like \/two\//);
  await using killed = spawnCli(["seed"], sh("kill -SEGV $$"));
  await assert.rejects(
    killed.waitForLine(/one/),
    /^Error: libreseed seed ended by SIGSEGV without/,
  );
});

Deno.test("a signal ends a process, and the result reports the signal", async () => {
  await using process = spawnCli([], sh("echo up; exec sleep 60"));
  await process.waitForLine(/up/);
  process.kill("SIGINT");
  assert.deepEqual(await process.status, { code: 130, signal: "SIGINT" });
  process.kill();
});

Deno.test("a process does not outlive its scope", onLinux, async () => {
  let pid: number;
  {
    await using process = spawnCli([], sh("echo up; exec sleep 60"));
    await process.waitForLine(/up/);
    pid = process.pid;
  }
  await assert.rejects(Deno.stat(`/proc/${pid}`), Deno.errors.NotFound);
});

Deno.test("a grandchild that keeps the output open does not delay the result", async () => {
  const script = "sleep 3600 & echo up $!; wait";
  const grandchildren: number[] = [];
  try {
    {
      await using process = spawnCli([], sh(script));
      grandchildren.push(Number((await process.waitForLine(/up (\d+)/))[1]));
    }
    await using late = spawnCli([], { ...sh(script), timeoutMs: 2_000 });
    grandchildren.push(Number((await late.waitForLine(/up (\d+)/))[1]));
    await assert.rejects(late.result, /took too long/);
  } finally {
    for (const pid of grandchildren) Deno.kill(pid, "SIGKILL");
  }
});

Deno.test("udpSocketsOf finds a process's UDP sockets and no others", onLinux, async () => {
  await using one = await bindUdp(0);
  await using all = await bindUdp(0, "0.0.0.0");
  // Tests of other files run in this process concurrently and open sockets of their own.
  const ours = (await udpSocketsOf(Deno.pid)).filter(({ port }) =>
    [one.port, all.port].includes(port)
  );
  assert.deepEqual(ours.sort((a, b) => a.address < b.address ? -1 : 1), [
    { address: "0.0.0.0", port: all.port },
    { address: "127.0.0.1", port: one.port },
  ]);
  await using process = spawnCli([], sh("echo up; exec sleep 60"));
  await process.waitForLine(/up/);
  assert.deepEqual(await udpSocketsOf(process.pid), []);
});

Deno.test(
  "tcpListenersOf finds a process's TCP listeners, and not its connections",
  onLinux,
  async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    using _client = await Deno.connect({ hostname: "127.0.0.1", port });
    using _server = await listener.accept();
    const here = (await tcpListenersOf(Deno.pid)).filter((socket) => socket.port === port);
    assert.deepEqual(here, [{ address: "127.0.0.1", port }]);
  },
);

Deno.test("tcpListenersOf finds IPv6 listeners with their addresses", {
  ignore: Deno.build.os !== "linux" || !(await hasIpv6()),
}, async () => {
  using listener = Deno.listen({ hostname: "::1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const here = (await tcpListenersOf(Deno.pid)).filter((socket) => socket.port === port);
  assert.deepEqual(here, [{ address: "::1", port }]);
});

async function hasIpv6(): Promise<boolean> {
  return (await Deno.readTextFile("/proc/net/if_inet6").catch(() => "")) !== "";
}

Deno.test(
  "leftovers finds temporary files at any depth, and processes of the home",
  onLinux,
  async () => {
    await using home = await temporaryHome();
    assert.deepEqual(await leftovers(home.path), []);
    await Deno.mkdir(join(home.path, "seed"));
    await Deno.writeTextFile(join(home.path, "seed", ".tmp-1-2"), "");
    await Deno.writeTextFile(join(home.path, "seed", "a.tgz"), "");
    {
      await using process = spawnCli([], { ...sh("echo up; exec sleep 60"), home });
      await process.waitForLine(/up/);
      // While the shell replaces itself by `sleep`, its arguments and environment cannot be read.
      // The test therefore calls `leftovers` until it lists the process.
      let found = await leftovers(home.path);
      for (let tries = 0; found.length < 2 && tries < 50; tries++) {
        found = await leftovers(home.path);
      }
      assert.equal(found.length, 2);
      assert.equal(found[0], `temporary ${home.path}/seed/.tmp-1-2`);
      assert.match(found[1]!, new RegExp(`^process ${process.pid}: .*sleep 60`));
    }
    assert.equal((await leftovers(home.path)).length, 1);
  },
);

Deno.test("runCli runs libreseed by default", async () => {
  await using home = await temporaryHome();
  const { code, stdout, stderr } = await runCli(["version"], { home, cwd: home.path });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /\d+\.\d+\.\d+/);
});
