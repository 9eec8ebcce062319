/** Tests server-sent events of the HTTP API, over real sockets. */

import assert from "node:assert/strict";
import { createClient } from "../../../src/api_client/mod.ts";
import type { Operations, WatchEvent } from "../../../src/control/mod.ts";
import { HostError } from "../../../src/host/errors.ts";
import { eventually, shortLimits, site, TOKEN } from "../../support/http_site.ts";

const packages: WatchEvent = { kind: "packages" };

/** An operation `watch` whose events the test sends. */
function watching() {
  const readers = new Set<(event: WatchEvent) => void>();
  const watch: Operations["watch"] = (_request, { signal, onEvent } = {}) =>
    new Promise((resolve) => {
      readers.add(onEvent!);
      signal!.addEventListener("abort", () => {
        readers.delete(onEvent!);
        resolve();
      }, { once: true });
    });
  return { watch, readers, send: (event: WatchEvent) => readers.forEach((tell) => tell(event)) };
}

Deno.test("events arrive as they happen, and the operation ends with the reader", async () => {
  const { watch, readers, send } = watching();
  await using one = site({ watch });
  const api = createClient({ baseUrl: one.baseUrl });
  const log: WatchEvent = {
    kind: "log",
    line: { seq: 1, timeMs: 2, level: "info", message: "a\n\nb\r" },
  };
  const heard: WatchEvent[] = [];
  for await (
    const event of api.events({
      kinds: ["packages", "log"],
      onOpen: () =>
        void eventually(() => readers.size === 1, "it watches").then(() => {
          send(packages);
          send(log);
        }),
    })
  ) {
    heard.push(event);
    if (heard.length === 2) break;
  }
  assert.deepEqual(heard, [packages, log]);
  assert.deepEqual(one.calls, [["watch", { kinds: ["packages", "log"] }]]);
  await eventually(() => readers.size === 0, "the operation is ended");
});

Deno.test("an aborted reader ends the operation", async () => {
  const { watch, readers } = watching();
  await using one = site({ watch });
  const leaving = new AbortController();
  const { signal } = leaving;
  const events = createClient({ baseUrl: one.baseUrl }).events({ signal });
  const next = events.next();
  await eventually(() => readers.size === 1, "it watches");
  leaving.abort(new Error("enough"));
  await assert.rejects(next, { message: "enough" });
  await eventually(() => readers.size === 0, "the operation is ended");
});

Deno.test("a silent stream has comments, and one reader too many is refused", async () => {
  const { watch, readers } = watching();
  await using one = site({ watch }, shortLimits);
  const first = await one.fetch("/v1/events");
  const second = await one.fetch("/v1/events");
  const third = await one.fetch("/v1/events");
  assert.equal(third.status, 503);
  assert.equal((await third.json()).error.code, "API_BUSY");
  const headers = { authorization: `Bearer ${TOKEN}` };
  const withToken = await one.fetch("/v1/events", { headers });
  assert.equal(withToken.status, 200);
  assert.equal((await one.fetch("/v1/events", { headers })).status, 503);
  await withToken.body!.cancel();
  await eventually(() => readers.size === 2, "the reader with the token has left");
  const reader = first.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!/:\n\n:\n\n/.test(text)) text += (await reader.read()).value;
  await reader.cancel();
  await eventually(() => readers.size === 1, "the place is free again");
  const fourth = await one.fetch("/v1/events");
  assert.equal(fourth.status, 200);
  await fourth.body!.cancel();
  await second.body!.cancel();
});

Deno.test("a reader that does not read is disconnected", async () => {
  const { watch, readers, send } = watching();
  await using one = site({ watch }, shortLimits);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: one.port });
  await connection.write(
    new TextEncoder().encode("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"),
  );
  await eventually(() => readers.size === 1, "it watches");
  const line = { seq: 1, timeMs: 2, level: "info", message: "x".repeat(10_000) } as const;
  // The buffers of the system hold some megabytes.
  for (let count = 0; readers.size > 0; count++) {
    assert(count < 10_000, "it is not disconnected");
    send({ kind: "log", line });
    if (count % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
});

Deno.test("the end of the server ends the streams", async () => {
  const { watch, readers } = watching();
  const one = site({ watch });
  const response = await one.fetch("/v1/events");
  await eventually(() => readers.size === 1, "it watches");
  await one.close();
  await eventually(() => readers.size === 0, "the operation is ended");
  await response.body!.cancel().catch(() => {});
});

Deno.test("an operation that fails ends the stream with its error", async () => {
  const error = new HostError("failed", "UNREADABLE", "the log cannot be read");
  await using one = site({ watch: () => Promise.reject(error) });
  await assert.rejects(createClient({ baseUrl: one.baseUrl }).events().next(), {
    name: "ApiError",
    code: "UNREADABLE",
    message: "the log cannot be read",
  });
});

Deno.test("requests that follow on a connection are not served", async () => {
  const { watch, readers } = watching();
  await using one = site({ watch, list: () => Promise.resolve([]) });
  const get = "GET /v1/packages HTTP/1.1\nHost: localhost";
  const answer = await one.raw(Array(20).fill(get).join("\n\n"));
  assert.equal(answer.match(/HTTP\/1\.1 /g)!.length, 1);
  assert.deepEqual(one.calls, [["list", undefined]]);

  // One client would otherwise take the places of all readers of events.
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: one.port });
  try {
    const events = "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    await connection.write(new TextEncoder().encode(events.repeat(20)));
    await eventually(() => readers.size === 1, "it watches");
    await connection.write(new TextEncoder().encode(events.repeat(20)));
    const other = await one.fetch("/v1/events");
    assert.equal(other.status, 200);
    assert.equal(readers.size, 2);
    await other.body!.cancel();
  } finally {
    connection.close();
  }
  await eventually(() => readers.size === 0, "the client's leaving is noticed");
});
