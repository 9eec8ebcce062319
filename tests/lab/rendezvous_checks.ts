/**
 * Checks of rendezvous: a reader behind a home router that lets nobody in asks peers, of which one is
 * behind such a router, too.
 *
 * @module
 */

import assert from "node:assert/strict";
import { spawnCli } from "../support/mod.ts";
import { denoScript } from "./dht.ts";
import type { Lab } from "./lab.ts";
import type { Place } from "./network.ts";
import { homeRouter } from "./router.ts";

const timeoutMs = 2 ** 31 - 1;

/** Checks by name. Each takes a lab without hosts. */
export const rendezvousChecks: Record<string, (lab: Lab) => Promise<void>> = {
  async "a reader behind a port-restricted router asks the peers that can be dialled"(lab) {
    const nat = "port-restricted";
    const hidden = await (await homeRouter(lab.network, "theirs", { nat })).host("hidden");
    const reader = await (await homeRouter(lab.network, "ours", { nat })).host("reader");
    const [bootstrap] = lab.dht.bootstrap as [string];
    const run = (place: Place, ...args: string[]) =>
      spawnCli([...args, bootstrap], {
        program: [...place.enter, ...denoScript("./rendezvous_worker.ts")],
        timeoutMs,
      });
    for (const [archives, place] of [await lab.network.host("met"), hidden].entries()) {
      const met = lab.network.owns(run(place, "met", `${archives + 1}`));
      await met.waitForLine(/^ready$/, "stdout");
    }
    const { code, stdout, stderr } = await run(reader, "ask").result;
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), {
      asked: { found: 2, dialled: 2, answered: 1 },
      archives: [1],
    });
  },
};
