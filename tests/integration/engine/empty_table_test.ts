import assert from "node:assert/strict";
import { delay, systemClock } from "../../../src/base/mod.ts";
import { Engine } from "../../../src/engine/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { freePort } from "../../support/mod.ts";

Deno.test("an engine that started without a network finds it once it is there", async () => {
  const port = await freePort();
  // A clock whose timers run eight times as fast.
  const hurried = {
    now: systemClock.now,
    after: (delayMs: number, fire: () => void) => systemClock.after(delayMs / 8, fire),
  };
  const engine = await Engine.start({
    clock: hurried,
    port: 0,
    dht: true,
    bootstrap: [{ host: "127.0.0.1", port }],
  });
  try {
    // The delay lets the first query time out, because no node receives that query.
    await delay(systemClock, 3_000);
    assert.equal(engine.node()?.tableSize(), 0);
    await using _testnet = await startTestnet({ nodes: 20, port });
    const filled = Promise.withResolvers<void>();
    const look = setInterval(() => {
      if ((engine.node()?.tableSize() ?? 0) > 0) filled.resolve();
    }, 20);
    const late = setTimeout(() => filled.reject(new Error("the table stayed empty")), 240_000);
    try {
      await filled.promise;
    } finally {
      clearInterval(look);
      clearTimeout(late);
    }
  } finally {
    await engine.close();
  }
});
