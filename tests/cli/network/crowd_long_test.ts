/** Tests many libreseed processes on one home: all of them share one engine and one UDP socket. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { freePort, udpSocketsOf } from "../../support/mod.ts";
import { eventually, newPlace, together } from "../../support/place.ts";

Deno.test("twenty concurrent commands share the daemon's UDP socket, and all succeed", async () => {
  await using place = await newPlace();
  const [home, other] = [await place.home(), await place.home()];
  await other.must(["publish", "-q", await place.source("far", "1.0.0")]);
  await using daemon = await home.daemon(["--port", `${await freePort()}`]);
  await home.must(["publish", "-q", await place.source("near", "1.0.0")]);
  const sources = await together([1, 2, 3, 4].map((n) => place.source(`p${n}`, "1.0.0")));
  const commands = [
    ...sources.map((source) => ["publish", source]),
    ...Array.from({ length: 4 }, () => ["announce", "near"]),
    ...Array.from({ length: 4 }, () => ["resolve", `${other.publicKey}/far@1.0.0`]),
    ...Array.from({ length: 3 }, () => ["manifest", "get", "near@1.0.0"]),
    ...Array.from({ length: 3 }, () => ["get", "near@1.0.0"]),
    ["list"],
    ["status"],
  ];
  assert.equal(commands.length, 20);
  const running = commands.map((args) => home.spawn(args));
  try {
    const sockets = new Set<string>();
    let ended = false;
    const results = together(running.map(({ result }) => result)).finally(() => ended = true);
    while (!ended) {
      for (const [index, { pid }] of running.entries()) {
        // A process that has ended has no open sockets.
        const found = await udpSocketsOf(pid).catch(() => []);
        for (const { address, port } of found) {
          sockets.add(`${commands[index]!.join(" ")}: UDP ${address}:${port}`);
        }
      }
      assert.deepEqual(await udpSocketsOf(daemon.process.pid), [{
        address: "0.0.0.0",
        port: daemon.port,
      }]);
    }
    for (const [index, { code, stderr }] of (await results).entries()) {
      assert.equal(code, 0, `${commands[index]}: ${stderr}`);
    }
    assert.deepEqual([...sockets], [], running.map(({ stderr }) => stderr).join(""));
  } finally {
    await together(running.map((process) => process[Symbol.asyncDispose]()));
  }
  await daemon.end();
});

Deno.test("concurrent commands without a daemon share an engine or wait for the port", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const env = { LIBRESEED_PORT: `${await freePort()}` };
  const sources = await together(
    ["a", "b", "c", "d"].map((name) => place.source(name, "1.0.0")),
  );
  const results = await together(
    sources.map((source) => home.run(["publish", source], { env })),
  );
  for (const { code, stderr } of results) {
    assert.equal(code, 0, stderr);
    assert(!/EADDRINUSE|taken|in use/.test(stderr), stderr);
  }
  for (const name of ["a", "b", "c", "d"]) assert.equal(home.holders(name, "1.0.0").length, 8);
  const listed = (await home.must(["list"])).trimEnd().split("\n").map((line) =>
    line.split(" ")[0]
  );
  assert.deepEqual(listed, ["a@1.0.0", "b@1.0.0", "c@1.0.0", "d@1.0.0"]);
  // The publisher's list contains all published packages.
  for (const name of ["a", "b", "c", "d"]) await home.must(["resolve", name]);
});

Deno.test("commands that publish through a daemon succeed when the daemon is killed", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const sources = await together(
    ["a", "b", "c"].map((name) => place.source(name, "1.0.0", name.repeat(100_000))),
  );
  {
    await using daemon = await home.daemon();
    const publishing = sources.map((source) => home.spawn(["publish", "-v", source]));
    try {
      await publishing[0]!.waitForLine(/^packing /, "stderr");
      daemon.process.kill("SIGKILL");
      for (const { code, stdout, stderr } of await together(publishing.map((one) => one.result))) {
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^[abc]@1\.0\.0\tmagnet:/);
        assert(!stderr.includes("UNEXPECTED"), stderr);
      }
    } finally {
      await together(publishing.map((one) => one[Symbol.asyncDispose]()));
    }
  }
  for (const name of ["a", "b", "c"]) assert.equal(home.holders(name, "1.0.0").length, 8);
  await using daemon = await home.daemon();
  await eventually(async () => JSON.parse(await home.must(["status", "--json"])).packages === 3);
  await daemon.end();
});

Deno.test("a new daemon takes over the control socket of a killed one", async () => {
  await using place = await newPlace({ nodes: 1 });
  const home = await place.home(null);
  {
    await using daemon = await home.daemon();
    daemon.process.kill("SIGKILL");
    await daemon.process.result;
  }
  assert(existsSync(join(home.path, "control.sock")));
  const { code, stderr } = await home.run(["status"]);
  assert.equal(code, 3, stderr);
  await using daemon = await home.daemon();
  assert.equal(JSON.parse(await home.must(["status", "--json"])).pid, daemon.process.pid);
  await daemon.end();
});
