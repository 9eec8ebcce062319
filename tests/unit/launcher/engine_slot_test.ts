import assert from "node:assert/strict";
import { EngineSlot } from "../../../src/launcher/engine_slot.ts";
import type { PreparedEngine } from "../../../src/launcher/engine_thread.ts";
import type { EngineOptions } from "../../../src/launcher/mod.ts";

const options: EngineOptions = {
  ...{ port: 6881, seedDirectory: "/seed", allowLocal: false },
  ...{ mapsPort: false, watchesAddresses: false, lan: false },
};

/** A slot whose engines are no threads. Each step is noted. */
class World {
  readonly steps: string[] = [];
  #dies = Promise.withResolvers<string>();
  readonly slot: EngineSlot;

  constructor(now: () => Promise<EngineOptions>, prepared?: EngineOptions) {
    this.slot = new EngineSlot({
      engineOptions: now,
      prepared: prepared && this.#prepare(prepared),
      onDeath: (why) => this.steps.push(`died: ${why}`),
      start: ({ port }) => this.#engine(`start ${port}`),
    });
  }

  async open(): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    await this.slot.open(port1);
    port1.close();
    port2.close();
  }

  openWebhook(): void {
    const { port1, port2 } = new MessageChannel();
    this.slot.openWebhook(port1);
    port1.close();
    port2.close();
  }

  async die(why: string): Promise<void> {
    this.#dies.resolve(why);
    await this.#dies.promise;
    this.#dies = Promise.withResolvers();
  }

  #prepare(options: EngineOptions): PreparedEngine {
    return {
      options,
      serve: () => this.#engine("serve the prepared one"),
      terminate: () => this.steps.push("end the prepared one"),
    };
  }

  #engine(step: string) {
    this.steps.push(step);
    return {
      died: this.#dies.promise,
      terminate: () => this.steps.push("end"),
      openWebhook: () => this.steps.push("open the webhook"),
    };
  }
}

Deno.test("the first request gets the prepared engine, a later one another", async () => {
  const world = new World(() => Promise.resolve({ ...options }), options);
  await world.open();
  world.slot.end();
  await world.open();
  assert.deepEqual(world.steps, ["serve the prepared one", "end", "start 6881"]);
});

Deno.test("a prepared engine whose options have changed is ended, and another one started", async () => {
  const changes: Partial<EngineOptions>[] = [
    ...[{ port: 7000 }, { seedDirectory: "/other" }, { allowLocal: true }],
    ...[{ mapsPort: true }, { watchesAddresses: true }, { lan: true }],
  ];
  for (const change of changes) {
    const world = new World(() => Promise.resolve({ ...options, ...change }), options);
    await world.open();
    assert.deepEqual(world.steps, ["end the prepared one", `start ${change.port ?? 6881}`]);
  }
});

Deno.test("one engine runs at a time; after its death another one may start", async () => {
  const world = new World(() => Promise.resolve(options));
  await Promise.all([world.open(), world.open()]);
  await world.open();
  await world.die("it broke");
  await world.open();
  assert.deepEqual(world.steps, ["start 6881", "died: it broke", "start 6881"]);
});

Deno.test("a command that may not have an engine learns it, also if one is prepared", async () => {
  const world = new World(() => Promise.reject(new Error("refused")), options);
  await world.open();
  assert.deepEqual(world.steps, ["died: refused"]);
});

Deno.test("only a running engine's gate serves a port for the webhook", async () => {
  const world = new World(() => Promise.resolve({ ...options }));
  world.openWebhook();
  await world.open();
  world.openWebhook();
  world.slot.end();
  world.openWebhook();
  assert.deepEqual(world.steps, ["start 6881", "open the webhook", "end"]);
});
