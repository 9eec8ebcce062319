/**
 * `libreseed testnet` as a process.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { command, runCli } from "./run_cli.ts";

/** Starts a testnet and resolves to it and its first line. */
async function start(...args: string[]) {
  const child = command(["testnet", ...args], {}, { stdout: "piped", stderr: "piped" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  const end = async (signal: Deno.Signal) => {
    child.kill(signal);
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      text += chunk.value;
    }
    const stderr = await new Response(child.stderr).text();
    return { ...(await child.status), stdout: text, stderr };
  };
  return { firstLine: text.trimEnd(), end };
}

Deno.test("testnet prints its address, answers there, and ends in peace with a signal", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const testnet = await start("--nodes", "3");
    const match = /^127\.0\.0\.1:(\d+)$/.exec(testnet.firstLine);
    assert(match, testnet.firstLine);
    const socket = createSocket("udp4");
    try {
      const answered = new Promise((resolve) => socket.once("message", resolve));
      // A KRPC ping (BEP 5).
      socket.send(
        `d1:ad2:id20:${"a".repeat(20)}e1:q4:ping1:t1:x1:y1:qe`,
        Number(match[1]),
        "127.0.0.1",
      );
      assert(String(await answered).includes("1:y1:r"));
    } finally {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    }
    const { code, stdout, stderr } = await testnet.end(signal);
    assert.equal(code, 0);
    assert.equal(stdout, `${testnet.firstLine}\n`);
    assert(stderr.includes(`--bootstrap ${testnet.firstLine} --allow-local`), stderr);
  }
});

Deno.test("testnet --json prints one object, and -q nothing else", async () => {
  const testnet = await start("--nodes", "2", "--json", "-q");
  const { bootstrap, nodes } = JSON.parse(testnet.firstLine);
  assert.match(bootstrap, /^127\.0\.0\.1:\d+$/);
  assert.equal(nodes, 2);
  assert.equal((await testnet.end("SIGTERM")).stderr, "");
});

Deno.test("testnet on a port that is taken exits with 6 and names it", async () => {
  const socket = createSocket("udp4");
  try {
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const { port } = socket.address();
    const { code, stdout, stderr } = await runCli([
      "testnet",
      "--port",
      String(port),
      "--nodes",
      "1",
    ]);
    assert.deepEqual([code, stdout], [6, ""]);
    assert(stderr.includes(String(port)), stderr);
  } finally {
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  }
});

Deno.test("testnet refuses numbers that make no sense", async () => {
  for (const args of [["--nodes", "0"], ["--nodes", "2001"], ["--nodes=-1"], ["--port", "65536"]]) {
    const { code, stdout } = await runCli(["testnet", ...args]);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
  }
});
