/**
 * Tests `libreseed seed` by running the program as a child process: its start, a port or home in
 * use, its end.
 */

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { concatBytes, utf8 } from "../../../src/base/mod.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import { immutableTarget, targetOf } from "../../../src/records/mod.ts";
import { freePort, isFree, tcpListenersOf, udpSocketsOf } from "../../support/mod.ts";
import { RawUdp } from "../../support/raw_udp.ts";
import { eventually, type Home, newPlace, together } from "../../support/place.ts";

/** Binds a UDP port, so that the daemon cannot use the port. */
async function takeUdp(port: number) {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(port, "0.0.0.0", resolve));
  let freed: Promise<void> | undefined;
  const free = () => freed ??= new Promise<void>((resolve) => socket.close(() => resolve()));
  return { free, [Symbol.asyncDispose]: free };
}

// deno-lint-ignore no-explicit-any -- what a test reads of it is asserted
async function statusOf(home: Home): Promise<any> {
  return JSON.parse(await home.must(["status", "--json"]));
}

const hasSs = await new Deno.Command("ss", { args: ["-V"], stdout: "null", stderr: "null" })
  .output().then(({ success }) => success, () => false);

Deno.test("seed prints one ready line, and opens one UDP and one TCP socket on its port", async () => {
  await using place = await newPlace();
  const home = await place.home(null);
  const port = await freePort();
  await using process = home.spawn(["seed", "--port", `${port}`]);
  const [line, nodeId] = await process.waitForLine(
    new RegExp(`^ready: port ${port}, node ([0-9a-f]{40}), seed directory ${home.seed}$`),
    "stdout",
  );
  const status = await statusOf(home);
  assert.deepEqual(
    [status.pid, status.port, status.nodeId, status.seedDirectory, status.daemon],
    [process.pid, port, nodeId, home.seed, true],
  );
  await eventually(async () => (await statusOf(home)).dhtNodes > 0);
  assert.deepEqual(await udpSocketsOf(process.pid), [{ address: "0.0.0.0", port }]);
  assert.deepEqual((await tcpListenersOf(process.pid)).map((socket) => socket.port), [port]);
  assert.equal((await Deno.stat(join(home.path, "control.sock"))).mode! & 0o777, 0o600);
  process.kill("SIGTERM");
  const { code, stdout, stderr } = await process.result;
  assert.deepEqual([code, stdout], [0, `${line}\n`], stderr);
});

Deno.test("start is an alias of seed, and --json prints the ready line as an object", async () => {
  await using place = await newPlace({ nodes: 1 });
  const home = await place.home(null);
  await using process = home.spawn(["start", "--json"]);
  const [line] = await process.waitForLine(/^\{.+\}$/, "stdout");
  const ready = JSON.parse(line);
  assert.deepEqual(Object.keys(ready), ["ready", "port", "nodeId", "seedDirectory", "dht", "pid"]);
  assert.deepEqual(
    // The list omits the number of DHT nodes, because whether a node has answered yet depends on
    // timing.
    [ready.ready, ready.dht.state, ready.pid, ready.seedDirectory],
    [true, "on", process.pid, home.seed],
  );
  process.kill("SIGTERM");
  assert.equal((await process.result).code, 0);
});

Deno.test("SIGINT and SIGTERM end the daemon with 0, and release socket, lock and port", async () => {
  await using place = await newPlace();
  await together((["SIGINT", "SIGTERM"] as const).map(async (signal) => {
    const home = await place.home();
    await home.must(["publish", "-q", await place.source("kept", "1.0.0")]);
    await using daemon = await home.daemon(["--port", `${await freePort()}`]);
    await eventually(async () => (await statusOf(home)).packages === 1);
    daemon.process.kill(signal);
    const { code, signal: killed, stderr } = await daemon.process.result;
    assert.deepEqual([code, killed], [0, null], stderr);
    assert(!existsSync(join(home.path, "control.sock")));
    assert(await isFree(daemon.port));
    // The daemon has released the home's lock, so the next command neither waits nor warns.
    const next = await home.run(["announce"]);
    assert.equal(next.code, 0, next.stderr);
    assert(!next.stderr.includes("waiting"), next.stderr);
  }));
});

Deno.test("a second signal ends the daemon at once, and the next start takes over", async () => {
  await using place = await newPlace();
  const home = await place.home(null);
  {
    await using daemon = await home.daemon();
    // A process suspended by SIGSTOP receives both pending signals together when it continues.
    daemon.process.kill("SIGSTOP");
    daemon.process.kill("SIGTERM");
    daemon.process.kill("SIGINT");
    daemon.process.kill("SIGCONT");
    const { code } = await daemon.process.result;
    assert([130, 143].includes(code), `${code}`);
  }
  await using daemon = await home.daemon();
  await daemon.end();
});

Deno.test("a second daemon of the same home is refused, and names the first", async () => {
  await using place = await newPlace({ nodes: 1 });
  const home = await place.home(null);
  await using daemon = await home.daemon();
  const { code, stdout, stderr } = await home.run(["seed"]);
  assert.deepEqual([code, stdout], [6, ""]);
  assert(stderr.includes(`${daemon.process.pid}`) && stderr.includes(home.path), stderr);
  assert.equal((await statusOf(home)).pid, daemon.process.pid);
  await daemon.end();
});

Deno.test("a taken TCP port ends the daemon, and the error names the port and, with ss, its owner", async () => {
  await using place = await newPlace({ nodes: 1 });
  const home = await place.home();
  using listener = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const { port } = listener.addr;
  const source = await place.source("x", "1.0.0");
  await together([["seed"], ["publish", "-q", source]].map(async (args, index) => {
    const { code, stdout, stderr } = await (index === 0 ? home : await place.home())
      .run([...args, "--port", `${port}`]);
    assert.deepEqual([code, stdout], [6, ""], stderr);
    // The first line of the output, a summary of the package's contents, is skipped.
    const lines = stderr.trimEnd().split("\n").filter((line) =>
      !/^x@1\.0\.0: \d+ files, /.test(line)
    );
    assert.equal(lines.length, 1, stderr);
    assert(lines[0]!.includes(`TCP port ${port} is taken`), stderr);
    assert(lines[0]!.includes("--port"), stderr);
    if (hasSs) assert(lines[0]!.includes(`process ${Deno.pid}`), stderr);
  }));
  assert(!existsSync(join(home.path, "control.sock")));
});

Deno.test("with a taken UDP port the daemon seeds without the DHT until the port is free", async () => {
  await using place = await newPlace();
  const [home, other] = [await place.home(), await place.home()];
  await home.must(["publish", "-q", await place.source("patient", "1.0.0")]);
  const port = await freePort();
  const taken = await takeUdp(port);
  await using _taken = taken;
  await using daemon = await home.daemon(["--port", `${port}`]);
  const warnings = daemon.process.stderr.split("\n").filter((line) => / warn /.test(line));
  assert.equal(warnings.length, 1, daemon.process.stderr);
  assert(warnings[0]!.includes(`UDP port ${port} is taken`), warnings[0]);
  assert(daemon.process.stdout.includes("dht off"), daemon.process.stdout);
  const { dht } = await statusOf(home);
  assert.equal(dht.state, "off");
  assert(dht.why.includes(`${port}`), dht.why);
  assert.match(await home.must(["status"]), /^dht +off \(UDP port \d+ is taken/m);
  const announced = await home.run(["announce"]);
  assert.equal(announced.code, 5, announced.stderr);

  // Peer connections over TCP still work: a peer that knows the seeder's address downloads the
  // archive.
  await eventually(async () => (await statusOf(home)).packages === 1);
  const { magnet } = JSON.parse(await home.must(["list", "--json"]));
  await other.must(["get", `${magnet}&x.pe=127.0.0.1:${port}`]);

  for (const node of home.holders("patient", "1.0.0")) node.forget(home.target("patient", "1.0.0"));
  await taken.free();
  await daemon.process.waitForLine(/the DHT is back/, "stderr");
  assert.equal((await statusOf(home)).dht.state, "on");
  assert.deepEqual(await udpSocketsOf(daemon.process.pid), [{ address: "0.0.0.0", port }]);
  // Once the network is back, failed records are announced at once, without waiting for the end of
  // their back-off.
  await eventually(() => home.holders("patient", "1.0.0").length >= 8);
  await daemon.end();
});

Deno.test("with the DHT switched off the daemon seeds and opens no UDP socket", async () => {
  await using place = await newPlace({ nodes: 1 });
  await together(["--no-dht", "--dht=false"].map(async (flag) => {
    const home = await place.home(null);
    await using daemon = await home.daemon([flag]);
    assert(daemon.process.stdout.includes("dht off (it is switched off)"), daemon.process.stdout);
    assert.equal(daemon.process.stderr, "");
    assert.deepEqual(await udpSocketsOf(daemon.process.pid), []);
    assert.equal((await statusOf(home)).dht.state, "off");
    await daemon.end();
  }));
});

Deno.test("64-bit numbers in a packet cause no stack trace from a library", async () => {
  await using place = await newPlace({ nodes: 4 });
  const home = await place.home(null);
  await using daemon = await home.daemon();
  await using raw = await RawUdp.bind();
  const { port } = daemon;
  const target = new Uint8Array(20);
  const token = (await raw.query(port, "get", { target })).get("token") as Uint8Array;
  const big = "i4611686018427387904e";
  const keys = generateKeyPair();
  const bytes = (text: string) => utf8(`${text.length}:${text}`);
  const member = (name: string, value: Uint8Array) =>
    concatBytes(bytes(name), utf8(`${value.length}:`), value);
  const ask = async (name: string, ...members: Uint8Array[]) => {
    const head = utf8(`d1:ad2:id20:${"i".repeat(20)}`);
    await raw.send(concatBytes(head, ...members, utf8(`e1:q3:${name}1:t2:tt1:y1:qe`)), port);
  };
  let answers = 0;
  raw.onPacket = () => answers++;
  const value = utf8(`1:v${big}`);
  const signature = keys.signBytes(utf8(`3:seq${big}1:v1:x`));
  await ask("put", member("token", token), value);
  await ask(
    "put",
    member("k", keys.publicKey),
    utf8(`3:seq${big}`),
    member("sig", signature),
    member("token", token),
    utf8("1:v1:x"),
  );
  await ask("get", member("target", immutableTarget(utf8(big))));
  await ask("get", member("target", targetOf(keys.publicKey, new Uint8Array())));
  await eventually(() => answers >= 4);
  assert.equal(daemon.process.stderr, "");
  await daemon.end();
});
