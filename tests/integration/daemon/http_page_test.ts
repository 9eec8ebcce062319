/** Tests the daemon's HTTP page with clients that follow HTTP and with clients that do not. */

import assert from "node:assert/strict";
import type { RecordJson, SettingJson, StatusJson } from "../../../src/control/answers.ts";
import type { Operations } from "../../../src/control/operations.ts";
import { httpLimits } from "../../../src/host/http/listener.ts";
import { serveHttpPage } from "../../../src/host/http/page.ts";
import { fromSources } from "../../support/cli.ts";
import { eventually } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const limits = { ...httpLimits, connections: 5, headerBytes: 4_096 };
const status = { dht: { state: "on" }, dhtNodes: 9 } as StatusJson;

/** Serves the HTTP page on 127.0.0.1. The clock is a fake that the test advances. */
function served(
  { hosts = [] as string[], operations = {} as Partial<Operations>, address = "127.0.0.1" } = {},
) {
  const clock = new FakeClock();
  const page = serveHttpPage({
    address: { host: address, port: 0 },
    hosts,
    operations: {
      status: () => Promise.resolve(status),
      records: () => Promise.resolve([] as RecordJson[]),
      dht: () => Promise.resolve({ families: [] }),
      settings: () => Promise.resolve([] as SettingJson[]),
      ...operations,
    },
    clock,
    limits,
  });
  return {
    clock,
    port: page.address.port,
    client: () => Client.dial(page.address.port),
    async [Symbol.asyncDispose]() {
      await page.close();
      assert.equal(clock.timers, 0, "timers are left");
    },
  };
}

/** An HTTP client that sends arbitrary text over TCP. */
class Client implements Disposable {
  readonly #connection: Deno.TcpConn;
  /** All text that the server has sent on this connection so far. */
  heard = "";
  isClosed = false;

  static async dial(port: number): Promise<Client> {
    return new Client(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    void this.#listen();
  }

  async say(text: string): Promise<this> {
    await this.#connection.write(new TextEncoder().encode(text));
    return this;
  }

  hears(pattern: RegExp): Promise<void> {
    return eventually(() => pattern.test(this.heard), `an answer like ${pattern}: ${this.heard}`);
  }

  /** Waits until the connection closes, and returns all text received. */
  async end(): Promise<string> {
    await eventually(() => this.isClosed, "the connection ends");
    return this.heard;
  }

  [Symbol.dispose](): void {
    try {
      this.#connection.close();
    } catch {
      // The connection is closed already.
    }
  }

  async #listen(): Promise<void> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(65_536);
    try {
      for (let count; (count = await this.#connection.read(buffer)) !== null;) {
        this.heard += decoder.decode(buffer.subarray(0, count), { stream: true });
      }
    } catch {
      // A connection reset counts as the end of the connection too.
    }
    this.isClosed = true;
  }
}

const healthy = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";

Deno.test("the page answers one request a connection and closes it", async () => {
  await using page = served();
  using client = await page.client();
  await client.say(healthy + healthy);
  assert.match(
    await client.end(),
    /^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n\r\nok\n$/i,
  );
});

Deno.test("an incomplete request is answered with 408 after the time limit", async () => {
  await using page = served();
  for (
    const half of ["", "GET /healthz HTTP/1.1\r\n", "GET /healthz HTTP/1.1\r\nhost: localhost\r\n"]
  ) {
    using client = await page.client();
    await client.say(half);
    await eventually(() => page.clock.timers === 1, "it is accepted");
    // A client that trickles bytes still hits the header timeout.
    await page.clock.advance(limits.headersMs - 1);
    if (half !== "") await client.say("x");
    assert.equal(client.heard, "");
    await page.clock.advance(1);
    assert.match(await client.end(), /^HTTP\/1\.1 408 Request Timeout\r\nconnection: close\r\n/);
  }
});

Deno.test("above the connection limit the oldest connection without a request is closed", async () => {
  await using page = served();
  const stuck: Client[] = [];
  using ends = new DisposableStack();
  for (let n = 0; n < 3 * limits.connections; n++) {
    stuck.push(ends.use(await page.client()));
    await stuck.at(-1)!.say("GET /healthz HTTP/1.1\r\n");
    using client = await page.client();
    await client.say(healthy);
    await client.hears(/ok\n$/);
  }
  await eventually(
    () => stuck.filter(({ isClosed }) => !isClosed).length <= limits.connections,
    "the first ones were closed",
  );
  assert.ok(stuck[0]!.isClosed);
});

Deno.test("the connection limit closes no connection whose answer is under way", async () => {
  const answer = Promise.withResolvers<StatusJson>();
  let asked = 0;
  await using page = served({
    operations: {
      status() {
        asked++;
        return answer.promise;
      },
    },
  });
  using ends = new DisposableStack();
  const clients: Client[] = [];
  for (let n = 1; n <= limits.connections; n++) {
    clients.push(ends.use(await page.client()));
    await clients.at(-1)!.say(healthy);
    await eventually(() => asked === n, "it is being answered");
  }
  using late = await page.client();
  assert.equal(await late.end(), "");
  answer.resolve(status);
  for (const client of clients) await client.hears(/ok\n$/);
});

Deno.test("a slow answer ends its connection", async () => {
  let asked = false;
  await using page = served({
    operations: {
      status() {
        asked = true;
        return new Promise(() => {});
      },
    },
  });
  using client = await page.client();
  await client.say(healthy);
  await eventually(() => asked, "it is being answered");
  await page.clock.advance(limits.answerMs);
  assert.equal(await client.end(), "");
});

const badly: [string, string, string][] = [
  ["no HTTP", "\x16\x03\x01 hello\r\n\r\n", "400"],
  [
    "headers beyond the limit",
    `GET / HTTP/1.1\r\nhost: x\r\na: ${"x".repeat(5_000)}\r\n\r\n`,
    "431",
  ],
  ["no host", "GET /healthz HTTP/1.1\r\n\r\n", "400"],
  ["two hosts", "GET /healthz HTTP/1.1\r\nhost: localhost\r\nHost: localhost\r\n\r\n", "400"],
  ["the host of another", "GET /metrics HTTP/1.1\r\nhost: evil.example\r\n\r\n", "421"],
  ["another host and a method", "POST /metrics HTTP/1.1\r\nhost: evil.example\r\n\r\n", "421"],
  ["a target of another", "GET http://evil.example/ HTTP/1.1\r\nhost: localhost\r\n\r\n", "421"],
  ["a method that changes", "DELETE /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n", "405"],
  ["another path", "GET /metrics/x HTTP/1.1\r\nhost: localhost\r\n\r\n", "404"],
];
for (const [what, request, code] of badly) {
  Deno.test(`a request with ${what} gets ${code}, and the next is answered`, async () => {
    await using page = served();
    using client = await page.client();
    await client.say(request);
    await client.hears(new RegExp(`^HTTP/1\\.1 ${code} [^]*\r\n\r\n`));
    if (code === "405") assert.match(client.heard, /^allow: GET, HEAD\r$/im);
    using other = await page.client();
    await other.say(healthy);
    await other.hears(/ok\n$/);
  });
}

Deno.test("a request with half a body is answered", async () => {
  await using page = served();
  using client = await page.client();
  await client.say("GET /healthz HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhalf");
  assert.match(await client.end(), /^HTTP\/1\.1 200 [^]*ok\n$/);
});

Deno.test("HEAD and HTTP/1.0 are answered", async () => {
  await using page = served();
  using head = await page.client();
  await head.say("HEAD /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
  assert.match(await head.end(), /^HTTP\/1\.1 200 [^]*content-length: 3\r\n[^]*\r\n\r\n$/i);
  using old = await page.client();
  await old.say("GET /healthz HTTP/1.0\r\n\r\n");
  assert.match(await old.end(), /^HTTP\/1\.1 200 [^]*ok\n$/);
});

Deno.test("configured host names are answered on 0.0.0.0", async () => {
  await using page = served({ address: "0.0.0.0", hosts: ["monitor.example"] });
  for (
    const [host, code] of [
      ["monitor.example:9881", 200],
      ["127.0.0.1", 200],
      ["0.0.0.0", 200],
      ["other.example", 421],
    ]
  ) {
    using client = await page.client();
    await client.say(`GET /healthz HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
    assert.match(await client.end(), new RegExp(`^HTTP/1\\.1 ${code} `), `${host}`);
  }
});

Deno.test({
  name: "the page answers again once file descriptors are free",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const program = `
      import { serveHttpPage } from ${
      JSON.stringify(import.meta.resolve("../../../src/host/http/page.ts"))
    };
      import { systemClock } from ${
      JSON.stringify(import.meta.resolve("../../../src/base/mod.ts"))
    };
      const page = serveHttpPage({
        address: { host: "127.0.0.1", port: 0 },
        hosts: [],
        operations: { status: () => Promise.resolve({ dht: { state: "on" } }) },
        clock: systemClock,
      });
      // Added before the descriptors run out, as the daemon does: Deno needs a descriptor for a listener.
      Deno.addSignalListener("SIGTERM", () => {});
      const held = [];
      try { for (;;) held.push(Deno.openSync("/dev/null")); } catch { /* None left. */ }
      await Deno.permissions.revoke({ name: "net" });
      console.log(page.address.port);
      await Deno.stdin.read(new Uint8Array(1));
      for (const file of held) file.close();
      await new Promise(() => setInterval(() => {}, 1_000));
    `;
    const [deno, ...args] = fromSources.slice(0, -1);
    const child = new Deno.Command("sh", {
      args: [
        "-c",
        'ulimit -n 64; exec "$@"',
        "sh",
        deno!,
        ...args,
        "--ext=ts",
        `data:text/typescript,${encodeURIComponent(program)}`,
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    try {
      const port = Number((await reader.read()).value);
      using client = await Client.dial(port);
      await client.say(healthy);
      const writer = child.stdin.getWriter();
      await writer.write(new Uint8Array(1));
      await client.hears(/ok\n$/);
      await writer.close();
    } finally {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
    }
  },
});
