import assert from "node:assert/strict";
import {
  AnswerLimits,
  CONNECTION_RATE,
  FIRST_QUESTIONS,
  MAX_CONNECTIONS,
  NETWORK_RATE,
  QUESTION_RATE,
} from "../../../../src/engine/rendezvous/limits.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** Opens a connection from an address, and returns what is known of it. */
function connect(limits: AnswerLimits, host: string): { isOpen: boolean } {
  const connection = { isOpen: false };
  const close = () => {
    connection.isOpen = false;
    limits.ended(close);
  };
  connection.isOpen = limits.admits(host, close);
  return connection;
}

Deno.test("a network has a number of connections, and then one a second", async () => {
  const clock = new FakeClock();
  const limits = new AnswerLimits(clock);
  for (let i = 0; i < NETWORK_RATE.burst; i++) {
    assert.ok(connect(limits, `::ffff:80.1.2.${i}`).isOpen);
  }
  assert.ok(!connect(limits, "80.1.2.200").isOpen);
  assert.ok(connect(limits, "80.1.3.1").isOpen, "another network");
  await clock.advance(1_000);
  assert.ok(connect(limits, "80.1.2.201").isOpen);
  assert.ok(!connect(limits, "80.1.2.202").isOpen);
});

Deno.test("connections from this machine and private networks are not limited by network", () => {
  const limits = new AnswerLimits(new FakeClock());
  for (const host of ["127.0.0.1", "::1", "192.168.0.7"]) {
    for (let i = 0; i < NETWORK_RATE.burst + 1; i++) assert.ok(connect(limits, host).isOpen);
  }
});

Deno.test("all networks together have a number of connections, and then some a second", async () => {
  const clock = new FakeClock();
  const limits = new AnswerLimits(clock);
  let networks = 0;
  const connectAll = () => {
    const connections = Array.from({ length: 100 }, () => connect(limits, `80.0.${networks++}.1`));
    return connections.filter(({ isOpen }) => isOpen).length;
  };
  assert.equal(connectAll(), CONNECTION_RATE.burst);
  await clock.advance(1_000);
  assert.equal(connectAll(), CONNECTION_RATE.perSecond);
});

Deno.test("a network that connects without end leaves the others their share", () => {
  const limits = new AnswerLimits(new FakeClock());
  for (let i = 0; i < 1_000; i++) connect(limits, "80.1.2.3");
  assert.equal(limits.count, NETWORK_RATE.burst);
  for (let i = NETWORK_RATE.burst; i < CONNECTION_RATE.burst; i++) {
    assert.ok(connect(limits, `81.0.${i}.1`).isOpen);
  }
});

Deno.test("too many connections close the oldest", async () => {
  const clock = new FakeClock();
  const limits = new AnswerLimits(clock);
  const connections = Array.from(
    { length: MAX_CONNECTIONS },
    (_, i) => connect(limits, `80.${i}.0.1`),
  );
  await clock.advance(1_000);
  for (const host of ["81.0.0.1", "82.0.0.1"]) connections.push(connect(limits, host));
  assert.equal(limits.count, MAX_CONNECTIONS);
  assert.deepEqual(connections.map(({ isOpen }) => isOpen).slice(0, 3), [false, false, true]);
  limits.closeAll();
  assert.equal(limits.count, 0);
  assert.ok(connections.every(({ isOpen }) => !isOpen));
});

Deno.test("questions are answered at a rate", async () => {
  const clock = new FakeClock();
  const limits = new AnswerLimits(clock);
  const take = () => {
    let taken = 0;
    for (let i = 0; i < 1_000; i++) if (limits.takeQuestion(true)) taken++;
    return taken;
  };
  assert.equal(take(), QUESTION_RATE.burst);
  await clock.advance(1_000);
  assert.equal(take(), QUESTION_RATE.perSecond);
});

Deno.test("further questions of a few networks leave the others their first ones", async () => {
  const clock = new FakeClock();
  const limits = new AnswerLimits(clock);
  let further = 0;
  for (let i = 0; i < 1_000; i++) if (limits.takeQuestion(false)) further++;
  assert.equal(further, QUESTION_RATE.burst - FIRST_QUESTIONS);
  // Three networks begin a connection a second each, with four questions; the others ask one each.
  for (let second = 0; second < 60; second++) {
    for (let question = 0; question < 12; question++) limits.takeQuestion(question % 4 === 0);
    for (let other = 0; other < 7; other++) assert.ok(limits.takeQuestion(true));
    await clock.advance(1_000);
  }
});
