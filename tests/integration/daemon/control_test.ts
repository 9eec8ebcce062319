/**
 * Tests the control socket from the server's and the client's side, including clients that violate
 * the protocol.
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemClock, toBase64 } from "../../../src/base/mod.ts";
import { connectControl } from "../../../src/control/client.ts";
import { ControlError } from "../../../src/control/errors.ts";
import { homePaths } from "../../../src/control/mod.ts";
import {
  type CallOptions,
  operationNames,
  type Operations,
} from "../../../src/control/operations.ts";
import { MAX_REQUEST_BYTES } from "../../../src/control/request.ts";
import { serveControl } from "../../../src/control/server.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { temporaryHome } from "../../support/mod.ts";
import { failure, raw, served, status } from "./control_place.ts";
import { whenAborted } from "../../support/aborts.ts";

Deno.test("the socket has mode 0600, and status and list answer GET", async () => {
  await using control = await served({ list: () => Promise.resolve([]) });
  assert.equal((await Deno.stat(control.path)).mode! & 0o777, 0o600);
  const got = await control.ask("GET", "/v1/status");
  assert.deepEqual([got.status, JSON.parse(got.text)], [200, status]);
  assert.equal((await control.ask("GET", "/v1/list")).text, "[]");
  const posted = await control.ask("POST", "/v1/status", "{}");
  assert.deepEqual(posted.lines.map((line) => JSON.parse(line)), [{ result: status }]);
  assert.deepEqual(JSON.parse((await control.ask("POST", "/v1/status")).text), { result: status });
});

Deno.test("an invalid request is answered with its error, and calls no operation", async () => {
  const done: string[] = [];
  const doing = Object.fromEntries(
    operationNames.map((name) => [name, () => Promise.resolve(void done.push(name))]),
  );
  await using control = await served(doing);
  const key = toBase64(new Uint8Array(32).fill(0xab));
  const item = toBase64(new Uint8Array(104));
  const requests: [string, string, string | undefined, number, RegExp][] = [
    ["GET", "/", undefined, 404, /There is no \/ here/],
    ["POST", "/v1/", "{}", 404, /There is no/],
    ["POST", "/v1/destroy", "{}", 404, /\/v1\/destroy/],
    ["POST", "/v1/constructor", "{}", 404, /constructor/],
    ["POST", "/v1/__proto__", "{}", 404, /__proto__/],
    ["POST", "/v2/status", "{}", 404, /\/v2\/status/],
    ["GET", "/v1/stop", undefined, 405, /takes POST, not GET/],
    ["DELETE", "/v1/remove", undefined, 405, /not DELETE/],
    ["POST", "/v1/stop", "no json", 400, /"stop" is not JSON/],
    ["POST", "/v1/stop", '{"now":', 400, /is not JSON/],
    ["POST", "/v1/stop", "[]", 400, /is not valid/],
    ["POST", "/v1/stop", "null", 400, /is not valid/],
    ["POST", "/v1/stop", '{"now":true}', 400, /at "now": there is no such member/],
    ["POST", "/v1/add", "{}", 400, /at "fileName": it is missing/],
    ["POST", "/v1/add", '{"fileName":""}', 400, /at "fileName"/],
    ["POST", "/v1/add", `{"fileName":"${"x".repeat(257)}"}`, 400, /at "fileName"/],
    ["POST", "/v1/remove", '{"name":1,"version":"1.0.0"}', 400, /at "name"/],
    ["POST", "/v1/lookUp", `{"publicKey":"${key}","salt":"x"}`, 400, /at "salt"/],
    ["POST", "/v1/lookUp", `{"publicKey":"${key.slice(4)}","salt":""}`, 400, /at "publicKey"/],
    ["POST", "/v1/lookUp", `{"publicKey":"${"ab".repeat(32)}","salt":""}`, 400, /at "publicKey"/],
    ["POST", "/v1/lookUp", `{"publicKey":"${key}","salt":"${key.repeat(3)}"}`, 400, /at "salt"/],
    ["POST", "/v1/store", `{"item":"${item}","record":{"kind":"other"}}`, 400, /at "item"/],
    ["POST", "/v1/store", `{"item":{"seq":1},"record":{"kind":"other"}}`, 400, /at "item"/],
    ["POST", "/v1/announce", '{"packages":[{"name":"a"},{}]}', 400, /at "packages\.1\.name"/],
    ["POST", "/v1/announce", '{"packages":{"length":1}}', 400, /at "packages"/],
    [
      "POST",
      "/v1/download",
      `{"infoHash":"${"0".repeat(40)}","maxBytes":-1}`,
      400,
      /at "maxBytes"/,
    ],
    [
      "POST",
      "/v1/download",
      `{"infoHash":"${"0".repeat(40)}","maxBytes":1.5}`,
      400,
      /at "maxBytes"/,
    ],
  ];
  for (const [method, path, body, expected, message] of requests) {
    const answer = await control.ask(method, path, body);
    assert.equal(answer.status, expected, `${method} ${path} ${body}: ${answer.text}`);
    const { error } = JSON.parse(answer.text);
    assert.deepEqual([error.kind, error.code], ["usage", "CONTROL_REQUEST"]);
    assert.match(error.message, message);
  }
  assert.deepEqual(done, []);
  assert.equal((await control.ask("POST", "/v1/stop", "{}")).text, '{"result":null}\n');
  assert.deepEqual(done, ["stop"]);
});

Deno.test("the socket appears with mode 0600 whatever the umask is", async () => {
  await using home = await temporaryHome();
  await Deno.chmod(home.path, 0o777);
  const { control } = homePaths(home.path);
  // The test leaves a socket file and a temporary directory, as a killed process would. The server
  // replaces both.
  await Deno.writeTextFile(control, "");
  await Deno.mkdir(join(home.path, ".bind", "s"), { recursive: true });
  const events: string[] = [];
  const watcher = Deno.watchFs(home.path, { recursive: false });
  const before = Deno.umask(0);
  try {
    const server = await serveControl(control, {} as Operations, new FakeClock());
    assert.equal((await Deno.stat(control)).mode! & 0o777, 0o600);
    assert.deepEqual([...Deno.readDirSync(home.path)].map(({ name }) => name), ["control.sock"]);
    for await (const { kind, paths } of watcher) {
      if (paths.includes(control)) events.push(kind);
      if (kind === "rename") break;
    }
    await server.close();
  } finally {
    Deno.umask(before);
    watcher.close();
  }
  // The socket appears by a rename from a private directory, so the socket has its final
  // permissions from the start.
  assert.deepEqual(events, ["rename"]);
  assert.deepEqual([...Deno.readDirSync(home.path)], []);
});

Deno.test("a request above the size limit is refused, one at the limit is read", async () => {
  await using control = await served();
  const fits = `{${" ".repeat(MAX_REQUEST_BYTES - 2)}}`;
  assert.equal((await control.ask("POST", "/v1/status", fits)).status, 200);
  const answer = await control.ask("POST", "/v1/status", `${fits} `);
  assert.equal(answer.status, 400);
  assert.match(JSON.parse(answer.text).error.message, /longer than 1048576 bytes/);
  assert.equal((await control.ask("GET", "/v1/status")).status, 200);
});

Deno.test("an incomplete request times out and does not delay others", async () => {
  await using control = await served();
  using slow = await raw(control.path);
  await slow.say("POST /v1/status HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{");
  while (control.clock.timers === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal((await control.ask("POST", "/v1/status")).status, 200);
  await control.clock.advance(10_000);
  const heard = await slow.hear(/\}\}$/);
  assert.match(heard, /^HTTP\/1\.1 400 /);
  assert(heard.includes("did not arrive completely"), heard);
});

Deno.test("clients that stop within the headers delay neither other requests nor close", async () => {
  await using control = await served();
  using ends = new DisposableStack();
  for (let n = 0; n < 100; n++) {
    const stuck = ends.use(await raw(control.path));
    await stuck.say(["", "POST /v1/st", "POST /v1/status HTTP/1.1\r\nhost: x\r\n"][n % 3]!);
  }
  assert.equal((await control.ask("POST", "/v1/status")).status, 200);
  control.server.drain();
  const closed = control.server.close();
  // Deno's server may wait for open connections. The control server waits one second at most.
  await control.clock.advance(1_000);
  await closed;
  assert(!existsSync(control.path));
});

Deno.test("the server survives noise and early disconnects", async () => {
  await using control = await served();
  for (
    const text of ["\0\xff\xfe", "GET", "POST /v1/stop HTTP/1.1\r\ncontent-length: 5\r\n\r\n{}", ""]
  ) {
    using visitor = await raw(control.path);
    await visitor.say(text);
  }
  const noisy = await raw(control.path);
  await noisy.say("HELLO\r\n\r\n");
  assert.match(await noisy.hear(), /^HTTP\/1\.1 400 /);
  noisy.close();
  assert.equal((await control.ask("GET", "/v1/status")).status, 200);
});

Deno.test("a client gets events, then the result, or the error with its code and detail", async () => {
  await using control = await served({
    announce: (_request, { onEvent } = {}) => {
      onEvent?.({ kind: "manifest", target: "a" });
      onEvent?.({ kind: "manifest", target: "b" });
      return Promise.resolve([]);
    },
    add: () =>
      Promise.reject(new ControlError("not-found", "GONE", "no such thing", { detail: { x: 1 } })),
    stop: () => Promise.reject(new TypeError("oops")),
  });
  const { client } = (await connectControl(control.home, { clock: systemClock }))!;
  try {
    const events: string[] = [];
    const onEvent = ({ target }: { target: string }) => events.push(target);
    assert.deepEqual(await client.operations.announce({ packages: [] }, { onEvent }), []);
    assert.deepEqual(events, ["a", "b"]);
    const gone = await failure(client.operations.add({ fileName: "x.tgz" }));
    assert.deepEqual([gone.kind, gone.code, gone.message, gone.detail], [
      ...["not-found", "GONE", "no such thing", { x: 1 }],
    ]);
    assert.equal((await failure(client.operations.stop())).message, "oops");
    const wrong = await failure(client.operations.add({ fileName: "" }));
    assert.deepEqual([wrong.kind, wrong.code], ["usage", "CONTROL_REQUEST"]);
  } finally {
    client.close();
  }
});

Deno.test("an operation is aborted when its client disconnects", async () => {
  const begun = Promise.withResolvers<AbortSignal>();
  await using control = await served({
    announce: (_request, { signal, onEvent }: CallOptions<never> = {}) => {
      onEvent?.({} as never);
      begun.resolve(signal!);
      return new Promise((_, reject) => whenAborted(signal, () => reject(signal!.reason)));
    },
  });
  const { client } = (await connectControl(control.home, { clock: systemClock }))!;
  const end = new AbortController();
  const result = client.operations.announce({ packages: [] }, { signal: end.signal });
  result.catch(() => {});
  const signal = await begun.promise;
  assert.equal(signal.aborted, false);
  end.abort(new Error("changed my mind"));
  await assert.rejects(result, /changed my mind/);
  await new Promise<void>((resolve) => whenAborted(signal, resolve));
  client.close();
});

Deno.test("drain answers running requests and accepts no new ones", async () => {
  const finish = Promise.withResolvers<[]>();
  const begun = Promise.withResolvers<void>();
  await using control = await served({
    announce: () => {
      begun.resolve();
      return finish.promise;
    },
  });
  const { client } = (await connectControl(control.home, { clock: systemClock }))!;
  const result = client.operations.announce({ packages: [] });
  await begun.promise;
  const drained = control.server.drain();
  assert.equal(await connectControl(control.home, { clock: systemClock }), undefined);
  finish.resolve([]);
  assert.deepEqual(await result, []);
  client.close();
  await drained;
  await control.server.close();
  assert(!existsSync(control.path));
});

Deno.test("close after a slow drain aborts the remaining requests", async () => {
  const begun = Promise.withResolvers<AbortSignal>();
  await using control = await served({
    announce: (_request, { signal, onEvent }: CallOptions<never> = {}) => {
      onEvent?.({} as never);
      begun.resolve(signal!);
      return new Promise(() => {});
    },
  });
  const { client } = (await connectControl(control.home, { clock: systemClock }))!;
  const result = client.operations.announce({ packages: [] });
  result.catch(() => {});
  const signal = await begun.promise;
  using half = await raw(control.path);
  await half.say("POST /v1/status HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{");
  while (control.clock.timers === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  control.server.drain();
  // The server waits for the client that sent half a request and stays connected, but only for a
  // second.
  const closed = control.server.close();
  await control.clock.advance(1_000);
  await closed;
  assert.equal((await failure(result)).code, "CONTROL_UNREACHABLE");
  assert(signal.aborted);
  assert(!existsSync(control.path));
  client.close();
});

Deno.test("close does not wait for endless operations, whose clients get CONTROL_UNREACHABLE", async () => {
  const begun = Promise.withResolvers<void>();
  await using control = await served({
    announce: () => {
      begun.resolve();
      return new Promise(() => {});
    },
  });
  const { client } = (await connectControl(control.home, { clock: systemClock }))!;
  const result = client.operations.announce({ packages: [] });
  result.catch(() => {});
  await begun.promise;
  await control.server.close();
  assert.equal((await failure(result)).code, "CONTROL_UNREACHABLE");
  client.close();
});

Deno.test("events wait for a client that does not read only up to a limit, the result longer", async () => {
  const told = Promise.withResolvers<void>();
  await using host = await served({
    watch: (_request, { onEvent } = {}) => {
      const line = { seq: 1, timeMs: 0, level: "info", message: "x".repeat(1_000) } as const;
      for (let sent = 0; sent < 10_000; sent++) onEvent?.({ kind: "log", line });
      told.resolve();
      return Promise.resolve();
    },
  });
  using client = await raw(host.path);
  await client.say(
    "POST /v1/watch HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}",
  );
  await told.promise;
  const heard = await client.hear();
  const events = heard.match(/"kind":"log"/g)!.length;
  assert(events > 900 && events < 1_200, `${events} events`);
  assert.match(heard, /\{"result":null\}/);
});
