/**
 * The searches of a question at a rendezvous, whose peers end each connection at once.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Asking } from "../../../../src/engine/rendezvous/asking.ts";
import type { HostPort } from "../../../../src/base/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

/** Peers in networks of their own. */
function peers(from: number, count: number): HostPort[] {
  return Array.from({ length: count }, (_, i) => ({
    host: `80.${Math.floor((from + i) / 250)}.${(from + i) % 250}.1`,
    port: 6_881,
  }));
}

/** Asks where each search gets the answers of some nodes; returns the number of searches and of found peers. */
async function asked(...searches: HostPort[][][]): Promise<{ searched: number; found: number }> {
  let searched = 0;
  const asking = new Asking("00".repeat(20), { kind: "name", name: "hello" }, {
    signal: new AbortController().signal,
    findPeers: (onNamed) => {
      for (const answer of searches[searched++] ?? []) onNamed(answer);
      return Promise.resolve();
    },
    isOurs: () => false,
    onAnswer: () => assert.fail("nobody answers"),
  }, {
    clock: new FakeClock(),
    client: undefined as never,
    onQuestion: () => assert.fail("nobody asks"),
    mayDial: () => true,
    introduce: () => {},
    makeSwarm: ({ onEnd }) => ({
      dial(address) {
        queueMicrotask(() => onEnd?.(address));
        return true;
      },
      giveUp: () => false,
      close: () => {},
      destroy: () => {},
    }),
  });
  const { found } = await asking.run();
  return { searched, found };
}

Deno.test("nodes that name only some of their peers are asked twice", async () => {
  const samples = [peers(0, 50), peers(50, 50), peers(100, 50)];
  const others = [peers(150, 50), peers(200, 50)];
  assert.deepEqual(await asked(samples, others), { searched: 2, found: 250 });
  assert.deepEqual(await asked(samples, others, samples), { searched: 2, found: 250 });
});

Deno.test("nodes that name all of their peers are asked once, also if some came just now", async () => {
  const answers = [peers(0, 50), peers(0, 60), peers(10, 50), []];
  assert.deepEqual(await asked(answers), { searched: 1, found: 60 });
  assert.deepEqual(await asked([peers(0, 8), peers(8, 8)]), { searched: 1, found: 16 });
  assert.deepEqual(await asked([]), { searched: 1, found: 0 });
});
