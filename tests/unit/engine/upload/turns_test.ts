import assert from "node:assert/strict";
import { Turns, type Waiter } from "../../../../src/engine/upload/turns.ts";

interface Peer extends Waiter {
  name: string;
  had: number;
}

const limits = { most: 1, catchUpBytes: 100, patience: 4 };

/** Turns of ten bytes, one after the other; `next` ends the one that is under way. */
class Table {
  readonly order: string[] = [];
  readonly #under: { peer: Peer; over: () => void }[] = [];
  readonly turns: Turns<Peer>;

  constructor(options: Partial<typeof limits> = {}) {
    this.turns = new Turns<Peer>({ ...limits, ...options }, (peer, over) => {
      this.order.push(peer.name);
      this.#under.push({ peer, over });
      peer.had += 10;
      return 10;
    });
  }

  get underWay(): string[] {
    return this.#under.map(({ peer }) => peer.name);
  }

  /** @param again whether it wants another one at once */
  next(again = true): void {
    const { peer, over } = this.#under.shift()!;
    // As with a connection: it is known to want more when the next turn has been given.
    over();
    if (again) this.turns.wait(peer);
  }
}

function peers(...names: string[]): Peer[] {
  return names.map((name) => ({ name, had: 0 }));
}

Deno.test("those who have had the same take turns", () => {
  const table = new Table();
  const [a, b, c] = peers("a", "b", "c");
  for (const peer of [a, b, c]) table.turns.wait(peer!);
  for (let n = 0; n < 30; n++) table.next();
  const had = [a, b, c].map((peer) => peer!.had);
  assert.ok(Math.max(...had) - Math.min(...had) <= 20, `${had}`);
});

Deno.test("who has had least is next, and who comes later catches up", () => {
  const table = new Table();
  const [early, ...late] = peers("early", "b", "c", "d");
  table.turns.wait(early!);
  for (let n = 0; n < 8; n++) table.next();
  assert.equal(early!.had, 90);
  for (const peer of late) table.turns.wait(peer);
  for (let n = 0; n < 30; n++) table.next();
  // It had one turn of each sixteen meanwhile.
  assert.ok(early!.had <= 120, `${early!.had}`);
  assert.ok(late.every(({ had }) => had >= 80), `${late.map(({ had }) => had)}`);
});

Deno.test("nobody catches up with more than is allowed, nor who comes again", () => {
  const table = new Table({ patience: Infinity });
  const [early, late] = peers("early", "late");
  table.turns.wait(early!);
  for (let n = 0; n < 99; n++) table.next();
  assert.equal(early!.had, 1_000);
  table.turns.wait(late!);
  for (let n = 0; n < 20; n++) table.next();
  assert.ok(late!.had >= 100 && late!.had <= 160, `${late!.had}`);
  // One that was away for long has nothing to catch up with more than a new one.
  const [away] = peers("away");
  away!.turnBytes = 10;
  table.turns.wait(away!);
  for (let n = 0; n < 40; n++) table.next();
  assert.ok(away!.had <= 230, `${away!.had}`);
});

Deno.test("who waits has its turn before long, whatever it had, and however many come anew", () => {
  const table = new Table();
  const [early] = peers("early");
  table.turns.wait(early!);
  for (let n = 0; n < 20; n++) table.next();
  const had = early!.had;
  // Three wait at any time that never had anything.
  for (let n = 0; n < 3; n++) table.turns.wait(peers("new")[0]!);
  for (let n = 0; n < 160; n++) {
    const wasEarly = table.underWay[0] === "early";
    table.next(wasEarly);
    if (!wasEarly) table.turns.wait(peers("new")[0]!);
  }
  assert.ok(early!.had - had >= 80 && early!.had - had <= 120, `${early!.had - had}`);
});

Deno.test("as many turns as allowed are under way, and each waiter has one of them", () => {
  const table = new Table({ most: 2 });
  const [a, b, c] = peers("a", "b", "c");
  for (const peer of [a, b, c, c]) table.turns.wait(peer!);
  assert.deepEqual(table.underWay, ["a", "b"]);
  table.next(false);
  assert.deepEqual(table.underWay, ["b", "c"]);
  table.next(false);
  table.next(false);
  assert.deepEqual(table.underWay, []);
  assert.deepEqual(table.order, ["a", "b", "c"]);
});

Deno.test("a turn for which there is nothing to read goes to the next one at once", () => {
  const begun: string[] = [];
  const turns = new Turns<Peer>({ ...limits, most: 1 }, ({ name }, over) => {
    if (name === "gone") return 0;
    begun.push(name);
    // Read already.
    over();
    return 10;
  });
  for (const peer of peers("gone", "gone", "a", "gone", "b")) turns.wait(peer);
  assert.deepEqual(begun, ["a", "b"]);
});
