/** Seeders of a publisher: the claims of the peers at its rendezvous, and how they are shown. */

import assert from "node:assert/strict";
import { describeSeeders } from "../../../src/cli/terminal/found_seeders.ts";
import type { Operations } from "../../../src/control/mod.ts";
import { findSeeders } from "../../../src/fetching/mod.ts";
import { FetchingError } from "../../../src/fetching/errors.ts";
import type { SeederFacts } from "../../../src/records/mod.ts";

const publicKey = new Uint8Array(32).fill(7);

/** Answers a question as peers with these facts do; a peer without facts seeds nothing of the publisher. */
function answering(...facts: (SeederFacts | undefined)[]): Pick<Operations, "askRendezvous"> {
  return {
    askRendezvous(question, { onEvent } = {}) {
      assert.deepEqual(question, { publicKey });
      facts.forEach((seeder, at) =>
        onEvent?.({ entries: [], items: [], ...(seeder && { seeder }), from: `192.0.2.${at}` })
      );
      const answered = facts.length;
      return Promise.resolve({ found: answered + 1, dialled: answered + 1, answered });
    },
  };
}

const small: SeederFacts = { version: "0.3.0", archives: 1, bytes: 2_048, uptimeSeconds: 90 };
const large = { version: "0.4.0-rc.1", archives: 12, bytes: 1 << 30, uptimeSeconds: 90_000 };

Deno.test("the facts of all peers are shown as claims, those with the most bytes first", async () => {
  const found = await findSeeders(answering(small, undefined, large), publicKey);
  assert.deepEqual(found, {
    found: 4,
    answered: 3,
    seeders: [{ ...large, from: "192.0.2.2" }, { ...small, from: "192.0.2.0" }],
  });
  assert.deepEqual(describeSeeders(found), [
    "4 that the DHT names for the publisher, 3 answered; they claim:",
    "192.0.2.2  libreseed 0.4.0-rc.1, 12 archives, 1.0 GiB, up 1d01h",
    "192.0.2.0  libreseed 0.3.0, 1 archive, 2.0 KiB, up 1m30s",
  ]);
  assert.deepEqual(describeSeeders(await findSeeders(answering(), publicKey)), [
    "1 that the DHT names for the publisher, 0 answered",
  ]);
});

Deno.test("what a peer claims can neither steer the terminal nor fill it", async () => {
  const max = 2 ** 53 - 1;
  const lie = { version: "\u001b[2J\nok", archives: max, bytes: max, uptimeSeconds: max };
  const found = await findSeeders(answering(lie), publicKey);
  assert.equal("version" in found!.seeders[0]!, false);
  assert.deepEqual(describeSeeders(found).slice(1), [
    "192.0.2.0  libreseed of unknown version, 9007199254740991 archives, 8.0 PiB, up more than a hundred years",
  ]);
  const many = describeSeeders(await findSeeders(answering(...Array(64).fill(small)), publicKey));
  assert.equal(many.length, 12);
  assert.equal(many.at(-1), "… and 54 more (--json lists all)");
});

Deno.test("a host that cannot ask is named as such, and Ctrl-C ends the question", async () => {
  const error = new FetchingError("network", "DHT_OFF", "the DHT is off");
  const failing = { askRendezvous: () => Promise.reject(error) };
  const found = await findSeeders(failing, publicKey);
  assert.deepEqual(describeSeeders(found), [
    "unknown: the rendezvous of the publisher could not be asked",
  ]);
  await assert.rejects(
    findSeeders(failing, publicKey, AbortSignal.abort(new Error("C"))),
    /^Error: C$/,
  );
  const broken = { askRendezvous: () => Promise.reject(new TypeError("a fault")) };
  await assert.rejects(findSeeders(broken, publicKey), /a fault/);
});

Deno.test("what this command has asked already is not asked again, unless the answer is incomplete", async () => {
  const seeder = { version: "0.3.0", archives: 1, bytes: 1, uptimeSeconds: 1 };
  const answers = [{ entries: [], items: [], seeder, from: "192.0.2.9" }];
  const asked = { found: 3, dialled: 2, answered: 1 };
  const again = answering(small, small);
  const before = (known: unknown) => ({ asked: () => known }) as never;
  const of = async (known: unknown) =>
    (await findSeeders(again, publicKey, undefined, before(known)))!;
  assert.deepEqual(await of({ asked, answers }), {
    found: 3,
    answered: 1,
    seeders: [{ ...seeder, from: "192.0.2.9" }],
  });
  assert.equal((await of({ asked: undefined, answers })).seeders.length, 2);
  assert.equal((await of(undefined)).found, 3);
});
