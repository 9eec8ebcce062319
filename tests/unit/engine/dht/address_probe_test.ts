/** Tests how often DHT nodes are asked at which address they see us. */

import assert from "node:assert/strict";
import { AddressProbe } from "../../../../src/engine/dht/address_probe.ts";
import type { Krpc } from "../../../../src/engine/libraries/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";

const CONTACTS = Array.from({ length: 24 }, (_, i) => ({ host: `45.${i + 1}.1.1`, port: 6881 }));

/** Starts a probe; `asked` has the number of nodes asked in each of the last ten seconds. */
function begin(knowsAddress: () => boolean) {
  let asked = 0;
  let searches = 0;
  const krpc = {
    id: new Uint8Array(20),
    nodes: { closest: (_id: Uint8Array, count: number) => CONTACTS.slice(0, count) },
    socket: { query: () => asked++ },
    populate: () => searches++,
  };
  const clock = new FakeClock();
  const probe = new AddressProbe(krpc as unknown as Krpc, { clock, family: 4, knowsAddress });
  probe.start();
  return {
    probe,
    searches: () => searches,
    async next(count: number): Promise<number[]> {
      const counts: number[] = [];
      for (let i = 0; i < count; i++) {
        asked = 0;
        await clock.advance(10_000);
        counts.push(asked);
      }
      return counts;
    },
  };
}

Deno.test("while our address is unknown, many nodes are asked, after longer and longer pauses", async () => {
  let isKnown = false;
  const { probe, next, searches } = begin(() => isKnown);
  assert.deepEqual(await next(7), [16, 1, 16, 1, 1, 1, 16]);
  assert.equal(searches(), 3, "and nodes beyond the table are searched each time");
  const later = await next(180);
  assert.equal(later.filter((count) => count === 16).length, 7, "each five minutes in the end");
  isKnown = true;
  assert.deepEqual(await next(40), Array(40).fill(1));
  isKnown = false;
  assert.deepEqual(await next(2), [16, 1], "the pauses are short again");
  probe.stop();
});
