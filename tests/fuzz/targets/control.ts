/** Fuzz targets of the control socket: requests in JSON, and arbitrary bytes. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock, toBase64, utf8 } from "../../../src/base/mod.ts";
import { ControlError } from "../../../src/control/errors.ts";
import { toJson } from "../../../src/control/json.ts";
import { operationNames, type Operations } from "../../../src/control/operations.ts";
import { parseRequest } from "../../../src/control/request.ts";
import { serveControl } from "../../../src/control/server.ts";
import { encodeItem } from "../../../src/records/mod.ts";
import { readOrRefuse, stateless, type Target } from "../target.ts";

const publicKey = toBase64(new Uint8Array(32).fill(0xab));
const signature = toBase64(new Uint8Array(64).fill(0xcd));
const item = toBase64(encodeItem({
  publicKey: new Uint8Array(32).fill(0xab),
  salt: new Uint8Array(1),
  seq: 1,
  value: utf8("1:a"),
  signature: new Uint8Array(64).fill(0xcd),
}));
const entry = { publicKey, version: "1.0.0", firstSeenMs: 1, timestampMs: 2, signature };

const requests = [
  {},
  { fileName: "hello-1.0.0.tgz" },
  { name: "hello", version: "1.0.0" },
  { publicKey, salt: "" },
  { item, record: { kind: "manifest", name: "hello", version: "1.0.0" } },
  { name: "hello", publicKey },
  { name: "hello", entry },
  { infoHash: "12".repeat(20) },
  { packages: [{ name: "hello", version: "1.0.0" }, { name: "other" }] },
  { infoHash: "12".repeat(20), maxBytes: 100, peers: ["127.0.0.1:1"], torrent: "ZDQ6aW5mb2RlZQ==" },
].map((request) => JSON.stringify(request));

const requestTarget: Target = {
  name: "control-request",
  cost: 2,
  seeds: () => requests.map(utf8),
  open: stateless((bytes) => {
    let body: unknown;
    try {
      body = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      return;
    }
    for (const name of operationNames) {
      const request = readOrRefuse(ControlError, () => parseRequest(name, body));
      if (!request) continue;
      // Encoding the parsed request again gives a request with the same meaning.
      assert.deepEqual(parseRequest(name, JSON.parse(toJson(request))), request, name);
    }
  }),
};

function http(request: string, body = ""): Uint8Array {
  return utf8(
    `${request} HTTP/1.1\r\nHost: x\r\nContent-Length: ${utf8(body).length}\r\n\r\n${body}`,
  );
}

const socketTarget: Target = {
  name: "control-socket",
  cost: 60,
  seeds: () => [
    http("GET /v1/status"),
    http("POST /v1/list", "{}"),
    http("POST /v1/add", requests[1]),
    http("POST /v1/store", requests[4]),
    http("POST /v1/announce", requests[8]),
    http("DELETE /v1/%2e%2e/status"),
    utf8(
      "POST /v1/list HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ),
  ],
  async open() {
    const directory = await Deno.makeTempDir({ prefix: "libreseed-fuzz-" });
    const path = join(directory, "control.sock");
    const refuse = () => Promise.reject(new ControlError("failed", "NOT_HERE", "not here"));
    const operations = new Proxy({ status: () => Promise.resolve({ alive: true }) }, {
      get: (known, name) => name in known ? known[name as "status"] : refuse,
    }) as unknown as Operations;
    const server = await serveControl(path, operations, systemClock);
    return {
      async input(bytes) {
        await exchange(path, bytes);
        const answer = await exchange(path, http("GET /v1/status"));
        assert.match(answer, /^HTTP\/1\.1 200 [^]*\{"alive":true\}/, "the server went on");
      },
      async [Symbol.asyncDispose]() {
        await server.close();
        await Deno.remove(directory, { recursive: true });
      },
    };
  },
};

/**
 * Writes the bytes to the socket, closes the writing side, and reads until the server disconnects.
 */
async function exchange(path: string, bytes: Uint8Array): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path });
  const reading = new Response(connection.readable).text().catch(() => "");
  try {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    await connection.closeWrite();
  } catch {
    // The server has already closed the connection.
  }
  return await reading;
}

export const controlTargets: readonly Target[] = [requestTarget, socketTarget];
