import assert from "node:assert/strict";
import fc from "fast-check";
import { DueQueue } from "../../../../src/dht/announce/due_queue.ts";

interface Member {
  name: number;
  dueMs: number;
}

const always = () => true;

Deno.test("the queue behaves as a sorted array for any sequence of pushes and pops", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ push: fc.integer({ min: 0, max: 50 }) }) },
    { weight: 2, arbitrary: fc.constant({ pop: true }) },
    { weight: 1, arbitrary: fc.record({ move: fc.nat(), to: fc.integer({ min: 0, max: 50 }) }) },
    { weight: 1, arbitrary: fc.record({ forget: fc.nat() }) },
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const queue = new DueQueue<Member>();
    const model: Member[] = [];
    const isLive = (member: Member) => model.includes(member);
    steps.forEach((one, name) => {
      if ("push" in one) {
        const member = { name, dueMs: one.push };
        model.push(member);
        queue.push(member);
      } else if ("pop" in one) {
        const first = queue.peek(isLive);
        assert.equal(first === undefined, model.length === 0);
        if (!first) return;
        queue.pop();
        model.splice(model.indexOf(first), 1);
      } else if ("move" in one && model.length > 0) {
        const member = model[one.move % model.length]!;
        member.dueMs = one.to;
        queue.push(member);
      } else if ("forget" in one && model.length > 0) {
        model.splice(one.forget % model.length, 1);
      }
      const earliest = Math.min(...model.map(({ dueMs }) => dueMs));
      const first = queue.peek(isLive);
      assert.equal(first?.dueMs, model.length > 0 ? earliest : undefined);
      if (first) assert.ok(model.includes(first));
    });
    const rest = model.map(({ dueMs }) => dueMs).sort((a, b) => a - b);
    for (const dueMs of rest) {
      const first = queue.peek(isLive)!;
      assert.equal(first.dueMs, dueMs);
      model.splice(model.indexOf(first), 1);
      queue.pop();
    }
    assert.equal(queue.peek(isLive), undefined);
  }));
});

Deno.test("ten thousand members are returned in order", () => {
  const queue = new DueQueue<Member>();
  for (let name = 0; name < 10_000; name++) queue.push({ name, dueMs: (name * 7_919) % 10_007 });
  let last = -1;
  for (let i = 0; i < 10_000; i++) {
    const first = queue.peek(always)!;
    assert.ok(first.dueMs >= last);
    last = first.dueMs;
    queue.pop();
  }
  assert.equal(queue.peek(always), undefined);
});

Deno.test("peek of an empty queue is undefined, and pop does nothing", () => {
  const queue = new DueQueue<Member>();
  queue.pop();
  assert.equal(queue.peek(always), undefined);
});

Deno.test("a member that was moved and moved back is returned at its due time", () => {
  const queue = new DueQueue<Member>();
  const member = { name: 1, dueMs: 100 };
  queue.push(member);
  member.dueMs = 50;
  queue.push(member);
  member.dueMs = 100;
  queue.push(member);
  assert.equal(queue.peek(always)?.dueMs, 100);
});

Deno.test("peek drops members that isLive rejects", () => {
  const queue = new DueQueue<Member>();
  for (let name = 0; name < 100; name++) queue.push({ name, dueMs: name });
  assert.equal(queue.peek(({ name }) => name >= 60)?.name, 60);
  assert.equal(queue.peek(always)?.name, 60);
});
