/** Tests requests of the HTTP API: routes, parameters, bodies, limits, over real sockets. */

import assert from "node:assert/strict";
import { HostError } from "../../../src/host/errors.ts";
import { createClient } from "../../../src/api_client/mod.ts";
import { eventually, shortLimits, site, TOKEN } from "../../support/http_site.ts";
import { temporaryHome } from "../../support/temporary_home.ts";

const bearer = { authorization: `Bearer ${TOKEN}` };
const KEY = `ed25519:${"A".repeat(42)}8=`;

function client(baseUrl: string) {
  return createClient({ baseUrl, token: TOKEN });
}

Deno.test("the parts of a request reach the operation", async () => {
  await using one = site({
    describePackage: () => Promise.resolve({} as never),
    remove: () => Promise.resolve(),
    logs: () => Promise.resolve({ lines: [], lastSeq: 0 }),
    follow: () => Promise.resolve({} as never),
    unfollow: () => Promise.resolve({} as never),
    announce: () => Promise.resolve([]),
  });
  const api = client(one.baseUrl);
  const params = { name: "@scope/näme", version: "1.0.0+a" };
  await api.get("/v1/packages/{name}/{version}", { params, query: { publisher: KEY } });
  assert.equal(await api.delete("/v1/packages/{name}/{version}", { params }), undefined);
  await api.get("/v1/logs", { query: { after: 3, limit: 10 } });
  await api.post("/v1/publishers", { body: { publisher: KEY, name: "a", range: "^1" } });
  await api.delete("/v1/publishers/{key}", { params: { key: KEY }, query: { name: "a" } });
  await api.post("/v1/announce", { body: {} });
  const [details, ...others] = one.calls;
  const publicKey = (details![1] as { publicKey: Uint8Array }).publicKey;
  assert.equal(publicKey.length, 32);
  assert.deepEqual(details, ["describePackage", { ...params, publicKey }]);
  assert.deepEqual(others, [
    ["remove", params],
    ["logs", { after: 3, limit: 10 }],
    ["follow", { publicKey, name: "a", range: "^1" }],
    ["unfollow", { publicKey, name: "a" }],
    ["announce", { packages: [] }],
  ]);
});

Deno.test("requests that are not valid are refused before the operation", async () => {
  await using one = site({
    logs: () => Promise.resolve({ lines: [], lastSeq: 0 }),
    list: () => Promise.resolve([]),
    follow: () => Promise.resolve({} as never),
    remove: () => Promise.resolve(),
  });
  const json = { ...bearer, "content-type": "application/json" };
  const cases: [number, string, string, RequestInit?][] = [
    [404, "API_ROUTE", "/v1/nothing"],
    [404, "API_ROUTE", "/v1/"],
    [404, "API_ROUTE", "/v1/packages/"],
    [400, "API_REQUEST", "/v1/logs?after=x"],
    [400, "API_REQUEST", "/v1/logs?after=1&after=2"],
    [400, "API_REQUEST", "/v1/logs?other=1"],
    [400, "API_REQUEST", "/v1/logs?__proto__=1"],
    [400, "API_REQUEST", "/v1/packages?x="],
    [400, "API_REQUEST", "/v1/packages/%E0%A4%A/1"],
    [405, "API_METHOD", "/v1/packages", { method: "POST", headers: bearer }],
    [405, "API_METHOD", "/v1/stop"],
    [405, "API_METHOD", "/v1/stop", { method: "PUT", headers: bearer }],
    [405, "API_METHOD", "/v1/packages", { method: "OPTIONS" }],
    [415, "API_MEDIA_TYPE", "/v1/publishers", { method: "POST", headers: bearer, body: "{}" }],
    [400, "API_REQUEST", "/v1/publishers", { method: "POST", headers: json, body: "{" }],
    [400, "API_REQUEST", "/v1/publishers", { method: "POST", headers: json, body: "[]" }],
    [400, "API_REQUEST", "/v1/publishers", { method: "POST", headers: json }],
    [400, "KEY_INVALID", "/v1/publishers", {
      method: "POST",
      headers: json,
      body: '{"publisher":"ed25519:x"}',
    }],
    [400, "API_REQUEST", "/v1/publishers", {
      method: "POST",
      headers: json,
      body: JSON.stringify({ publisher: KEY, more: 1 }),
    }],
    [413, "API_LENGTH", "/v1/publishers", {
      method: "POST",
      headers: json,
      body: " ".repeat(70_000),
    }],
  ];
  for (const [status, code, path, init] of cases) {
    const response = await one.fetch(path, init);
    const { error } = await response.json();
    assert.deepEqual([response.status, error.code], [status, code], path);
    if (status === 405) assert(response.headers.get("allow"), path);
  }
  assert.equal(one.calls.length, 0);
});

Deno.test("an error of an operation keeps kind and code, and has a fitting status", async () => {
  const cases = [
    ["usage", "PACKAGE_AMBIGUOUS", 400],
    ["not-found", "PACKAGE_NOT_FOUND", 404],
    ["verification", "ARCHIVE_MISMATCH", 422],
    ["network", "DHT_UNREACHABLE", 502],
    ["in-use", "DIRECTORY_BUSY", 409],
    ["failed", "UNREADABLE", 500],
    ["failed", "HOST_STOPPING", 503],
  ] as const;
  for (const [kind, code, status] of cases) {
    await using one = site({
      list: () => Promise.reject(new HostError(kind, code, "it failed", { detail: { a: 1 } })),
    });
    const response = await one.fetch("/v1/packages");
    assert.equal(response.status, status);
    const error = { kind, code, message: "it failed", detail: { a: 1 } };
    assert.deepEqual(await response.json(), { error });
    await assert.rejects(client(one.baseUrl).get("/v1/packages"), {
      name: "ApiError",
      ...error,
      status,
    });
  }
});

Deno.test("HEAD has the fields of GET and no body", async () => {
  await using one = site({ list: () => Promise.resolve([]), watch: () => Promise.resolve() });
  const answer = await one.raw("HEAD /v1/packages HTTP/1.1\nHost: localhost");
  assert.match(answer, /^HTTP\/1\.1 200 [^]*content-length: 3\r\n[^]*\r\n\r\n$/i);
  const events = await one.raw("HEAD /v1/events HTTP/1.1\nHost: localhost");
  assert.match(events, /^HTTP\/1\.1 200 [^]*text\/event-stream[^]*\r\n\r\n$/i);
  assert.deepEqual(one.calls.map(([name]) => name), ["list"]);
});

Deno.test("a long list is compressed for those who accept it", async () => {
  const list = Array.from({ length: 10_000 }, (_, at) => ({ name: `package-${at}` }));
  await using one = site({ list: () => Promise.resolve(list as never) });
  assert.deepEqual(await client(one.baseUrl).get("/v1/packages"), list);
  const plain = await one.raw("GET /v1/packages HTTP/1.1\nHost: localhost");
  assert.doesNotMatch(plain.slice(0, 500), /content-encoding/i);
  assert.deepEqual(JSON.parse(plain.slice(plain.indexOf("\r\n\r\n"))), list);
  for (
    const [accepted, isPacked] of [["gzip", true], ["br, gzip;q=0.5", true], ["gzip;q=0", false]]
  ) {
    const answer = await one.raw(
      `GET /v1/packages HTTP/1.1\nHost: localhost\nAccept-Encoding: ${accepted}`,
    );
    assert.equal(/content-encoding: gzip/i.test(answer.slice(0, 500)), isPacked, `${accepted}`);
    assert.equal(answer.length < plain.length / 2, isPacked, `${accepted}`);
  }
});

Deno.test("a body that does not arrive is answered with 408", async () => {
  await using one = site({ follow: () => Promise.resolve({} as never) }, shortLimits);
  const answer = await one.raw(
    `POST /v1/publishers HTTP/1.1\nHost: localhost\nAuthorization: Bearer ${TOKEN}\n` +
      "Content-Type: application/json\nContent-Length: 100",
    '{"publisher":',
  );
  assert.match(answer, /^HTTP\/1\.1 408 [^]*API_LATE/);
  assert.equal(one.calls.length, 0);
});

Deno.test("an archive reaches the operation as a file, which is deleted whatever happens", async () => {
  await using home = await temporaryHome();
  const status = () => Promise.resolve({ seedDirectory: home.path } as never);
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const seen: Uint8Array[] = [];
  await using one = site({
    status,
    publish: async ({ fileName }) => {
      seen.push(await Deno.readFile(`${home.path}/${fileName}`));
      if (seen.length > 1) throw new HostError("failed", "UNREADABLE", "no");
      return {} as never;
    },
  });
  const left = () => [...Deno.readDirSync(home.path)].map(({ name }) => name);
  const api = client(one.baseUrl);
  await api.post("/v1/publish", { archive: bytes, query: { tag: "next" } });
  assert.deepEqual(seen, [bytes]);
  assert.equal((one.calls.at(-1)![1] as { tag: string }).tag, "next");
  await assert.rejects(api.post("/v1/publish", { archive: bytes }), { code: "UNREADABLE" });
  assert.deepEqual(left(), []);
  // It arrives too slowly, is too long, or of another type; or the client leaves.
  const head = `POST /v1/publish HTTP/1.1\nHost: localhost\nAuthorization: Bearer ${TOKEN}\n`;
  await using impatient = site(
    { status, publish: () => Promise.resolve({} as never) },
    shortLimits,
  );
  const slow = await impatient.raw(`${head}Content-Length: 100`, "abc");
  assert.match(slow, /^HTTP\/1\.1 408 [^]*API_LATE/);
  assert.deepEqual(left(), []);
  const long = await one.raw(`${head}Content-Length: 99999999999999`, "abc");
  assert.match(long, /^HTTP\/1\.1 413 [^]*API_LENGTH/);
  const other = await one.raw(`${head}Content-Type: text/plain\nContent-Length: 3`, "abc");
  assert.match(other, /^HTTP\/1\.1 415 /);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: one.port });
  await connection.write(
    new TextEncoder().encode(`${head}Content-Length: 100\n\nabc`.replaceAll("\n", "\r\n")),
  );
  await eventually(() => left().length === 1, "the archive is being received");
  connection.close();
  await eventually(() => left().length === 0, "the file is deleted");
  assert.equal(seen.length, 2);
});

Deno.test("100 connections that say nothing do not keep others out", async () => {
  await using one = site({ list: () => Promise.resolve([]) });
  const hanging = await Promise.all(
    Array.from({ length: 100 }, () => Deno.connect({ hostname: "127.0.0.1", port: one.port })),
  );
  try {
    for (const [at, connection] of hanging.entries()) {
      if (at % 2) await connection.write(new TextEncoder().encode("GET /v1/")).catch(() => {});
    }
    assert.deepEqual(await client(one.baseUrl).get("/v1/packages"), []);
  } finally {
    for (const connection of hanging) connection.close();
  }
});

Deno.test("the request that ends the server is answered", async () => {
  const stopped = Promise.withResolvers<void>();
  await using one = site({
    stop: () => {
      stopped.resolve();
      return Promise.resolve();
    },
  });
  const answer = client(one.baseUrl).post("/v1/stop");
  await stopped.promise;
  await one.close();
  assert.equal(await answer, undefined);
});
