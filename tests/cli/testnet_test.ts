/** Tests `libreseed testnet` by running the program as a child process. */

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { runCli, spawnCli } from "../support/mod.ts";

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
