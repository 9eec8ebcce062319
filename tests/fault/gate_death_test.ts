/**
 * The death of the gate's thread by an uncaught error. The code of the thread is that of the
 * program, with a listener that throws when the test says so.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { fileURLToPath, pathToFileURL } from "node:url";
import { join } from "node:path";
import { systemClock } from "../../src/base/mod.ts";
import { GateClient, GateError } from "../../src/gate/mod.ts";
import { connectGate } from "../../src/gate_thread/mod.ts";
import { GateAccess } from "../../src/worker/gate_access.ts";
import { eventually } from "../support/engines.ts";
import { sampleTorrent } from "../support/torrents.ts";
import { TestWorker } from "../support/workers.ts";

const BUNDLE = fileURLToPath(new URL("../../dist/gate.js", import.meta.url));
const LISTENER = `
addEventListener("message", ({ data }) => {
  if (data.die) throw new Error("out of ideas");
});
`;

/** Makes each gate mortal that this process starts from now on. */
async function mortalGates() {
  const directory = await Deno.makeTempDir({ prefix: "libreseed-gate-" });
  const path = join(directory, "gate.js");
  await Deno.writeTextFile(path, `${LISTENER}${await Deno.readTextFile(BUNDLE)}`);
  const gates: Worker[] = [];
  const Original = globalThis.Worker;
  globalThis.Worker = class extends Original {
    constructor(code: string | URL, options: WorkerOptions = {}) {
      const isGate = options.name === "libreseed-gate";
      super(isGate ? pathToFileURL(path) : code, options);
      if (isGate) gates.push(this);
    }
  };
  return {
    gates,
    killNewest: () => gates.at(-1)!.postMessage({ die: true }),
    async [Symbol.asyncDispose]() {
      globalThis.Worker = Original;
      await Deno.remove(directory, { recursive: true });
    },
  };
}

Deno.test("when the gate's thread dies, all sockets of all clients end with an error", async () => {
  await using mortal = await mortalGates();
  const died = Promise.withResolvers<Error>();
  const gate = connectGate({ allowLocal: true, interfaces: [] }, died.resolve);
  const access = new GateAccess(systemClock, (port) => gate.serve(port));
  const clients = [access.client(), new GateClient(gate.open())];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const codes: Promise<string>[] = [];
  const codeOf = (socket: { once(event: string, listener: unknown): unknown }) =>
    new Promise<string>((resolve) => {
      socket.once("error", ({ code }: { code: string }) => resolve(code));
    });
  for (const client of clients) {
    const socket = client.dial({ host: "127.0.0.1", port: listener.addr.port });
    await once(socket, "connect");
    const udp = client.udp().bind(0);
    await once(udp, "listening");
    codes.push(codeOf(socket), codeOf(udp));
  }
  mortal.killNewest();
  const { message } = await died.promise;
  assert.match(message, /gate's thread died .*out of ideas/);
  access.died(message);
  clients[1]!.fail(new GateError("GATE_DIED", message));
  assert.deepEqual(await Promise.all(codes), Array(4).fill("GATE_DIED"));
  assert.deepEqual([access.status?.state, access.status?.why], ["dead", message]);
  assert.notEqual(access.client(), clients[0], "the next use asks for a new gate");
  listener.close();
});

Deno.test("after the death of the gate's thread, the engine seeds on and finds neighbours by a new gate", async () => {
  await using mortal = await mortalGates();
  const [seed] = crypto.getRandomValues(new Uint32Array(1));
  const { infoHashHex, torrent, content } = sampleTorrent(300_000, { seed: seed! });
  await using seeder = await TestWorker.start({ allowLocal: true, lan: true });
  const filePath = seeder.path(infoHashHex);
  await Deno.writeFile(filePath, content);
  const lengthBytes = content.length;
  await seeder.api.seed([{ infoHashHex, torrent, filePath, lengthBytes, announceDueMs: 0 }]);
  await eventually(() => mortal.gates.length === 1, "the seeder's gate");
  const read = async (reader: TestWorker, peers: { host: string; port: number }[]) => {
    const to = reader.path("read");
    await reader.api.download(1, {
      ...{ infoHashHex, torrent, filePath: to, maxBytes: content.length, peers },
    });
    assert.deepEqual(await Deno.readFile(to), content);
  };
  mortal.killNewest();
  await eventually(() => seeder.warnings.length > 0, "a word about the death");
  assert.match(seeder.warnings[0]!, /gate's thread died .*out of ideas.*; a new one starts in 1 s/);
  {
    await using reader = await TestWorker.start({ allowLocal: true });
    await read(reader, [seeder.address]);
  }
  await eventually(async () => (await seeder.api.status()).gate?.state === "running", "a new gate");
  assert.equal(mortal.gates.length, 2);
  await using reader = await TestWorker.start({ allowLocal: true, lan: true, readOnly: true });
  await read(reader, []);
  assert.equal((await seeder.api.status()).gate?.deaths, 1);
  assert.deepEqual(seeder.failures, []);
});
