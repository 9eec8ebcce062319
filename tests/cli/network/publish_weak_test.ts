/** Tests `libreseed publish` with few nodes, or without any, with child processes on a testnet. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { bencode } from "../../../src/bencode/mod.ts";
import { RawUdp } from "../../support/raw_udp.ts";
import { newPlace, together } from "../../support/place.ts";
import { unwillingNode } from "./unwilling_node.ts";

Deno.test("publish without an engine removes the archive that it prepared meanwhile", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const source = await place.source("hello", "1.0.0");
  using taken = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const { code, stderr } = await home.run(["publish", source, `--port=${port}`]);
  assert.equal(code, 6, stderr);
  assert.deepEqual([...Deno.readDirSync(join(home.path, "seed"))], []);
  // `publish` reports an error in the package even if no engine can start.
  const bad = await home.run(["publish", source, "--version=one"]);
  assert.equal(bad.code, 2, bad.stderr);
  assert.match(bad.stderr, /one/);
  assert.deepEqual(home.files(), []);
});

Deno.test("publish without a reachable node keeps the records for announce", async () => {
  await using place = await newPlace();
  const deaf: [env: Record<string, string>, why: RegExp][] = [
    [{ LIBRESEED_BOOTSTRAP: "none" }, /No node of the DHT is known/],
    // No process on this machine listens on port 9, so no bootstrap node answers.
    [{ LIBRESEED_BOOTSTRAP: "127.0.0.1:9" }, /No DHT node answered/],
    [{ LIBRESEED_DHT: "false" }, /DHT is off/],
  ];
  await together(deaf.map(async ([env, why]) => {
    const home = await place.home();
    const source = await place.source("later", "1.0.0");
    const { code, stdout, stderr } = await home.run(["publish", source], { env });
    assert.deepEqual([code, stdout], [5, ""], `${JSON.stringify(env)} ${stderr}`);
    assert.match(stderr, why);
    assert.match(stderr, /libreseed announce/);
    assert(home.files().includes("later-1.0.0.tgz"));
    await Deno.remove(`${home.path}/keys`, { recursive: true });
    const announced = await home.must(["announce", "later"]);
    assert.match(announced, /^later@1\.0\.0\tstored on [1-8] nodes/m);
    assert.match(announced, /^announce record\tstored on [1-8] nodes/m);
    assert.match(announced, /^name index of later\tstored on [1-8] nodes/m);
    assert.equal(home.holders("later", "1.0.0").length, 8);
    assert.equal(home.listHolders().length, 8);
  }));
  // One entry of the name index covers all versions. A version range is resolved with the
  // publisher's list.
  const stranger = await place.home(null);
  const listed = await stranger.run(["resolve", "later@^1", "--json"]);
  assert.equal(JSON.parse(listed.stdout).version, "1.0.0", listed.stderr);
});

Deno.test("a record on too few nodes is reported as weak", async () => {
  await using place = await newPlace({ nodes: 3 });
  await using unwilling = await unwillingNode(place.testnet.nodes);
  const home = await place.home();
  const source = await place.source("weak", "1.0.0");
  const env = { LIBRESEED_BOOTSTRAP: unwilling.address };
  const weak = await home.run(["publish", "--json", source], { env });
  assert.equal(weak.code, 0, weak.stderr);
  assert.match(weak.stderr, /"warning".* weak@1\.0\.0 is weak: 3 of 4 nodes hold it/);
  const { holding, weak: isWeak } = JSON.parse(weak.stdout);
  assert.deepEqual([holding, isWeak], [3, true]);
});

Deno.test("a record on all nodes of a small network is reported as weak, without failure", async () => {
  await using place = await newPlace({ nodes: 3 });
  const home = await place.home();
  const source = await place.source("small", "1.0.0");
  const published = await home.run(["publish", "--json", source]);
  assert.equal(published.code, 0, published.stderr);
  assert.match(
    published.stderr,
    /small@1\.0\.0 is weak: 3 of 3 nodes hold it, fewer than min-nodes/,
  );
  const { holding, weak } = JSON.parse(published.stdout);
  assert.deepEqual([holding, weak], [3, true]);

  const announced = await home.run(["announce", "--json"]);
  assert.equal(announced.code, 0, announced.stderr);
  for (const line of announced.stdout.trimEnd().split("\n")) {
    const { ok, outcome } = JSON.parse(line);
    assert.deepEqual([ok, outcome.weak, outcome.needsRetry], [true, true, false], line);
  }
  assert.match(await home.must(["announce", "small"]), /stored on 3 nodes \(0 new\), weak$/m);
  const minimal = join(home.seed, "small-1.0.0.minimal.json");
  assert.equal(JSON.parse(await home.must(["manifest", "put", "--json", minimal])).weak, true);

  await using _daemon = await home.daemon();
  const { records } = JSON.parse(await home.must(["status", "--json", "small"]));
  assert(records.length > 0);
  for (const { kind, weak, failures } of records) {
    assert.deepEqual([weak, failures], [true, 0], kind);
  }
  assert.match(await home.must(["status"]), /3 kept, .*weak/);
  assert.match(await home.must(["status", "small"]), /small@1\.0\.0: on 3 nodes, weak, /);
});

Deno.test("if no node answers, publish tries only the package's own record", async () => {
  await using place = await newPlace({ nodes: 1 });
  await using silent = await RawUdp.bind();
  const wanted = new Set<string>();
  silent.answer = (packet) => {
    const args = packet.get("a") as Map<string, Uint8Array>;
    const target = args.get("target");
    const isJoining = new TextDecoder().decode(packet.get("q") as Uint8Array) === "find_node";
    if (!isJoining && target) wanted.add(target.toHex());
    if (!isJoining) return undefined;
    const r = { id: silent.id, nodes: new Uint8Array() };
    return bencode({ t: packet.get("t") as Uint8Array, y: "r", r });
  };
  const home = await place.home();
  const { code, stderr } = await home.run(["publish", await place.source("a", "1.0.0")], {
    env: { LIBRESEED_BOOTSTRAP: `127.0.0.1:${silent.port}` },
  });
  assert.equal(code, 5, stderr);
  assert.deepEqual([...wanted], [home.target("a", "1.0.0")]);
  // The home keeps all three records, and announces them as soon as DHT nodes answer.
  await home.must(["announce"]);
  assert.equal(home.holders("a", "1.0.0").length, 1);
  assert.equal(home.listHolders().length, 1);
  assert.match(await home.must(["resolve", "--all", "a"]), /^ed25519:\S+ +1\.0\.0 /);
});
