/**
 * Tests the operations that observe and steer a daemon, with real daemons over their control sockets and
 * without an HTTP server.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../src/base/mod.ts";
import { connectControl } from "../../../src/control/client.ts";
import type { Operations, WatchEvent, WatchKind } from "../../../src/control/mod.ts";
import { parsePublicKey } from "../../../src/identity/mod.ts";
import { eventually, type Home, newPlace } from "../../support/place.ts";
import { failure } from "./control_place.ts";

/** Calls the daemon of a home by its control socket. */
async function connected(home: Home): Promise<{ daemon: Operations } & Disposable> {
  const found = await connectControl(home.path, { clock: systemClock });
  assert.ok(found);
  return { daemon: found.client.operations, [Symbol.dispose]: () => found.client.close() };
}

/** Watches a daemon until the test ends it. */
function watching(daemon: Operations, kinds?: WatchKind[]) {
  const aborting = new AbortController();
  const events: WatchEvent[] = [];
  const ended = daemon.watch({ kinds }, {
    signal: aborting.signal,
    onEvent: (event) => events.push(event),
  });
  const settled = ended.then(() => "ended", (error) => error);
  return {
    ...{ events, settled },
    async [Symbol.asyncDispose]() {
      aborting.abort();
      await settled;
    },
  };
}

Deno.test("a daemon tells its problems, space, log and reachability", async () => {
  await using place = await newPlace();
  const home = await place.home();
  await home.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  await Deno.writeTextFile(join(home.seed, "broken-1.0.0.tgz"), "no archive");
  await using _daemon = await home.daemon(["--max-disk", "1GiB"]);
  using control = await connected(home);
  const { daemon } = control;
  await eventually(async () => {
    const { problems, disk, reachability } = await daemon.overview();
    const broken = problems.find(({ about }) => about === "package");
    if (!broken) return false;
    assert.equal(broken.severity, "error");
    assert.match(broken.text, /broken-1\.0\.0/);
    const archive = join(home.seed, "pkg-1.0.0.tgz");
    assert.ok(disk.usedBytes >= (await Deno.stat(archive)).size);
    assert.ok(disk.freeBytes! > 0);
    assert.equal(disk.maxBytes, 1 << 30);
    assert.ok(["yes", "no", "unknown"].includes(reachability.reachable));
    assert.ok(reachability.text.length > 10);
    return true;
  });
  const logs = await daemon.logs({});
  const line = logs.lines.find(({ message }) => message.includes("broken-1.0.0"));
  assert.equal(line?.level, "warn");
  assert.equal(logs.lastSeq, logs.lines.at(-1)!.seq);
  assert.deepEqual((await daemon.logs({ after: logs.lastSeq })).lines, []);
  assert.ok(logs.lines.every(({ level }) => level !== "debug"));
  const history = await daemon.history();
  assert.equal(history.stepMs, 60_000);
  assert.equal(history.peers.length, history.residentBytes.length);
});

Deno.test("events tell rates, new packages, records, downloads, problems and lines of the log", async () => {
  await using place = await newPlace();
  const [home, other] = [await place.home(), await place.home()];
  await other.must(["publish", "-q", await place.source("far", "2.0.0", "far\n".repeat(9_000))]);
  await using _other = await other.daemon();
  const daemon = await home.daemon();
  await using _daemon = daemon;
  using control = await connected(home);
  await using all = watching(control.daemon);
  const seen = (kind: WatchKind) => all.events.filter((event) => event.kind === kind);
  await eventually(() => Promise.resolve(seen("rates").length >= 2));
  // On a busy machine the nodes of the testnet may be silent at first, which is a problem for a while.
  const problems = () =>
    all.events.flatMap((event) => event.kind === "problems" ? [event.problems] : []);
  await eventually(() => Promise.resolve(problems().some((listed) => listed.length === 0)));
  await home.must(["publish", "-q", await place.source("pkg", "1.0.0")]);
  await eventually(() => Promise.resolve(seen("packages").length > 0));
  await eventually(() => Promise.resolve(seen("records").length > 0));
  await home.must(["get", `${other.publicKey}/far@2.0.0`]);
  await eventually(() =>
    Promise.resolve(all.events.some((event) => event.kind === "progress" && event.done))
  );
  const end = all.events.findLast((event) => event.kind === "progress");
  assert.equal(end?.label, "far@2.0.0");
  assert.equal(end?.error, undefined);
  assert.equal(end?.downloadedBytes, end?.lengthBytes);
  await Deno.writeTextFile(join(home.seed, "broken-1.0.0.tgz"), "no archive");
  await eventually(() => Promise.resolve(seen("log").length > 0));
  await eventually(() =>
    Promise.resolve(problems().some((listed) => listed.some(({ about }) => about !== "dht")))
  );
  // An open watcher does not keep the daemon from ending, and ends with it.
  await daemon.end();
  assert.equal(await all.settled, "ended");
});

Deno.test("a daemon follows and unfollows, and names publishers and pins", async () => {
  await using place = await newPlace();
  const [home, other] = [await place.home(), await place.home()];
  await other.must(["publish", "-q", await place.source("a", "1.0.0")]);
  await other.must(["publish", "-q", await place.source("b", "1.0.0")]);
  await using _other = await other.daemon();
  await home.must(["publish", "-q", await place.source("mine", "1.0.0")]);
  await using _daemon = await home.daemon(["--mirror"]);
  using control = await connected(home);
  const { daemon } = control;
  const publicKey = parsePublicKey(other.publicKey);
  const key = { publicKey };
  assert.deepEqual(await daemon.follow({ ...key, name: "a", range: "^1" }), {
    ...{ publisher: other.publicKey, name: "a", range: "^1", packages: 1 },
  });
  const none = await daemon.follow({ ...key, name: "c" });
  assert.equal(none.packages, 0);
  assert.match(none.warning!, /lists no version of c/);
  await eventually(async () => (await daemon.list()).some(({ name }) => name === "a"));
  const [own, followed] = await daemon.publishers();
  assert.deepEqual(own, {
    ...{ publisher: home.publicKey, own: true, follows: [], listed: 1, seeded: 1 },
    ...{ mirrored: false, keys: [home.publicKey], ended: [], revoked: [] },
  });
  assert.deepEqual(
    [followed!.publisher, followed!.own, followed!.mirrored, followed!.listed, followed!.seeded],
    [other.publicKey, false, true, 1, 1],
  );
  assert.deepEqual(followed!.follows.map(({ name, range }) => [name, range]), [
    ["a", "^1"],
    ["c", undefined],
  ]);
  assert.ok(followed!.checkedMs! > 0);
  const [pin] = await daemon.names();
  assert.deepEqual([pin!.name, pin!.publisher, pin!.byHand], ["mine", home.publicKey, false]);
  // The commands of the same home see what the daemon follows.
  assert.match(await home.must(["following"]), /\/a@\^1\t1 version/);
  assert.equal((await daemon.unfollow({ ...key, name: "a", range: "^1" })).packages, 1);
  const missing = await failure(daemon.unfollow({ ...key, name: "a" }));
  assert.deepEqual([missing.kind, missing.code], ["not-found", "NOT_FOLLOWED"]);
  assert.match(missing.message, /but .*\/c$/);
  const bad = await failure(daemon.follow({ ...key, range: "^1" }));
  assert.deepEqual([bad.kind, bad.code], ["usage", "RANGE_WITHOUT_NAME"]);
  assert.equal((await failure(daemon.follow({ ...key, name: "A B" }))).code, "NAME_INVALID");
  assert.equal(
    (await failure(daemon.follow({ ...key, name: "a", range: "^^" }))).code,
    "SPEC_INVALID",
  );
});

Deno.test("a publisher that cannot be read now is followed all the same", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const stranger = await place.home();
  await using _daemon = await home.daemon();
  using control = await connected(home);
  const followed = await control.daemon.follow({ publicKey: parsePublicKey(stranger.publicKey) });
  assert.equal(followed.packages, 0);
  assert.match(followed.warning!, /The publisher is followed; the daemon will try again$/);
  assert.equal((await control.daemon.publishers())[1]!.publisher, stranger.publicKey);
});

Deno.test("a host that is no daemon has no log and no day, and tells the rest", async () => {
  await using place = await newPlace();
  const home = await place.home();
  const source = await place.source("pkg", "1.0.0");
  const host = home.spawn(["publish", source, "--seed-for", "1h"]);
  await using _host = host;
  await host.waitForLine(/seeding for/);
  using control = await connected(home);
  const { daemon } = control;
  assert.equal((await daemon.status()).daemon, false);
  assert.deepEqual(await daemon.logs({}), { lines: [], lastSeq: 0 });
  assert.deepEqual((await daemon.history()).peers, []);
  assert.equal((await daemon.overview()).disk.usedBytes > 0, true);
  await using events = watching(daemon, ["rates"]);
  await eventually(() => Promise.resolve(events.events.length >= 2));
  const off = await failure(daemon.publish({ fileName: ".tmp-x" }));
  assert.deepEqual([off.kind, off.code], ["usage", "PUBLISH_OFF"]);
  host.kill("SIGTERM");
  await host.result;
  assert.equal(await events.settled, "ended");
});
