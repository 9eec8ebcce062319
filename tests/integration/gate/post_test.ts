/** Tests requests with POST over the gate: good and hostile servers on 127.0.0.1. */

import assert from "node:assert/strict";
import { concatBytes, systemClock, utf8 } from "../../../src/base/mod.ts";
import { GateClient } from "../../../src/gate/mod.ts";
import { Gate, type Port } from "../../../src/gate_thread/gate.ts";
import type { OnlyServer } from "../../../src/gate_thread/protocol.ts";
import {
  TEST_CERTIFICATE,
  TEST_CERTIFICATE_KEY,
  TEST_NAME,
} from "../../support/test_certificate.ts";

/** A client of a gate whose port reaches one server only. */
class Client implements Disposable {
  readonly client: GateClient;
  readonly #close: () => void;

  constructor(only: OnlyServer, caCerts: string[] = []) {
    const gate = new Gate({
      ...{ clock: systemClock, allowLocal: only.kind === "https", interfaces: [] },
      outside: { lookUp: () => Promise.resolve(["127.0.0.1"]), caCerts },
    });
    const { port1, port2 } = new MessageChannel();
    const closeChannels = gate.serve(port1 as unknown as Port, only);
    this.client = new GateClient(port2);
    this.#close = () => {
      closeChannels();
      port1.close();
      port2.close();
    };
  }

  post(url: string, signal = new AbortController().signal): Promise<number> {
    return this.client.post(
      { url, fields: { "webhook-id": "msg_1" }, body: utf8("größer") },
      signal,
    );
  }

  [Symbol.dispose](): void {
    this.#close();
  }
}

/** A server that treats each connection in its own way. */
class Server implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open: Deno.Conn[] = [];
  readonly #serving: Promise<unknown>[] = [];

  constructor(serve: (connection: Deno.Conn) => Promise<void>) {
    this.#serving.push(
      (async () => {
        for await (const connection of this.#listener) {
          this.#open.push(connection);
          this.#serving.push(serve(connection).catch(() => {}));
        }
      })().catch(() => {}),
    );
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  get connections(): number {
    return this.#open.length;
  }

  get only(): OnlyServer {
    return { kind: "http", host: "127.0.0.1", port: this.port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) {
      try {
        connection.close();
      } catch {
        // The connection is closed already.
      }
    }
    await Promise.all(this.#serving);
  }
}

async function answer(connection: Deno.Conn, text: string): Promise<void> {
  await connection.read(new Uint8Array(4_096));
  await connection.write(utf8(text));
}

Deno.test("a request by https is sent as it is, and the status is returned", async () => {
  const got: { fields: Headers; body: string; path: string }[] = [];
  const server = Deno.serve({
    ...{ hostname: "127.0.0.1", port: 0, onListen() {} },
    ...{ cert: TEST_CERTIFICATE, key: TEST_CERTIFICATE_KEY },
  }, async (request) => {
    const { pathname, search } = new URL(request.url);
    got.push({ fields: request.headers, body: await request.text(), path: pathname + search });
    return new Response("x".repeat(100_000), { status: 202 });
  });
  const { port } = server.addr;
  const only: OnlyServer = { kind: "https", host: TEST_NAME, port };
  {
    using trusting = new Client(only, [TEST_CERTIFICATE]);
    using strict = new Client(only);
    const url = `https://${TEST_NAME}:${port}/a%20b?c=d`;
    assert.equal(await trusting.post(url), 202);
    const [{ fields, body, path }] = got as [typeof got[0]];
    assert.equal(body, "größer");
    assert.equal(path, "/a%20b?c=d");
    assert.equal(fields.get("webhook-id"), "msg_1");
    assert.equal(fields.get("host"), `${TEST_NAME}:${port}`);
    await assert.rejects(strict.post(url), { code: "TLS_FAILED" });
    await assert.rejects(trusting.post(`https://${TEST_NAME}:${port + 1}/`), {
      code: "ADDRESS_REFUSED",
    });
  }
  assert.equal(got.length, 1);
  await server.shutdown();
});

Deno.test("a redirect is not followed, wherever it leads", async () => {
  await using inside = new Server((connection) => answer(connection, "HTTP/1.1 200 OK\r\n\r\n"));
  for (
    const location of [`http://127.0.0.1:${inside.port}/`, "http://169.254.169.254/", "/again"]
  ) {
    await using server = new Server((connection) =>
      answer(connection, `HTTP/1.1 307 No\r\nLocation: ${location}\r\n\r\n`)
    );
    using client = new Client(server.only);
    assert.equal(await client.post(`http://127.0.0.1:${server.port}/`), 307);
    assert.equal(server.connections, 1);
  }
  assert.equal(inside.connections, 0);
});

Deno.test("the body of an answer is not read, even if it has no end", async () => {
  let sent = 0;
  const ended = Promise.withResolvers<void>();
  await using server = new Server(async (connection) => {
    await answer(connection, "HTTP/1.1 200 OK\r\n\r\n");
    try {
      for (;;) sent += await connection.write(new Uint8Array(65_536));
    } catch {
      ended.resolve();
    }
  });
  using client = new Client(server.only);
  assert.equal(await client.post(`http://127.0.0.1:${server.port}/`), 200);
  await ended.promise;
  assert.ok(sent < 64 * 2 ** 20, "the connection was closed");
});

for (
  const [what, parts] of [
    ["a head without an end", ["HTTP/1.1 200 OK\r\n", "x: y\r\n".repeat(10_000)]],
    ["an answer that is not HTTP", ["SSH-2.0-OpenSSH\r\n\r\n"]],
    ["nothing", []],
  ] as [string, string[]][]
) {
  Deno.test(`${what} is refused`, async () => {
    await using server = new Server(async (connection) => {
      await answer(connection, parts.join(""));
      connection.close();
    });
    using client = new Client(server.only);
    await assert.rejects(
      client.post(`http://127.0.0.1:${server.port}/`),
      (error) => ["BAD_RESPONSE", "ECONNRESET"].includes((error as { code: string }).code),
    );
  });
}

Deno.test("an abort ends a request whose server never answers, and the server sees it", async () => {
  const isRead = Promise.withResolvers<void>();
  const isClosed = Promise.withResolvers<void>();
  const got: Uint8Array[] = [];
  await using server = new Server(async (connection) => {
    const buffer = new Uint8Array(4_096);
    for (let count; (count = await connection.read(buffer).catch(() => null)) !== null;) {
      got.push(buffer.slice(0, count));
      isRead.resolve();
    }
    isClosed.resolve();
  });
  using client = new Client(server.only);
  const abort = new AbortController();
  const posting = client.post(`http://127.0.0.1:${server.port}/`, abort.signal);
  await isRead.promise;
  abort.abort(new Error("late"));
  await assert.rejects(posting, { message: "late" });
  await isClosed.promise;
  assert.match(new TextDecoder().decode(concatBytes(...got)), /^POST \/ HTTP\/1\.1\r\n/);
});
