import assert from "node:assert/strict";
import dgram, { type Socket } from "node:dgram";
import { systemClock } from "../../../src/base/mod.ts";
import { Engine } from "../../../src/engine/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { freePort, isFree } from "../../support/free_port.ts";
import { sampleTorrent } from "../../support/torrents.ts";

// The test fails if the closed engine leaks timers, sockets or files.
const strict = { sanitizeOps: true, sanitizeResources: true };
const MIB = 1024 * 1024;
/**
 * A deadline for closing that differs from every other timeout of an engine, so that the test
 * recognises its timer.
 */
const DEADLINE_MS = 4_321;

/** Closes the engine, and asserts that closing ends before its deadline. */
async function closes(engine: Engine, deadlineMs = 120_000): Promise<void> {
  let late = false;
  const timer = setTimeout(() => late = true, deadlineMs);
  await engine.close(deadlineMs);
  clearTimeout(timer);
  assert.ok(!late, "close took until its deadline");
}

Deno.test("an idle engine closes at once and frees both ports", strict, async () => {
  for (const dht of [true, false]) {
    const port = await freePort();
    const engine = await Engine.start({ clock: systemClock, port, dht, bootstrap: [] });
    assert.ok(!await isFree(port));
    await closes(engine);
    assert.ok(await isFree(port));
  }
});

Deno.test("a port can be reused at once, ten times in a row", strict, async () => {
  const port = await freePort();
  for (let i = 0; i < 10; i++) {
    const engine = await Engine.start({ clock: systemClock, port, dht: true, bootstrap: [] });
    assert.equal(engine.port, port);
    assert.equal(engine.dhtState.state, "on");
    await closes(engine);
  }
});

Deno.test(
  "an engine in a DHT, with puts and lookups under way, closes in time",
  strict,
  async () => {
    await using testnet = await startTestnet({ nodes: 20 });
    const at = await TestEngine.start({ testnet, port: await freePort() });
    const manager = at.manager();
    const running = [
      manager.findPeers(new Uint8Array(20)),
      manager.findPeers(crypto.getRandomValues(new Uint8Array(20))),
    ];
    await closes(at.engine);
    // Queries in flight end when the DHT node that sent them is closed.
    await Promise.all(running);
    assert.equal(at.engine.node(), undefined);
    await eventually(() => isFree(at.engine.port), "the port is given back");
    await at[Symbol.asyncDispose]();
  },
);

Deno.test(
  "both sides of a running download close in time, and the download fails with ENGINE_CLOSED",
  strict,
  async () => {
    const sample = sampleTorrent(40 * MIB);
    const seeder = await TestEngine.start({ uploadBytesPerSecond: 4 * MIB });
    const leecher = await TestEngine.start();
    await seeder.seed(sample);
    let downloaded = 0;
    const failed = assert.rejects(
      leecher.download(sample, [seeder], {
        onProgress: ({ downloadedBytes }) => downloaded = downloadedBytes,
      }),
      { name: "EngineError", code: "ENGINE_CLOSED" },
    );
    await eventually(() => downloaded > 0, "it is under way");
    await closes(leecher.engine);
    await failed;
    await closes(seeder.engine);
    // Another test may have the port for a moment, once it is free.
    for (const { engine: { port } } of [seeder, leecher]) {
      await eventually(() => isFree(port), "the ports are given back");
    }
    await leecher[Symbol.asyncDispose]();
    await seeder[Symbol.asyncDispose]();
  },
);

Deno.test("closing twice, at once or later, waits for the same end", strict, async () => {
  const at = await TestEngine.start({ dht: true, port: await freePort() });
  const closing = [at.engine.close(), at.engine.close()];
  await closing[1];
  await eventually(() => isFree(at.engine.port), "the port is given back");
  await Promise.all(closing);
  await at.engine.close();
  await at[Symbol.asyncDispose]();
});

Deno.test("a closed engine refuses work", strict, async () => {
  const sample = sampleTorrent(1_000);
  const at = await TestEngine.start({ dht: true });
  await at.engine.close();
  const closed = { name: "EngineError", code: "ENGINE_CLOSED" };
  await assert.rejects(at.engine.seed([]), closed);
  await assert.rejects(at.download(sample, []), closed);
  await assert.rejects(at.manager().findPeers(sample.infoHash), { code: "DHT_OFF" });
  at.engine.addPeers(sample.infoHashHex, [{ host: "127.0.0.1", port: 1 }]);
  await at.engine.remove(sample.infoHashHex);
  assert.deepEqual(at.engine.torrents(), []);
  await at[Symbol.asyncDispose]();
});

Deno.test(
  "an engine that retries its UDP port closes at once and stops retrying",
  strict,
  async () => {
    const port = await freePort();
    const stranger = dgram.createSocket("udp4");
    await new Promise<void>((resolve, reject) => {
      stranger.once("error", reject);
      stranger.bind(port, "0.0.0.0", resolve);
    });
    let opened = 0;
    const engine = await Engine.start({
      clock: systemClock,
      port,
      dht: true,
      bootstrap: [],
      createSocket: () => {
        opened++;
        return dgram.createSocket("udp4");
      },
    });
    assert.equal(engine.dhtState.state, "off");
    await closes(engine);
    await new Promise<void>((resolve) => stranger.close(() => resolve()));
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    assert.equal(opened, 1);
    assert.ok(await isFree(port));
  },
);

Deno.test("close resolves at its deadline even if WebTorrent never ends", async () => {
  let deadline: (() => void) | undefined;
  const at = await TestEngine.start({
    dht: true,
    clock: {
      ...systemClock,
      after(delayMs, fire) {
        if (delayMs !== DEADLINE_MS) return systemClock.after(delayMs, fire);
        deadline = fire;
        return { cancel: () => deadline = undefined };
      },
    },
    createSocket: () => {
      const socket = dgram.createSocket("udp4");
      // A socket whose `close` callback is never called, so that WebTorrent never reports the end
      // of its destruction.
      const close = socket.close.bind(socket);
      socket.close = () => (socket.removeAllListeners("close"), close()) as Socket;
      return socket;
    },
  });
  let isClosed = false;
  const closing = at.engine.close(DEADLINE_MS).then(() => isClosed = true);
  await eventually(() => deadline !== undefined, "there is a deadline");
  await eventually(() => isFree(at.engine.port), "the ports are given back");
  assert.ok(!isClosed);
  deadline!();
  await closing;
  await at[Symbol.asyncDispose]();
});
