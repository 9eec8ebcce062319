import assert from "node:assert/strict";
import { FairQueue, type Flow } from "../../../../src/engine/upload/fair_queue.ts";

interface Peer extends Flow {
  name: string;
  had: number;
}

const limits = { maxConcurrent: 1, maxLagBytes: 100, maxRoundsWaited: 4 };

/** A fair queue in which each service counts ten bytes. `next` ends the oldest running service. */
class Harness {
  readonly order: string[] = [];
  readonly #under: { peer: Peer; over: () => void }[] = [];
  readonly queue: FairQueue<Peer>;

  constructor(options: Partial<typeof limits> = {}) {
    this.queue = new FairQueue<Peer>({ ...limits, ...options }, (peer, over) => {
      this.order.push(peer.name);
      this.#under.push({ peer, over });
      peer.had += 10;
      return 10;
    });
  }

  get underWay(): string[] {
    return this.#under.map(({ peer }) => peer.name);
  }

  /**
   * Ends the oldest running service.
   *
   * @param again whether the peer has another request waiting
   */
  next(again = true): void {
    const { peer, over } = this.#under.shift()!;
    // As with a real connection, the peer's next request is queued only after the service of the
    // next peer has begun.
    over();
    if (again) this.queue.enqueue(peer);
  }
}

function peers(...names: string[]): Peer[] {
  return names.map((name) => ({ name, had: 0 }));
}

Deno.test("flows with equal virtual time alternate", () => {
  const harness = new Harness();
  const [a, b, c] = peers("a", "b", "c");
  for (const peer of [a, b, c]) harness.queue.enqueue(peer!);
  for (let n = 0; n < 30; n++) harness.next();
  const had = [a, b, c].map((peer) => peer!.had);
  assert.ok(Math.max(...had) - Math.min(...had) <= 20, `${had}`);
});

Deno.test("the flow with the lowest virtual time is served first, so a late flow catches up", () => {
  const harness = new Harness();
  const [early, ...late] = peers("early", "b", "c", "d");
  harness.queue.enqueue(early!);
  for (let n = 0; n < 8; n++) harness.next();
  assert.equal(early!.had, 90);
  for (const peer of late) harness.queue.enqueue(peer);
  for (let n = 0; n < 30; n++) harness.next();
  // The early flow waits for at most four rounds of four flows, so it got only about one service in
  // sixteen.
  assert.ok(early!.had <= 120, `${early!.had}`);
  assert.ok(late.every(({ had }) => had >= 80), `${late.map(({ had }) => had)}`);
});

Deno.test("a late or returning flow catches up with at most maxLagBytes", () => {
  const harness = new Harness({ maxRoundsWaited: Infinity });
  const [early, late] = peers("early", "late");
  harness.queue.enqueue(early!);
  for (let n = 0; n < 99; n++) harness.next();
  assert.equal(early!.had, 1_000);
  harness.queue.enqueue(late!);
  for (let n = 0; n < 20; n++) harness.next();
  assert.ok(late!.had >= 100 && late!.had <= 160, `${late!.had}`);
  // A flow that returns after a long absence catches up by no more bytes than a new flow does.
  const [away] = peers("away");
  away!.virtualTimeBytes = 10;
  harness.queue.enqueue(away!);
  for (let n = 0; n < 40; n++) harness.next();
  assert.ok(away!.had <= 230, `${away!.had}`);
});

Deno.test("no flow starves, whatever its virtual time and however many new flows arrive", () => {
  const harness = new Harness();
  const [early] = peers("early");
  harness.queue.enqueue(early!);
  for (let n = 0; n < 20; n++) harness.next();
  const had = early!.had;
  // At any time, three flows that have never been served are in the queue.
  for (let n = 0; n < 3; n++) harness.queue.enqueue(peers("new")[0]!);
  for (let n = 0; n < 160; n++) {
    const wasEarly = harness.underWay[0] === "early";
    harness.next(wasEarly);
    if (!wasEarly) harness.queue.enqueue(peers("new")[0]!);
  }
  assert.ok(early!.had - had >= 80 && early!.had - had <= 120, `${early!.had - had}`);
});

Deno.test("maxConcurrent services run at once, at most one for each flow", () => {
  const harness = new Harness({ maxConcurrent: 2 });
  const [a, b, c] = peers("a", "b", "c");
  for (const peer of [a, b, c, c]) harness.queue.enqueue(peer!);
  assert.deepEqual(harness.underWay, ["a", "b"]);
  harness.next(false);
  assert.deepEqual(harness.underWay, ["b", "c"]);
  harness.next(false);
  harness.next(false);
  assert.deepEqual(harness.underWay, []);
  assert.deepEqual(harness.order, ["a", "b", "c"]);
});

Deno.test("a service of 0 bytes passes to the next flow at once", () => {
  const begun: string[] = [];
  const queue = new FairQueue<Peer>(limits, ({ name }, over) => {
    if (name === "gone") return 0;
    begun.push(name);
    // End the service while the callback that begins the service is still running.
    over();
    return 10;
  });
  for (const peer of peers("gone", "gone", "a", "gone", "b")) queue.enqueue(peer);
  assert.deepEqual(begun, ["a", "b"]);
});
