import assert from "node:assert/strict";
import { QUERY_LIMITS, QueryLimiter } from "../../../../src/engine/dht/query_limiter.ts";

function limiter(limits = QUERY_LIMITS) {
  const at = { ms: 1_000_000 };
  const queries = new QueryLimiter(() => at.ms, limits);
  /** Returns the number of queries that the limiter admits out of `count`. */
  const admitted = (count: number, address: string, port = 6881) => {
    let taken = 0;
    for (let i = 0; i < count; i++) if (queries.admits(address, port)) taken++;
    return taken;
  };
  return { at, admitted, queries };
}

Deno.test("one node is admitted 50 queries at once, then 5 a second", () => {
  const { at, admitted } = limiter();
  assert.equal(admitted(1_000, "192.0.2.1"), 50);
  at.ms += 1_000;
  assert.equal(admitted(1_000, "192.0.2.1"), 5);
  at.ms += 3_600_000;
  assert.equal(admitted(1_000, "192.0.2.1"), 50);
});

Deno.test("excess queries are dropped, and their sender is not banned", () => {
  const { at, admitted } = limiter();
  admitted(10_000, "192.0.2.1");
  at.ms += 200;
  assert.equal(admitted(1, "192.0.2.1"), 1);
});

Deno.test("all nodes of one address share 200 queries at once, then 20 a second", () => {
  const { at, admitted } = limiter();
  const all = () => {
    let taken = 0;
    for (let port = 1; port <= 500; port++) taken += admitted(10, "192.0.2.1", port);
    return taken;
  };
  assert.equal(all(), 200);
  at.ms += 1_000;
  assert.equal(all(), 20);
  assert.equal(admitted(10, "192.0.2.2"), 10, "another address is not held to account for it");
});

Deno.test("all senders share 2,000 queries at once, then 500 a second", () => {
  const { at, admitted } = limiter();
  const all = () => {
    let taken = 0;
    for (let i = 0; i < 20_000; i++) taken += admitted(1, `198.51.${i >> 8}.${i & 255}`);
    return taken;
  };
  assert.equal(all(), 2_000);
  at.ms += 2_000;
  assert.equal(all(), 1_000);
});

Deno.test("known nodes are admitted while unknown senders have drained their global bucket", () => {
  const { at, admitted, queries } = limiter();
  queries.noteReply("192.0.2.1", 6881);
  const flood = () => {
    for (let i = 0; i < 5_000; i++) admitted(1, `198.51.${i >> 8}.${i & 255}`);
  };
  flood();
  assert.equal(admitted(1, "192.0.2.2"), 0, "a stranger");
  assert.equal(admitted(1, "192.0.2.1", 6882), 0, "another port of the same address");
  assert.equal(admitted(100, "192.0.2.1"), 50);
  at.ms += 3_600_000;
  flood();
  assert.equal(admitted(1, "192.0.2.1"), 1);
  at.ms += 1;
  flood();
  assert.equal(admitted(1, "192.0.2.1"), 0, "that was too long ago");
});

Deno.test("a dropped query takes no token from any bucket", () => {
  const { at, admitted } = limiter();
  for (let port = 1; port <= 4; port++) admitted(50, "192.0.2.1", port);
  assert.equal(admitted(50, "192.0.2.1", 5), 0, "the address has no more");
  at.ms += 10_000;
  assert.equal(admitted(100, "192.0.2.1", 5), 50, "the port has all of its own");
});

Deno.test("loopback is not limited: a test network of many nodes has one address", () => {
  assert.equal(limiter().admitted(100_000, "127.0.0.1"), 100_000);
});

Deno.test("the least recently used sender is evicted at the limit", () => {
  const { admitted } = limiter({ ...QUERY_LIMITS, remembered: 3 });
  for (const host of ["a", "b", "c"]) assert.equal(admitted(100, host), 50);
  assert.equal(admitted(1, "a"), 0);
  admitted(1, "d");
  assert.equal(admitted(1, "a"), 0, "heard of since");
  assert.equal(admitted(1, "b"), 1, "forgotten, and new again");
});

Deno.test("a clock that is set back neither refills buckets nor locks senders out", () => {
  const { at, admitted } = limiter();
  assert.equal(admitted(60, "192.0.2.1"), 50);
  at.ms -= 3_600_000;
  assert.equal(admitted(10, "192.0.2.1"), 0);
  at.ms += 1_000;
  assert.equal(admitted(10, "192.0.2.1"), 5);
});
