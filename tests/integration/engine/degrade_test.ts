import assert from "node:assert/strict";
import dgram, { type Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import { type Clock, equalBytes, systemClock } from "../../../src/base/mod.ts";
import type { DhtState } from "../../../src/engine/mod.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import { bencode } from "../../../src/bencode/mod.ts";
import { type MutableItem } from "../../../src/records/mod.ts";
import { startTestnet } from "../../../src/testnet/mod.ts";
import { eventually, TestEngine } from "../../support/engines.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { freePort, isFree } from "../../support/free_port.ts";
import { sampleTorrent } from "../../support/torrents.ts";
import { signedItem } from "../../support/signed.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };
const sample = sampleTorrent(300 * 1024);

/** The system's clock with timers that run twenty times as fast. */
const hastyClock: Clock = {
  now: () => systemClock.now(),
  after: (delayMs, fire) => systemClock.after(delayMs / 20, fire),
};

function item(): MutableItem {
  return signedItem(generateKeyPair(), { salt: new Uint8Array(), seq: 1, value: bencode("x") });
}

/** Binds a port with a socket of the test, as another program could do. */
async function strangerOn(port: number): Promise<AsyncDisposable> {
  const socket = dgram.createSocket("udp4");
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, "0.0.0.0", resolve);
  });
  return {
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

async function downloadsFrom(engine: TestEngine): Promise<void> {
  await using seeder = await TestEngine.start();
  await seeder.seed(sample);
  assert.ok(equalBytes(await engine.download(sample, [seeder]), sample.content));
}

Deno.test("everything else works with the DHT switched off", strict, async () => {
  await using at = await TestEngine.start({ dht: false });
  assert.deepEqual(at.engine.dhtState, {
    state: "off",
    why: "it is switched off",
    byChoice: true,
  });
  assert.equal(at.engine.node(), undefined);
  assert.equal(at.engine.dhtTraffic, undefined);
  assert.deepEqual(at.engine.knownNodes(), []);
  await assert.rejects(at.manager().put(item()), { code: "DHT_OFF" });
  await downloadsFrom(at);
});

Deno.test(
  "with a taken UDP port TCP works, and the DHT starts once the port is free",
  strict,
  async () => {
    await using testnet = await startTestnet({ nodes: 10 });
    const port = await freePort();
    const stranger = await strangerOn(port);
    const states: DhtState[] = [];
    await using at = await TestEngine.start({
      testnet,
      port,
      clock: hastyClock,
      onDhtState: (state) => states.push(state),
    });
    const off = { state: "off", why: `UDP port ${port} is taken by another program` } as const;
    assert.deepEqual(at.engine.dhtState, off);
    assert.equal(at.engine.port, port);
    assert.equal(at.engine.node(), undefined);
    await assert.rejects(at.manager().put(item()), { code: "DHT_OFF" });
    await downloadsFrom(at);
    await eventually(() => states.length > 1, "it has been tried again");
    assert.ok(states.every((state) => state.state === "off"));

    await stranger[Symbol.asyncDispose]();
    await eventually(() => at.engine.dhtState.state === "on", "the DHT is on");
    assert.equal(at.engine.node()!.port, port);
    await eventually(() => at.engine.node()!.tableSize() >= 8, "the table is filled");
    assert.equal((await at.manager().put(item())).holding, 8);
  },
);

/** A fake UDP socket that counts the attempts to bind. Every attempt fails. */
class NoSocket extends EventEmitter {
  readonly bound: number[];

  constructor(bound: number[]) {
    super();
    this.bound = bound;
  }

  bind(port: number): void {
    this.bound.push(port);
    queueMicrotask(() => this.emit("error", Object.assign(new Error("no"), { code: "ENOBUFS" })));
  }

  close(): void {}
}

Deno.test("reopening the socket backs off from 1 s to 5 minutes, on the number of the TCP port", async () => {
  const clock = new FakeClock();
  const bound: number[] = [];
  const at = await TestEngine.start({
    dht: true,
    clock,
    createSocket: () => new NoSocket(bound) as unknown as Socket,
  });
  assert.deepEqual(at.engine.dhtState, {
    state: "off",
    why: `UDP port ${at.engine.port} cannot be opened: no`,
  });
  bound.length = 0;
  const beganMs = clock.now();
  const times: number[] = [];
  while (times.length < 14) {
    await clock.advance(100);
    if (bound.length > times.length) times.push(Math.round((clock.now() - beganMs) / 1_000));
  }
  const pauses = times.map((time, i) => time - (times[i - 1] ?? 0));
  // The pause doubles after each failed bind. The failed bind at the engine's start counts too, so
  // these pauses do not begin at the minimum.
  assert.deepEqual(pauses.slice(1, 8), [4, 8, 16, 32, 64, 128, 256]);
  assert.deepEqual(pauses.slice(8), [300, 300, 300, 300, 300, 300]);
  assert.ok(bound.every((port) => port === at.engine.port));
  await at[Symbol.asyncDispose]();
});

/** Starts an engine whose UDP sockets the test can close. */
async function startWithSockets(options: Parameters<typeof TestEngine.start>[0]) {
  const sockets: Socket[] = [];
  const states: DhtState[] = [];
  const failures: Error[] = [];
  let hasStarted = false;
  const at = await TestEngine.start({
    ...options,
    clock: hastyClock,
    createSocket: () => {
      // If the TCP port is taken, the engine starts again on another port. Sockets of the failed
      // start are forgotten.
      if (!hasStarted) sockets.length = states.length = 0;
      const socket = dgram.createSocket("udp4");
      sockets.push(socket);
      return socket;
    },
    onDhtState: (state) => states.push(state),
    onFailure: (error) => failures.push(error),
  });
  hasStarted = true;
  return { at, sockets, states, failures };
}

const losses: [string, (socket: Socket) => void][] = [
  ["fails", (socket) => socket.emit("error", new Error("the network is gone"))],
  ["is closed", (socket) => socket.close()],
];
for (const [what, lose] of losses) {
  Deno.test(
    `after a socket ${what} during a put, the put ends, the next one works and the engine lives`,
    strict,
    async () => {
      await using testnet = await startTestnet({ nodes: 30 });
      const { at, sockets, states, failures } = await startWithSockets({ testnet });
      await using _at = at;
      const { port } = at.engine;
      await eventually(() => at.engine.node()!.tableSize() >= 8, "the table is filled");
      const node = at.engine.node()!;
      const manager = at.manager();
      const sent = at.engine.dhtTraffic!.packetsOut;
      const running = manager.put(item());
      await settle();
      assert.ok(at.engine.dhtTraffic!.packetsOut > sent);
      lose(sockets[0]!);
      // Queries through a DHT node whose socket has just been closed must not throw an exception.
      const contact = { id: node.id, host: "127.0.0.1", port: 9 };
      const result = await node.query(contact, "ping", {}, { timeoutMs: 50 });
      assert.ok(result.kind === "failed" || result.kind === "timeout");
      // The running put returns an outcome. The put may even succeed, if the engine reopens the
      // socket before the put's queries time out.
      assert.ok((await running).asked > 0);
      assert.deepEqual(states.slice(0, 3), [
        { state: "on", silent: true },
        { state: "on" },
        { state: "off", why: states[2]!.state === "off" ? states[2]!.why : "" },
      ]);
      await downloadsFrom(at);

      await eventually(() => at.engine.dhtState.state === "on", "the socket is open again");
      assert.equal(at.engine.node()!.port, port);
      assert.equal((await manager.put(item())).holding, 8);
      assert.equal(sockets.length, 2);
      await downloadsFrom(at);
      assert.deepEqual(failures, []);
    },
  );
}

Deno.test(
  "a socket that fails repeatedly is reopened each time, and never twice at once",
  strict,
  async () => {
    await using testnet = await startTestnet({ nodes: 10 });
    const { at, sockets } = await startWithSockets({ testnet });
    await using _at = at;
    for (let i = 0; i < 5; i++) {
      for (let again = 0; again < 3; again++) sockets.at(-1)!.emit("error", new Error("gone"));
      await eventually(() => at.engine.dhtState.state === "on", "open again");
      await settle();
      assert.equal(sockets.length, i + 2);
    }
    assert.equal((await at.manager().put(item())).holding, 8);
  },
);

Deno.test(
  "a taken TCP port is a fatal error that names the port and leaves nothing open",
  strict,
  async () => {
    for (const dht of [true, false]) {
      const port = await freePort();
      const stranger = Deno.listen({ port });
      await assert.rejects(TestEngine.start({ port, dht }), {
        name: "EngineError",
        code: "TCP_PORT_IN_USE",
        kind: "in-use",
        message: new RegExp(`TCP port ${port} is taken`),
      });
      stranger.close();
      assert.ok(await isFree(port));
      await using at = await TestEngine.start({ port, dht });
      assert.equal(at.engine.port, port);
    }
  },
);
