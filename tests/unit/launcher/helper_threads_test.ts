import assert from "node:assert/strict";
import {
  helperPermissions,
  Helpers,
  maxHelpers,
  startHelper,
} from "../../../src/launcher/helper_threads.ts";
import type { HelperFiles } from "../../../src/launcher/mod.ts";
import { readThreadMessage } from "../../../src/launcher/thread_messages.ts";

const none: HelperFiles = { read: [], write: [] };
const realPaths: Record<string, string> = { "/": "/", "/both/link": "/read", "/both/out": "/etc" };

/**
 * Helpers of a command that may read `/read` and `/both`, and write `/both`. `/both/link` is a symbolic
 * link to `/read`, and `/both/out` one to `/etc`. No thread starts.
 */
class World {
  started: HelperFiles[] = [];
  ended = 0;
  deaths: [number, string][] = [];
  fails = Promise.withResolvers<string>();
  readonly helpers: Helpers = new Helpers(
    { read: ["/read", "/both"], write: ["/both"] },
    (id, why) => this.deaths.push([id, why]),
    {
      realPath: (path) => realPaths[path],
      start: (files, port) => {
        port.close();
        this.started.push(files);
        return { died: this.fails.promise, terminate: () => this.ended++ };
      },
    },
  );

  start(id: number, files: HelperFiles = none): void {
    this.helpers.start(id, files, new MessageChannel().port1);
  }
}

Deno.test("a helper may have files of the command's lists, and files in listed directories", () => {
  const { helpers, started, deaths, ...world } = new World();
  const given = [
    none,
    { read: ["/read", "/both/a"], write: ["/both/b/c"] },
  ];
  for (const [id, files] of given.entries()) {
    helpers.start(id, files, new MessageChannel().port1);
    helpers.end(id);
  }
  assert.deepEqual(started, given);
  assert.deepEqual(deaths, []);
  assert.equal(world.ended, 0);
});

Deno.test("a helper has a file behind a link by its real path, too, if the command has it there", () => {
  const { helpers, started, deaths } = new World();
  const read = ["/both/link/a", "/both/out/passwd"];
  helpers.start(1, { read, write: ["/both/link/a"] }, new MessageChannel().port1);
  assert.deepEqual(deaths, []);
  assert.deepEqual(started, [{ read: [...read, "/read/a"], write: ["/both/link/a"] }]);
});

Deno.test("a helper gets no file beyond the command's lists, however the path is written", () => {
  const paths = [
    ...["/", "/readable", "/rea", "/etc/passwd", "/both/../etc/passwd", "/both/..", "//read"],
    ...["/read/", "/read/./a", "/read//a", "read", ""],
  ];
  const world = new World();
  for (const path of paths) {
    world.start(1, { read: [path], write: [] });
    world.start(1, { read: [], write: [path] });
    world.start(1, { read: ["/read", path], write: ["/both"] });
  }
  world.start(1, { read: [], write: ["/read"] });
  assert.deepEqual(world.started, []);
  assert.equal(world.deaths.length, 3 * paths.length + 1);
  for (const [, why] of world.deaths) assert.match(why, /^This command may not have /);
});

Deno.test("no more helpers run than are useful, and an ended one makes room", () => {
  const world = new World();
  for (let id = 0; id < maxHelpers(); id++) world.start(id);
  world.start(100);
  assert.equal(world.started.length, maxHelpers());
  assert.match(world.deaths.map(String).join(), /^100,This command may not start another/);
  world.helpers.end(0);
  world.helpers.end(0);
  world.start(0);
  world.start(0);
  assert.equal(world.started.length, maxHelpers() + 1);
  assert.equal(world.ended, 1);
  assert.deepEqual([1, 2, 4, 64].map(maxHelpers), [1, 2, 4, 6]);
});

Deno.test("the command learns why a helper died, unless it has ended the helper", async () => {
  const world = new World();
  world.start(1);
  world.start(2);
  world.helpers.end(2);
  world.fails.resolve("it broke");
  await world.fails.promise;
  assert.deepEqual(world.deaths, [[1, "it broke"]]);
});

Deno.test("the late death of an ended helper does not hide a running one with the same id", async () => {
  const world = new World();
  const first = world.fails;
  for (let id = 0; id < maxHelpers(); id++) world.start(id);
  world.helpers.end(0);
  world.fails = Promise.withResolvers();
  world.start(0);
  first.resolve("it broke");
  await first.promise;
  assert.equal(world.deaths.some(([id]) => id === 0), false);
  world.fails.resolve("it broke, too");
  await world.fails.promise;
  assert.deepEqual(world.deaths.at(-1), [0, "it broke, too"]);
});

Deno.test("a helper has its files, and no other permission", () => {
  const nothing = { net: false, env: false, sys: false, run: false, ffi: false, import: false };
  assert.deepEqual(helperPermissions(none), { ...nothing, read: false, write: false });
  assert.deepEqual(helperPermissions({ read: ["/a", "/b"], write: ["/b"] }), {
    ...nothing,
    read: ["/a", "/b"],
    write: ["/b"],
  });
});

Deno.test("a helper that fails reports the reason", async () => {
  const { port1, port2 } = new MessageChannel();
  const { died, terminate } = startHelper(none, port2);
  try {
    port1.postMessage({ order: "compress", bytes: 7 });
    assert.match(await died, /TypeError/);
  } finally {
    terminate();
    port1.close();
  }
});

Deno.test("orders for helpers of any other form are refused", () => {
  const { port1: port, port2 } = new MessageChannel();
  const order = { kind: "start-helper", id: 1, files: none, port };
  assert.deepEqual(readThreadMessage(order), order);
  const others: unknown[] = [
    ...[{ port: undefined }, { port: {} }, { id: -1 }, { id: "1" }, { id: undefined }],
    ...[{ files: undefined }, { files: null }, { files: [] }, { files: { read: [] } }],
    ...[["a"], ["/a\0"], ["/a", "/b", "/c"], [{}], "/a", { length: 1, 0: "/a" }, [undefined]]
      .flatMap(
        (paths) => [{ files: { read: paths, write: [] } }, { files: { read: [], write: paths } }],
      ),
  ];
  for (const other of others) {
    assert.equal(readThreadMessage({ ...order, ...other as object }), undefined);
  }
  const end = { kind: "end-helper", id: 1 };
  assert.deepEqual(readThreadMessage(end), end);
  assert.equal(readThreadMessage({ kind: "end-helper" }), undefined);
  for (const one of [port, port2]) one.close();
});
