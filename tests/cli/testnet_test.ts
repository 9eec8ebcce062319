/** Tests `libreseed testnet` by running the program as a child process. */

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { join } from "node:path";
import { runCli, spawnCli, temporaryHome } from "../support/mod.ts";

/** A `ping` query of the DHT protocol (KRPC, BEP 5). */
const ping = `d1:ad2:id20:${"a".repeat(20)}e1:q4:ping1:t1:x1:y1:qe`;

Deno.test("testnet prints its address, answers there, and exits with 0 after a signal", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    await using testnet = spawnCli(["testnet", "--nodes", "3"]);
    const [line, port] = await testnet.waitForLine(/^127\.0\.0\.1:(\d+)$/, "stdout");
    const socket = createSocket("udp4");
    try {
      const answered = new Promise((resolve) => socket.once("message", resolve));
      socket.send(ping, Number(port), "127.0.0.1");
      assert(String(await answered).includes("1:y1:r"));
    } finally {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    }
    testnet.kill(signal);
    const { code, stdout, stderr } = await testnet.result;
    assert.equal(code, 0);
    assert.equal(stdout, `${line}\n`);
    assert(stderr.includes(`--bootstrap ${line} --allow-local`), stderr);
  }
});

Deno.test("testnet --json prints one object, and no notice with -q", async () => {
  await using testnet = spawnCli(["testnet", "--nodes", "2", "--json", "-q"]);
  const [line] = await testnet.waitForLine(/^.+$/, "stdout");
  const { bootstrap, nodes } = JSON.parse(line);
  assert.match(bootstrap, /^127\.0\.0\.1:\d+$/);
  assert.equal(nodes, 2);
  testnet.kill();
  const { code, stdout, stderr } = await testnet.result;
  assert.deepEqual([code, stdout, stderr], [0, `${line}\n`, ""]);
});

Deno.test("testnet on a port that is taken exits with 6 and names it", async () => {
  const socket = createSocket("udp4");
  try {
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const port = String(socket.address().port);
    const { code, stdout, stderr } = await runCli(["testnet", "--port", port, "--nodes", "1"]);
    assert.deepEqual([code, stdout], [6, ""]);
    assert(stderr.includes(port), stderr);
  } finally {
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  }
});

Deno.test("testnet refuses invalid numbers", async () => {
  for (const args of [["--nodes", "0"], ["--nodes", "2001"], ["--nodes=-1"], ["--port", "65536"]]) {
    const { code, stdout } = await runCli(["testnet", ...args]);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
  }
});

Deno.test("testnet --ipv6 has nodes on ::1, over which a package is published, found and fetched", async () => {
  await using place = await temporaryHome();
  await using testnet = spawnCli(["testnet", "--ipv6", "--nodes", "10", "--json"]);
  const [line] = await testnet.waitForLine(/^.+$/, "stdout");
  const { bootstrap, bootstrap6, nodes } = JSON.parse(line);
  assert.match(bootstrap, /^127\.0\.0\.1:\d+$/);
  assert.match(bootstrap6, /^\[::1\]:\d+$/);
  assert.equal(nodes, 10);
  // The DHT of IPv4 is not named, so nothing can be put or found there.
  const env = {
    LIBRESEED_BOOTSTRAP: bootstrap6,
    LIBRESEED_ALLOW_LOCAL: "true",
    LIBRESEED_PORT: "0",
  };
  const at = (name: string) => ({ home: join(place.path, name), env, cwd: place.path });
  const must = async (home: string, ...args: string[]) => {
    const { code, stdout, stderr } = await runCli(args, at(home));
    assert.equal(code, 0, `${args.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  };
  await Deno.mkdir(join(place.path, "hello"));
  await Deno.writeTextFile(join(place.path, "hello", "read me.txt"), "over ::1");
  await must("publisher", "keygen", "--signing-only");
  await using daemon = spawnCli(["seed"], at("publisher"));
  await daemon.waitForLine(/^ready: /, "stdout");
  await must("publisher", "publish", "hello", "--name", "hello", "--version", "1.0.0");
  await must("reader", "resolve", "hello");
  await must("reader", "get", "hello", "-o", "out");
  const text = await Deno.readTextFile(join(place.path, "out", "read me.txt"));
  assert.equal(text, "over ::1");
  // A command that is bound to an address of IPv6 has no node of IPv4 to search with.
  await must("bound", "resolve", "hello", "--bind", "::1");
  const { dht, dhtNodes, dht6, traffic } = JSON.parse(await must("publisher", "status", "--json"));
  assert.deepEqual([dht.state, dhtNodes, traffic.packetsIn], ["on", 0, 0]);
  assert(dht6.nodes > 0 && dht6.traffic.packetsIn > 0, JSON.stringify(dht6));
});

Deno.test("without a bootstrap node at ::1, a test network uses no IPv6", async () => {
  await using home = await temporaryHome();
  await using testnet = spawnCli(["testnet", "--ipv6", "--nodes", "3", "--json"]);
  const [line] = await testnet.waitForLine(/^.+$/, "stdout");
  const env = {
    LIBRESEED_BOOTSTRAP: JSON.parse(line).bootstrap,
    LIBRESEED_ALLOW_LOCAL: "true",
    LIBRESEED_PORT: "0",
  };
  await using daemon = spawnCli(["seed"], { home, env });
  await daemon.waitForLine(/^ready: /, "stdout");
  const { stdout } = await runCli(["status", "--json"], { home, env });
  assert.equal(JSON.parse(stdout).dht6, undefined);
});
