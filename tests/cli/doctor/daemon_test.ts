/** Tests what `libreseed doctor` reports about a daemon, ports and the DHT. */

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { join } from "node:path";
import { spawnCli, udpSocketsOf } from "../../support/mod.ts";
import { patient, verdicts } from "./patient.ts";

Deno.test("doctor asks a running daemon and opens no socket itself", async () => {
  await using there = await patient();
  await using daemon = spawnCli(["seed"], { home: there.path, env: there.env });
  await daemon.waitForLine(/^ready: /, "stdout");
  const { code, checks } = await there.doctor();
  assert.deepEqual(verdicts(checks), {});
  assert.equal(code, 0);
  assert.equal(checks.get("daemon")!.what, `daemon, process ${daemon.pid}, answers`);
  assert.equal(checks.get("tcp port")!.what, `${there.port} is the daemon's`);
  assert.match(checks.get("dht")!.what, /^\d+ nodes in the daemon's table$/);
  assert(!checks.has("udp port"));
  assert.equal((await udpSocketsOf(daemon.pid)).length, 1);
});

Deno.test("a daemon whose UDP port is taken fails the dht check, exit 5", async () => {
  await using there = await patient();
  const stranger = createSocket("udp4");
  await new Promise<void>((resolve) => stranger.bind(there.port, "0.0.0.0", resolve));
  try {
    await using daemon = spawnCli(["seed"], { home: there.path, env: there.env });
    await daemon.waitForLine(/^ready: /, "stdout");
    const { code, checks } = await there.doctor();
    assert.deepEqual([code, verdicts(checks)], [5, { dht: "fail" }]);
    assert(checks.get("dht")!.what.includes(`UDP port ${there.port}`));
  } finally {
    await new Promise<void>((resolve) => stranger.close(resolve));
  }
});

Deno.test("taken ports are named with the program that uses them, exit 1", async () => {
  await using there = await patient();
  using _tcp = Deno.listen({ hostname: "0.0.0.0", port: there.port });
  const udp = createSocket("udp4");
  await new Promise<void>((resolve) => udp.bind(there.port, "0.0.0.0", resolve));
  try {
    const { code, checks } = await there.doctor();
    assert.equal(code, 1);
    assert.deepEqual(verdicts(checks), { "tcp port": "fail", "udp port": "fail" });
    for (const name of ["tcp port", "udp port"]) {
      assert(checks.get(name)!.what.startsWith(`${there.port} is taken`));
      assert(checks.get(name)!.mend!.includes("--port"));
    }
  } finally {
    await new Promise<void>((resolve) => udp.close(resolve));
  }
});

Deno.test("an unreachable network exits with 5, unless another check fails too", async () => {
  await using there = await patient();
  const silent = createSocket("udp4");
  await new Promise<void>((resolve) => silent.bind(0, "127.0.0.1", resolve));
  try {
    const address = `127.0.0.1:${silent.address().port}`;
    const { code, checks } = await there.doctor("--bootstrap", address, "--timeout", "200ms");
    assert.deepEqual([code, verdicts(checks)], [5, { dht: "fail" }]);
    assert.match(checks.get("dht")!.what, /^0 of 1 .* within 200 ms$/);

    await Deno.chmod(join(there.path, "keys", "publisher.key"), 0o644);
    assert.equal((await there.doctor("--bootstrap", address, "--timeout", "200ms")).code, 1);
  } finally {
    await new Promise<void>((resolve) => silent.close(resolve));
  }
});

Deno.test("bootstrap names without an address are reported", async () => {
  await using there = await patient();
  const nowhere = "no-such-host.invalid:6881";
  const { code, checks } = await there.doctor("--bootstrap", nowhere);
  assert.deepEqual([code, verdicts(checks)], [5, { bootstrap: "fail" }]);
  assert(checks.get("bootstrap")!.what.includes(nowhere));

  const some = await there.doctor("--bootstrap", nowhere, "--bootstrap", "127.0.0.1:1");
  assert.equal(some.checks.get("bootstrap")!.verdict, "warn");
});

Deno.test("a private bootstrap address without --allow-local is reported as a wrong setting", async () => {
  await using there = await patient();
  const { code, checks } = await there.doctor("--no-allow-local");
  assert.deepEqual([code, verdicts(checks)], [1, { dht: "fail" }]);
  assert(checks.get("dht")!.mend!.includes("--allow-local"));
  assert.equal(checks.get("dht")!.about, "machine");
});

Deno.test("a DHT that is switched off is not checked", async () => {
  await using there = await patient();
  const { code, checks } = await there.doctor("--no-dht", "--bootstrap", "127.0.0.1:1");
  assert.deepEqual([code, verdicts(checks)], [0, {}]);
});

Deno.test("a process that owns the home but does not answer is named", async () => {
  await using there = await patient();
  using lock = await Deno.open(join(there.path, "daemon.lock"), { read: true, write: true });
  assert(await lock.tryLock(true));
  await lock.truncate();
  await lock.write(new TextEncoder().encode("4711\n"));
  const { code, checks } = await there.doctor();
  assert.deepEqual([code, verdicts(checks)], [0, { daemon: "warn" }]);
  assert(checks.get("daemon")!.what.includes("process 4711"));
  // The running process may be about to bind the port. The doctor therefore must not bind the port
  // as a test.
  assert(!checks.has("udp port") && checks.has("port and dht"));
});

Deno.test("a control socket that other users may use is a failure", async () => {
  await using there = await patient();
  await using daemon = spawnCli(["seed"], { home: there.path, env: there.env });
  await daemon.waitForLine(/^ready: /, "stdout");
  await Deno.chmod(join(there.path, "control.sock"), 0o666);
  const { code, checks } = await there.doctor();
  assert.deepEqual([code, verdicts(checks)], [1, { daemon: "fail" }]);
  assert.match(checks.get("daemon")!.mend!, /^run: chmod 600 .*control\.sock$/);
});
