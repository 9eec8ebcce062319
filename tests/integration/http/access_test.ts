/** Tests who may read and who may change by the HTTP API, over real sockets. */

import assert from "node:assert/strict";
import { site, TOKEN } from "../../support/http_site.ts";

const read = { list: () => Promise.resolve([]) };
const bearer = { authorization: `Bearer ${TOKEN}` };

async function errorOf(response: Response): Promise<[number, string]> {
  const { error } = await response.json();
  assert(error.message.length > 10);
  assert.match(error.kind, /^[a-z-]+$/);
  return [response.status, error.code];
}

Deno.test("a program of this machine reads without a token", async () => {
  await using one = site(read);
  const response = await one.fetch("/v1/packages");
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), []);
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  assert.equal(response.headers.get("access-control-allow-origin"), null);
});

Deno.test("a program of another machine reads with the token only", async () => {
  await using one = site(read, { remoteHost: "203.0.113.9" });
  assert.deepEqual(await errorOf(await one.fetch("/v1/packages")), [401, "API_TOKEN"]);
  const response = await one.fetch("/v1/packages", { headers: bearer });
  assert.equal(response.status, 200);
  await response.body?.cancel();
});

Deno.test("a request through a proxy needs the token", async () => {
  await using one = site(read);
  for (
    const field of [
      ...["Forwarded: for=192.0.2.1", "X-Forwarded-For: 192.0.2.1", "X-Real-IP: 192.0.2.1"],
      ...["Via: 1.1 proxy", "x-forwarded-proto: https"],
    ]
  ) {
    const answer = await one.raw(`GET /v1/packages HTTP/1.1\nHost: localhost\n${field}`);
    assert.match(answer, /^HTTP\/1\.1 401 [^]*www-authenticate: Bearer/i, field);
  }
  const old = await one.raw("GET /v1/packages HTTP/1.0\nHost: localhost");
  assert.match(old, /^HTTP\/1\.1 401 /);
  const named = await one.raw("GET /v1/packages HTTP/1.1\nHost: seed.example");
  assert.match(named, /^HTTP\/1\.1 401 /, "the name of a proxy");
  assert.equal(one.calls.length, 0);
});

Deno.test("a name that was bound anew to this machine is refused", async () => {
  await using one = site(read);
  const answer = await one.raw("GET /v1/packages HTTP/1.1\nHost: evil.example");
  assert.match(answer, /^HTTP\/1\.1 421 [^]*"code":"API_HOST"/);
  const token = await one.raw(
    `POST /v1/stop HTTP/1.1\nHost: evil.example\nAuthorization: Bearer ${TOKEN}\nContent-Length: 0`,
  );
  assert.match(token, /^HTTP\/1\.1 421 /);
  assert.equal(one.calls.length, 0);
});

Deno.test("a page of another site neither reads nor changes, even with the token", async () => {
  await using one = site({ ...read, stop: () => Promise.resolve() });
  const fields = [
    "Origin: https://evil.example",
    "Origin: null",
    `Origin: http://localhost:${one.port + 1}`,
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Site: same-site",
  ];
  for (const field of fields) {
    for (const line of ["POST /v1/stop", "GET /v1/packages"]) {
      const answer = await one.raw(
        `${line} HTTP/1.1\nHost: localhost:${one.port}\nAuthorization: Bearer ${TOKEN}\n${field}\n` +
          "Content-Length: 0",
      );
      assert.match(answer, /^HTTP\/1\.1 403 [^]*API_CROSS_SITE/, `${line} ${field}`);
      assert.doesNotMatch(answer, /access-control/i);
    }
  }
  assert.equal(one.calls.length, 0);
  const own = await one.raw(
    `POST /v1/stop HTTP/1.1\nHost: localhost:${one.port}\nAuthorization: Bearer ${TOKEN}\n` +
      `Origin: http://localhost:${one.port}\nSec-Fetch-Site: same-origin\nContent-Length: 0`,
  );
  assert.match(own, /^HTTP\/1\.1 204 /);
});

Deno.test("a change needs the token, also from this machine", async () => {
  await using one = site({ stop: () => Promise.resolve() });
  const stop = (headers?: HeadersInit) => one.fetch("/v1/stop", { method: "POST", headers });
  assert.deepEqual(await errorOf(await stop()), [401, "API_TOKEN"]);
  for (
    const authorization of [
      ...[`Bearer ${"u".repeat(43)}`, "Bearer x", `Basic ${TOKEN}`, "Bearer ", `Bearer ${TOKEN} x`],
      `Bearer ${TOKEN.slice(1)}`,
    ]
  ) {
    assert.deepEqual(await errorOf(await stop({ authorization })), [401, "API_TOKEN"]);
  }
  assert.equal(one.calls.length, 0);
  assert.equal((await stop(bearer)).status, 204);
  assert.deepEqual(one.calls.map(([name]) => name), ["stop"]);
});

Deno.test("wrong tokens are limited, the right one is not", async () => {
  const warnings: string[] = [];
  await using one = site({ stop: () => Promise.resolve() }, {
    onWarning: (message) => warnings.push(message),
  });
  const statuses: number[] = [];
  for (let i = 0; i < 14; i++) {
    const headers = { authorization: `Bearer ${"x".repeat(43)}` };
    const response = await one.fetch("/v1/stop", { method: "POST", headers });
    statuses.push(response.status);
    await response.body?.cancel();
  }
  assert.deepEqual(statuses.slice(0, 10), Array(10).fill(401));
  assert(statuses.slice(10).includes(429), `${statuses}`);
  assert.equal((await one.fetch("/v1/stop", { method: "POST", headers: bearer })).status, 204);
  assert(warnings.length >= 1);
  assert(!warnings.join().includes("xxx") && !warnings.join().includes(TOKEN));
});

Deno.test("a token that cannot be read refuses changes, and reading goes on", async () => {
  await using one = site({ ...read, stop: () => Promise.resolve() }, {
    token: () => Promise.reject(new Error("http.token belongs to user 7")),
  });
  const refused = await one.fetch("/v1/stop", { method: "POST", headers: bearer });
  assert.deepEqual(await errorOf(refused), [500, "API_TOKEN_UNUSABLE"]);
  const response = await one.fetch("/v1/packages");
  assert.equal(response.status, 200);
  await response.body?.cancel();
});
