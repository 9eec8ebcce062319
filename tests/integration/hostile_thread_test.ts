/** Tests the launcher against a command thread that a stranger has taken over. */

import assert from "node:assert/strict";
import { maxHelpers } from "../../src/launcher/helper_threads.ts";
import { temporaryHome } from "../support/mod.ts";
import { spawnHostileThread } from "../support/hostile_thread.ts";

const onPosix = { ignore: Deno.build.os === "windows" };

/** Runs hostile code to its end. */
async function run(code: string) {
  await using thread = spawnHostileThread(code);
  return await thread.result;
}

Deno.test("a message of no known form ends the program with one line and exit code 1", async () => {
  const messages = [
    ...["null", "undefined", "7", "'exit'", "[]", "{}", "{ kind: 'hear' }", "{ kind: ['exit'] }"],
    ...["{ kind: 'exit' }", "{ kind: 'exit', code: 256 }", "{ kind: 'exit', code: -1 }"],
    ...["{ kind: 'exit', code: '0' }", "{ kind: 'exit', code: 0.5 }", "{ kind: 'exit', code: {} }"],
    ...["{ kind: 'request' }", "{ kind: 'request', id: {} }", "{ kind: 'start-engine' }"],
    ...["{ kind: 'start-engine', port: {} }", "new Map([['kind', 'exit']])"],
    ...["{ kind: 'start-helper', id: 1 }", "{ kind: 'end-helper', id: '1' }"],
  ];
  const results = await Promise.all(messages.map((message) => run(`postMessage(${message})`)));
  for (const [index, { code, stderr }] of results.entries()) {
    assert.equal(code, 1, messages[index]);
    assert.match(stderr, /^error: the command failed unexpectedly: [^\n]+\n$/, messages[index]);
  }
});

Deno.test("names of inherited members, and arguments of other types, are refused", async () => {
  const { code, stdout } = await run(`
    const results = await Promise.all([
      ask("constructor", { a: 1 }), ask("toString"), ask("__proto__"), ask("startEngine"), ask(7),
      ask("hasOwnProperty", "sign"), ask({}), ask("describe"), ask("describe", ["/home/of/the/user"]),
      ask("describe", "/home/of/the/user\\0"), ask("describe", "home"), ask("describe", {}),
      ask("describe", "/home/of/the/user", 1), ask("publicKey"), ask("publicKey", undefined),
      ask("sign", undefined, { kind: "record" }), ask("sign", "/k", null), ask("createKey"),
      ask("findPortOwner", "6881 or sport = :22"), ask("findPortOwner", 22), ask("findPortOwner", NaN),
      ask("findPortOwner", [6881]), ask("makeLink", "/x", "/y"), ask("placeFile", {}, {}),
      ask("examineHome", "/home/of/the/user", "/home/of/the/user"),
    ]);
    postMessage({ kind: "request", id: ++last, name: "settle", args: { length: 1e9 } });
    print(results.map(({ error, value }) => error?.code ?? value));
    print(await ask("describe", "/home/of/the/user"));
    exit(7);
  `);
  assert.equal(code, 7);
  const [codes, described] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(codes.length, 25);
  assert.deepEqual(
    codes.filter((one: unknown) => !/^(LINK_|PLACE_)?NOT_GRANTED$/.test(String(one))),
    [],
  );
  assert.deepEqual(described.value, ["/home/of/the/user"]);
});

Deno.test("requests that wait without an end end the program", async () => {
  const { code, stderr } = await run(`
    for (let id = 0; id < 20_000; id++) {
      postMessage({ kind: "request", id, name: "findPortOwner", args: [6881] });
    }
  `);
  assert.equal(code, 1);
  assert.match(stderr, /requests without an end/);
});

Deno.test("a second engine is not started while the first one is being started", async () => {
  const { stdout } = await run(`
    for (let count = 0; count < 5; count++) {
      const { port1 } = new MessageChannel();
      postMessage({ kind: "start-engine", port: port1 }, [port1]);
    }
    await ask("settle");
    exit(0);
  `);
  assert.deepEqual(stdout.match(/^engine \d$/gm), ["engine 1"]);
});

Deno.test("a helper gets only files of the command, and the number of helpers is bounded", async () => {
  await using place = await temporaryHome();
  await Deno.writeFile(`${place.path}/read`, new Uint8Array(20 << 20));
  await Deno.writeFile(`${place.path}/other`, new Uint8Array(20 << 20));
  await using thread = spawnHostileThread(
    `
    const helper = (read, write = []) => {
      const { port1, port2 } = new MessageChannel();
      postMessage({ kind: "start-helper", id: ++last, files: { read, write }, port: port2 }, [port2]);
      return { id: last, port: port1 };
    };
    for (const path of ["/etc/passwd", place, place + "/other", place + "/read/../other"]) {
      helper([path]);
      helper([place + "/both", path], [place + "/both"]);
      helper([], [path]);
    }
    helper([], [place + "/read"]);
    await ask("settle");
    print(deaths.map(({ why }) => /may not have/.test(why)));
    deaths.length = 0;
    const many = Array.from({ length: 20 }, () => helper([]));
    await ask("settle");
    print(20 - deaths.length);
    const failed = new Set(deaths.map(({ id }) => id));
    deaths.length = 0;
    const [{ port }] = many.filter(({ id }) => !failed.has(id));
    const [input, output] = [new Uint8Array(100), new Uint8Array(4096)];
    const answered = new Promise((resolve) => port.onmessage = ({ data }) => resolve(data));
    port.postMessage({ order: "compress", input, ends: [100], output }, [input.buffer, output.buffer]);
    print((await answered).members.lengths[0] > 0);
    const shared = new SharedArrayBuffer(4096);
    const mark = { dev: 0, ino: 0, size: 20 << 20, mtime: null, ctime: null };
    port.postMessage({
      order: "pass",
      part: "whole",
      plan: {
        source: { path: place + "/other", mark },
        lengthBytes: 20 << 20,
        sha256: new Uint8Array(new SharedArrayBuffer(32)),
        shared,
      },
    });
    print((await new Promise((resolve) => port.onmessage = ({ data }) => resolve(data))).stopped.failure.message);
    exit(7);
  `,
    place.path,
  );
  const { code, stdout, stderr } = await thread.result;
  assert.equal(code, 7, stderr);
  const [refused, started, compressed, message] = stdout.trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assert.deepEqual(refused, Array(13).fill(true));
  assert.equal(started, maxHelpers());
  assert.equal(compressed, true);
  assert.match(message, /Requires read access/);
});

Deno.test("nothing about the machine is told after the command has settled", async () => {
  const { stdout } = await run(`
    print((await ask("networkAddresses")).error ?? "told");
    await ask("settle");
    print((await ask("networkAddresses")).error.code);
    print((await ask("findPortOwner", 6881)).error.code);
    exit(0);
  `);
  assert.deepEqual(stdout.trim().split("\n"), ['"told"', '"NOT_GRANTED"', '"NOT_GRANTED"']);
});

Deno.test({
  ...onPosix,
  name: "a thread that asks for signals many times hears each once, and the second one ends it",
  async fn() {
    await using thread = spawnHostileThread(`
      for (let count = 0; count < 100; count++) {
        postMessage({ kind: "hear", what: "end" });
        postMessage({ kind: "hear", what: "hang-up" });
      }
      await ask("settle");
      print("ready");
      setInterval(() => postMessage({ kind: "heard" }), 10);
    `);
    await thread.waitForLine(/ready/);
    Deno.kill(thread.pid, "SIGHUP");
    await thread.waitForLine(/hang-up/);
    Deno.kill(thread.pid, "SIGINT");
    await thread.waitForLine(/signal/);
    assert.deepEqual(thread.stdout.trim().split("\n"), ['"ready"', '"hang-up"', '"signal"']);
    Deno.kill(thread.pid, "SIGTERM");
    assert.equal((await thread.result).code, 143);
  },
});

Deno.test({
  ...onPosix,
  name: "a thread that floods the launcher with messages is ended by the second signal",
  async fn() {
    await using thread = spawnHostileThread(`
      postMessage({ kind: "hear", what: "end" });
      await ask("settle");
      print("ready");
      for (;;) {
        for (let count = 0; count < 100; count++) postMessage({ kind: "heard" });
        await new Promise((resolve) => setTimeout(resolve));
      }
    `);
    await thread.waitForLine(/ready/);
    Deno.kill(thread.pid, "SIGINT");
    await thread.waitForLine(/signal/);
    Deno.kill(thread.pid, "SIGINT");
    assert.equal((await thread.result).code, 130);
  },
});

Deno.test({
  ...onPosix,
  name: "a thread that has heard the signal and does not end is ended after a time",
  async fn() {
    for (const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
      await using thread = spawnHostileThread(
        `
        postMessage({ kind: "heard" });
        postMessage({ kind: "hear", what: "end" });
        await ask("settle");
        print("ready");
        setInterval(() => postMessage({ kind: "heard" }), 10);
      `,
        undefined,
        500,
      );
      await thread.waitForLine(/ready/);
      Deno.kill(thread.pid, signal);
      const { code, stderr } = await thread.result;
      assert.equal(code, expected);
      assert.equal(stderr, `error: the command did not end within 60 s of ${signal}\n`);
    }
  },
});
