import assert from "node:assert/strict";
import { KeyedQueue } from "../../../src/base/mod.ts";

Deno.test("work on one key runs in order, work on another key meanwhile", async () => {
  const queue = new KeyedQueue();
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = queue.run("a", async () => {
    log.push("a1 begins");
    await gate.promise;
    log.push("a1 ends");
  });
  const second = queue.run("a", () => Promise.resolve(log.push("a2")));
  await queue.run("b", () => Promise.resolve(log.push("b")));
  assert.deepEqual(log, ["a1 begins", "b"]);
  gate.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(log, ["a1 begins", "b", "a1 ends", "a2"]);
});

Deno.test("a failure reaches its own caller, and the next work of the key runs", async () => {
  const queue = new KeyedQueue();
  const failing = queue.run("a", () => Promise.reject(new Error("no")));
  const next = queue.run("a", () => Promise.resolve("next"));
  await assert.rejects(failing, { message: "no" });
  assert.equal(await next, "next");
});
