/**
 * How soon a reader has a small package from a seeder of its own home, which has run for a while, so
 * that only the reader's announcement (BEP 14) brings them together.
 *
 * @module
 */

import { homeWithoutInternet, offline } from "./lan_checks.ts";
import { libtorrent } from "./programs.ts";
import type { Pair, Topology } from "./topologies.ts";

const SMALL = 20_000;
const LIMIT_MS = 60_000;
/** Time after which libtorrent 2.0 has repeated its first announcement twice (ms). */
const ANNOUNCED_MS = 8_000;

/** Reading from a neighbour. */
export const lanTopology: Topology = {
  name: "lan",
  about: "a home without the internet, whose seeder has run for 8 s",
  needs: ["python3-libtorrent"],
  isShort: false,
  maxRounds: 5,
  async build(lab) {
    const router = await homeWithoutInternet(lab);
    const found: Pair[] = [];
    const programs = [offline, libtorrent()];
    for (const seeder of programs) {
      const subject = await lab.pack(`lan-${found.length}`, SMALL);
      await seeder.seed(lab, await router.host(`s${found.length}`), subject);
      for (const reader of programs) {
        const name = `r${found.length}`;
        let round = 0;
        found.push({
          seeder: seeder.name,
          reader: reader.name,
          // A program treats a peer that comes again otherwise, so each round has a new host.
          async measure() {
            const place = await router.host(`${name}-${round++}`);
            return await lab.read(reader.read, place, subject, LIMIT_MS);
          },
        });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, ANNOUNCED_MS));
    return found;
  },
};
