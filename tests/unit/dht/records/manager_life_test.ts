import assert from "node:assert/strict";
import { DhtManager, RateLimiter } from "../../../../src/dht/mod.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";
import { SimulatedDht } from "../../../support/simulated_dht.ts";
import { Fixture } from "../../../support/dht_fixture.ts";

Deno.test("without a node to borrow every operation fails with DHT_OFF, kind network", async () => {
  const at = new Fixture();
  at.lent = [];
  const off = { name: "DhtError", code: "DHT_OFF", kind: "network" };
  await assert.rejects(at.manager.get(at.key), off);
  await assert.rejects(at.manager.put(at.item(1)), off);
  await assert.rejects(at.manager.findPeers(at.target), off);
  await assert.rejects(at.manager.announcePeer(at.target, 1), off);
  // Operations succeed again as soon as a DHT node is available.
  at.lent = [at.client];
  assert.equal((await at.run(at.manager.put(at.item(1)))).stored, 8);
});

Deno.test("an operation keeps its borrowed node; the next one borrows the new node", async () => {
  const at = new Fixture({ latencyMs: [50, 50] });
  const before = at.dht.client();
  at.lent = [before];
  const running = at.manager.put(at.item(1));
  await at.clock.advance(60);
  at.lent = [at.client];
  assert.equal((await at.run(running)).stored, 8);
  assert.equal(at.client.sent.length, 0);
  const sent = before.sent.length;
  assert.equal((await at.run(at.manager.get(at.key))).item?.seq, 1);
  assert.equal(before.sent.length, sent);
  assert.ok(at.client.sent.length > 0);
});

Deno.test("a put ends with an outcome when its node loses the socket midway", async () => {
  const at = new Fixture({ latencyMs: [50, 50] });
  let open = true;
  at.lent = [{
    id: at.client.id,
    family: 4,
    port: at.client.port,
    tableSize: () => at.client.tableSize(),
    closest: (target, count) => at.client.closest(target, count),
    isUnresponsive: () => false,
    bootstrapContacts: () => [],
    query: (...args) =>
      open
        ? at.client.query(...args)
        : Promise.resolve({ kind: "failed" as const, why: "no UDP socket" }),
  }];
  const running = at.manager.put(at.item(1));
  while (at.client.count("put") === 0) await at.clock.advance(50);
  open = false;
  const first = await at.run(running);
  assert.equal(first.weak, false);
  const second = await at.run(at.manager.put(at.item(2)));
  assert.equal(second.stored, 0);
  assert.equal(second.weak, true);
  assert.equal(second.errors["no UDP socket"], second.asked);
});

Deno.test("stop waits until operations under way have finished", async () => {
  const at = new Fixture({ latencyMs: [50, 50] });
  const put = at.manager.put(at.item(1));
  await at.clock.advance(60);
  let stopped = false;
  const stopping = at.manager.stop().then(() => stopped = true);
  await settle();
  assert.equal(stopped, false);
  const outcome = await at.run(put);
  await at.run(stopping);
  assert.equal(outcome.stored, 8);
  assert.equal(at.clock.timers, 0);
});

Deno.test("stop aborts operations after its deadline", async () => {
  const at = new Fixture();
  for (const node of at.dht.nodes) {
    node.behave = (_query, honest) => {
      const answer = honest();
      return answer.kind === "silent" ? answer : { ...answer, delayMs: 1_900 };
    };
  }
  const put = at.manager.put(at.item(1));
  await at.clock.advance(100);
  const begunMs = at.clock.now();
  await at.run(at.manager.stop(1_000));
  assert.equal(at.clock.now() - begunMs, 1_000);
  assert.equal((await put).stored, 0);
  assert.equal(at.client.underWay, 0);
  assert.equal(at.clock.timers, 0);
});

Deno.test("after stop all operations are refused, queued ones too", async () => {
  const at = new Fixture();
  const stopped = { code: "DHT_STOPPED" };
  const first = at.manager.put(at.item(1));
  const waiting = assert.rejects(at.manager.put(at.item(2)), stopped);
  await settle();
  const stopping = at.manager.stop();
  await assert.rejects(at.manager.get(at.key), stopped);
  await assert.rejects(at.manager.put(at.item(3)), stopped);
  await assert.rejects(at.manager.findPeers(at.target), stopped);
  await assert.rejects(at.manager.announcePeer(at.target, 1), stopped);
  assert.equal((await at.run(first)).stored, 8);
  await waiting;
  await at.run(stopping);
});

Deno.test("stop of an idle manager resolves at once, and may be called twice", async () => {
  const at = new Fixture();
  await at.manager.stop();
  await at.manager.stop();
  assert.equal(at.clock.timers, 0);
});

Deno.test("stop aborts operations that wait for the rate limiter", async () => {
  const clock = new FakeClock();
  const dht = new SimulatedDht({ clock, nodes: 100 });
  const at = new Fixture();
  const client = dht.client();
  const manager = new DhtManager({
    nodes: () => [client],
    clock,
    limiter: new RateLimiter(clock, 1),
  });
  // The rate limiter has a debt of ten seconds, so background work has to wait.
  await clock.until(manager.get(at.key));
  const waiting = manager.put(at.item(1), { background: true });
  await clock.advance(100);
  const sent = client.sent.length;
  const begunMs = clock.now();
  await clock.until(manager.stop(500));
  assert.equal(clock.now() - begunMs, 500);
  assert.equal((await waiting).stored, 0);
  assert.equal(client.sent.length, sent);
  assert.equal(clock.timers, 0);
});

Deno.test("background work ends at once when it is aborted while waiting", async () => {
  const clock = new FakeClock();
  const dht = new SimulatedDht({ clock, nodes: 100 });
  const at = new Fixture();
  const client = dht.client();
  const limiter = new RateLimiter(clock, 1);
  const manager = new DhtManager({ nodes: () => [client], clock, limiter });
  limiter.spend(10);
  const controller = new AbortController();
  const waiting = manager.put(at.item(1), { background: true, signal: controller.signal });
  await clock.advance(100);
  controller.abort();
  await settle();
  const outcome = await Promise.race([waiting, settle().then(() => undefined)]);
  assert.equal(outcome?.asked, 0);
  assert.equal(clock.timers, 0);
});

Deno.test("foreground work does not wait for the rate limiter", async () => {
  const clock = new FakeClock();
  const dht = new SimulatedDht({ clock, nodes: 100 });
  const at = new Fixture();
  const client = dht.client();
  const limiter = new RateLimiter(clock, 1);
  const manager = new DhtManager({ nodes: () => [client], clock, limiter });
  limiter.spend(100);
  const begunMs = clock.now();
  assert.equal((await clock.until(manager.put(at.item(1)))).stored, 8);
  assert.ok(clock.now() - begunMs < 2_000);
});

Deno.test("peers are announced to the closest nodes and found there", async () => {
  const at = new Fixture();
  const announced = await at.run(at.manager.announcePeer(at.target, 51_413));
  assert.equal(announced.stored, 8);
  const sent = at.client.sent.filter(({ name }) => name === "announce_peer");
  assert.deepEqual(new Set(sent.map(({ to }) => at.dht.at(to))), new Set(at.near(8)));
  assert.ok(sent.every(({ args }) => args.port === 51_413 && args.implied_port === 0));
  const batches: number[] = [];
  const found = await at.run(
    at.manager.findPeers(at.target, { onPeers: (peers) => batches.push(peers.length) }),
  );
  assert.deepEqual(found.peers, [{ host: "192.0.2.1", port: 51_413 }]);
  // Eight nodes return the same peer, but it is reported only once.
  assert.deepEqual(batches, [1]);
});

Deno.test("refused announcements are counted", async () => {
  const at = new Fixture();
  for (const node of at.near(3)) {
    node.behave = ({ name }, honest) =>
      name === "announce_peer" ? { kind: "refused", code: 203 } : honest();
  }
  const announced = await at.run(at.manager.announcePeer(at.target, 1));
  assert.equal(announced.stored, 5);
  assert.equal(announced.errors["203"], 3);
});

Deno.test("malformed peers are skipped", async () => {
  const at = new Fixture();
  const good = Uint8Array.of(1, 2, 3, 4, 0, 80);
  const garbage: unknown[] = [
    "text",
    7,
    { 0: good },
    [good, 7, "123456", [], good.subarray(1), new Uint8Array(18), new Uint8Array(6)],
    Array.from({ length: 100_000 }, () => good),
  ];
  for (const [i, node] of at.near(garbage.length).entries()) {
    node.behave = (_query, honest) => {
      const answer = honest();
      return answer.kind === "reply"
        ? { ...answer, body: { ...answer.body, values: garbage[i] } }
        : answer;
    };
  }
  const found = await at.run(at.manager.findPeers(at.target));
  assert.deepEqual(found.peers, [{ host: "1.2.3.4", port: 80 }]);
});
