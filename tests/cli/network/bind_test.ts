/** Tests `--bind` by running the program as a child process. All of 127.0.0.0/8 is this machine. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { freePort, runCli, spawnCli, tcpListenersOf, udpSocketsOf } from "../../support/mod.ts";
import { magnetIn, newPlace } from "../../support/place.ts";

const bind = (address: string) => ["--bind", address];

Deno.test("a bound daemon and a bound command use their addresses only", async () => {
  await using place = await newPlace();
  const publisher = await place.home();
  const port = await freePort();
  const env = { LIBRESEED_PORT: String(port), LIBRESEED_BIND: "127.0.0.2" };
  const flags = ["--bootstrap", place.testnet.bootstrap, "--allow-local"];
  const options = { home: publisher.path, env, timeoutMs: 240_000 };
  await using daemon = spawnCli(["seed", ...flags], options);
  await daemon.waitForLine(/^ready: /, "stdout");
  const sockets = [...await tcpListenersOf(daemon.pid), ...await udpSocketsOf(daemon.pid)];
  assert.deepEqual(sockets, Array(2).fill({ address: "127.0.0.2", port }));
  const published = await runCli(
    ["publish", "-q", await place.source("pkg", "1.0.0")],
    options,
  );
  assert.equal(published.code, 0, published.stderr);
  const status = await runCli(["status", "--json"], options);
  const { binding } = JSON.parse(status.stdout);
  assert.deepEqual(binding, {
    ...{ name: "127.0.0.2", interface: "lo", ipv4: "127.0.0.2" },
    state: "bound",
  });
  assert.match((await runCli(["status"], options)).stdout, /^bound to +127\.0\.0\.2 of lo$/m);
  const checked = await runCli(["doctor"], { ...options });
  assert.match(checked.stdout, /^ok +bind +127\.0\.0\.2 of lo$/m);

  const reader = await place.home(null);
  const magnet = magnetIn(published.stdout.trim());
  const got = await reader.run(["get", magnet, ...bind("127.0.0.3")]);
  assert.equal(got.code, 0, got.stderr);
  assert.deepEqual(
    await Deno.readFile(join(reader.seed, "pkg-1.0.0.tgz")),
    await Deno.readFile(join(publisher.seed, "pkg-1.0.0.tgz")),
  );

  // A command that borrows the daemon must not send from other addresses than it demands.
  const other = await runCli(["get", magnet, ...bind("127.0.0.9")], options);
  assert.equal(other.code, 2, other.stderr);
  assert.match(
    other.stderr,
    /--bind 127\.0\.0\.9: process \d+ owns the network .* is bound to 127\.0\.0\.2\. Start that daemon/,
  );
  daemon.kill("SIGTERM");
  assert.equal((await daemon.status).code, 0);
});

Deno.test("doctor looks at the port of the bound address", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const port = await freePort();
  const flags = ["--port", String(port), ...bind("127.0.0.2")];
  const free = await home.run(["doctor", ...flags]);
  assert.match(free.stdout, /^ok +bind +127\.0\.0\.2 of lo$/m);
  assert.match(free.stdout, /^ok +dht +1 of 1 bootstrap addresses answer$/m);
  const taken = Deno.listen({ hostname: "127.0.0.2", port });
  const busy = await home.run(["doctor", ...flags]);
  taken.close();
  assert.match(busy.stdout, /^fail +tcp port +\d+ is taken/m);
  const missing = await home.run(["doctor", ...bind("tun9")]);
  assert.match(missing.stdout, /^fail +bind +this machine has no network interface tun9 /m);
  assert.doesNotMatch(missing.stdout, /bootstrap addresses/);
  assert.equal(missing.code, 5, missing.stdout);
});

Deno.test("an address or interface that this machine lacks is an error in words", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const run = async (value: string, command = ["seed"]) => {
    const { code, stderr, stdout } = await home.run([...command, ...bind(value)]);
    assert.equal(stdout, "");
    return { code, error: stderr.trim() };
  };
  const address = await run("198.51.100.7");
  assert.equal(address.code, 1);
  assert.match(
    address.error,
    /--bind 198\.51\.100\.7: .* is not an address of this machine, .*lo /,
  );
  const name = await run("tun9", ["resolve", `${home.publicKey}/pkg`]);
  assert.equal(name.code, 1);
  assert.match(name.error, /--bind tun9: this machine has no network interface tun9 .*lo 127/);
  for (const value of ["0.0.0.0", "1.2.3", "fe80::1", "a/b", ""]) {
    const { code, error } = await run(value);
    assert.equal(code, 2, value);
    assert.match(error, /--bind/, value);
  }
});
