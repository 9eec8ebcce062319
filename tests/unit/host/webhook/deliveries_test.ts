import assert from "node:assert/strict";
import {
  ATTEMPT_MS,
  Deliveries,
  MAX_ATTEMPTS,
  MAX_WAITING,
  type Message,
} from "../../../../src/host/webhook/deliveries.ts";
import { FakeClock, settle } from "../../../support/fake_clock.ts";
import { whenAborted } from "../../../support/aborts.ts";

type Answer = number | Error | "silence";

/** A receiver that gives answers in order, and the last one for good. */
class Receiver {
  readonly clock = new FakeClock();
  readonly got: { id: string; atMs: number }[] = [];
  readonly warnings: string[] = [];
  readonly notices: string[] = [];
  readonly deliveries: Deliveries;
  answers: Answer[];
  readonly #startMs = this.clock.now();

  constructor(...answers: Answer[]) {
    this.answers = answers;
    this.deliveries = new Deliveries({
      clock: this.clock,
      random: () => 0.5,
      post: ({ id }, signal) => {
        this.got.push({ id, atMs: this.clock.now() - this.#startMs });
        const answer = this.answers.length > 1 ? this.answers.shift()! : this.answers[0]!;
        if (answer instanceof Error) return Promise.reject(answer);
        if (answer !== "silence") return Promise.resolve(answer);
        return new Promise((_, reject) => whenAborted(signal, () => reject(signal.reason)));
      },
      onNotice: (message) => this.notices.push(message),
      onWarning: (message) => this.warnings.push(message),
    });
  }

  async send(...ids: string[]): Promise<void> {
    for (const id of ids) this.deliveries.send({ id, body: new Uint8Array() } as Message);
    await settle();
  }

  ids(): string[] {
    return this.got.map(({ id }) => id);
  }
}

Deno.test("messages are delivered at once and in order", async () => {
  const receiver = new Receiver(200, 204, 299);
  await receiver.send("a", "b", "c");
  await receiver.clock.advance(1);
  assert.deepEqual(receiver.ids(), ["a", "b", "c"]);
  assert.deepEqual(receiver.deliveries.status, { waiting: 0, delivered: 3, lost: 0 });
  assert.deepEqual(receiver.warnings, []);
});

Deno.test("a failed message is sent again with growing pauses, and with the same id", async () => {
  const receiver = new Receiver(500, new Error("refused"), 302, 200);
  await receiver.send("a", "b");
  await receiver.clock.advance(3_600_000);
  assert.deepEqual(receiver.got.map(({ id, atMs }) => `${id} ${atMs}`), [
    "a 0",
    "a 5000",
    "a 25000",
    "a 105000",
    "b 105000",
  ]);
  assert.equal(receiver.warnings.length, 1, "only the first failure is logged");
  assert.match(receiver.warnings[0]!, /status 500/);
  assert.deepEqual(receiver.notices, ["the webhook takes messages again"]);
});

Deno.test("a redirect is a failure whose reason names the remedy", async () => {
  const receiver = new Receiver(301);
  await receiver.send("a");
  assert.match(receiver.deliveries.status.failure!, /301; redirects are not followed/);
  await receiver.deliveries.stop();
});

Deno.test("the jitter spreads the pauses between half and one and a half of their length", async () => {
  for (const [random, pauseMs] of [[0, 2_500], [0.999_999, 7_500]] as const) {
    const clock = new FakeClock();
    const startMs = clock.now();
    const times: number[] = [];
    const deliveries = new Deliveries({
      clock,
      random: () => random,
      post: () => {
        times.push(clock.now() - startMs);
        return Promise.resolve(503);
      },
      onNotice: () => {},
      onWarning: () => {},
    });
    deliveries.send({ id: "a", body: new Uint8Array() });
    await clock.advance(10_000);
    assert.equal(Math.round(times[1]! / 10) * 10, pauseMs);
    await deliveries.stop();
  }
});

Deno.test("a message is given up after its last attempt, and the next one is tried", async () => {
  const receiver = new Receiver(400);
  await receiver.send("a", "b");
  for (let hour = 0; hour < 5 && !receiver.ids().includes("b"); hour++) {
    await receiver.clock.advance(3_600_000);
  }
  assert.deepEqual(receiver.ids().filter((id) => id === "a").length, MAX_ATTEMPTS);
  const { waiting, delivered, lost } = receiver.deliveries.status;
  assert.deepEqual({ waiting, delivered, lost }, { waiting: 1, delivered: 0, lost: 1 });
  await receiver.deliveries.stop();
});

Deno.test("a server that does not answer is given up in time, and asked again", async () => {
  const receiver = new Receiver("silence", 200);
  await receiver.send("a");
  await receiver.clock.advance(ATTEMPT_MS - 1);
  assert.equal(receiver.deliveries.status.failure, undefined);
  await receiver.clock.advance(1);
  assert.match(receiver.deliveries.status.failure!, /did not answer within 30 s/);
  await receiver.clock.advance(5_000);
  assert.deepEqual(receiver.deliveries.status, { waiting: 0, delivered: 1, lost: 0 });
});

Deno.test("status 410 ends all deliveries for good", async () => {
  const receiver = new Receiver(410);
  await receiver.send("a", "b");
  await receiver.send("c");
  await receiver.clock.advance(24 * 3_600_000);
  assert.deepEqual(receiver.ids(), ["a"]);
  assert.equal(receiver.warnings.length, 1);
  const { waiting, lost, failure } = receiver.deliveries.status;
  assert.deepEqual({ waiting, lost }, { waiting: 0, lost: 2 });
  assert.match(failure!, /410/);
});

Deno.test("of too many waiting messages the oldest are dropped, and counted", async () => {
  const receiver = new Receiver("silence", 200);
  const ids = Array.from({ length: MAX_WAITING + 5 }, (_, index) => `${index}`);
  await receiver.send(...ids);
  assert.equal(receiver.deliveries.status.waiting, MAX_WAITING);
  assert.equal(receiver.deliveries.status.lost, 5);
  await receiver.clock.advance(ATTEMPT_MS + 5_000);
  assert.deepEqual(receiver.ids(), ["0", ...ids.slice(5)], "the dropped ones are not sent again");
});

Deno.test("a stop ends a running attempt and a pause at once", async () => {
  for (const answer of ["silence", 500] as const) {
    const receiver = new Receiver(answer);
    await receiver.send("a");
    await receiver.deliveries.stop();
    await receiver.send("b");
    await receiver.clock.advance(3_600_000);
    assert.deepEqual(receiver.ids(), ["a"]);
  }
});
