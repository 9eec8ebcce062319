/**
 * Measures whether a publisher's packages are found at every moment of a week in which the nodes of a
 * simulated DHT live for an hour: `deno run -A scripts/bench/announce_week.ts [--rounds N]`.
 */

import { toHex } from "../../src/base/mod.ts";
import {
  dayOf,
  nameIndexKeyPair,
  nameIndexSalt,
  nameIndexSlot,
  nameRendezvous,
  publisherRendezvous,
  targetOf,
} from "../../src/records/mod.ts";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { SimulatedDht } from "../../tests/support/simulated_dht.ts";
import { type Contender, type Row, runBenchmarks } from "./harness.ts";
import { manifestTarget, publish, SimulatedHost } from "./simulated_host.ts";

const HOUR_MS = 3_600_000;
const MOMENT_MS = 5 * 60_000;
const HOURS = 7 * 24;
const NODES = 300;
const NAMES = 25;
const VERSIONS = 250;
/** Budget at which the host announces the newest versions by themselves, and the others in turn. */
const SMALL_BUDGET = 4_000;
/** Number of closest nodes that are examined to find 8 live nodes, because some nodes are dead. */
const NEAREST = 24;
const CLOSEST = 8;

async function liveThrough(plans: boolean, budget: number | undefined, seed: number) {
  const clock = new FakeClock(Date.UTC(2027, 0, 5, 1));
  const dht = new SimulatedDht({ clock, nodes: NODES, seed, loss: 0.01, items: { verify: false } });
  const published = publish(NAMES, VERSIONS, clock.now());
  const { publicKey } = published.keys;
  await using host = await SimulatedHost.start({
    ...{ dht, clock, published, plans, budget, seed },
    ...{ isPublisher: true, host: "45.1.7.1" },
  });
  await clock.advance(1.1 * HOUR_MS);
  dht.churn(HOUR_MS);
  await clock.advance(HOUR_MS);
  host.takePackets();
  const near = (target: Uint8Array) =>
    dht.closest(target, NEAREST).filter(({ alive }) => alive).slice(0, CLOSEST);
  const isHeld = (target: Uint8Array) => {
    const targetHex = toHex(target);
    return near(target).some((node) => node.item(targetHex) !== undefined);
  };
  const isNamed = (infoHash: Uint8Array) => {
    const infoHashHex = toHex(infoHash);
    return near(infoHash).some((node) => node.peers(infoHashHex).length > 0);
  };
  const names = [...new Set(published.manifests.map(({ name }) => name))];
  const slot = nameIndexSlot(publicKey);
  const indexTarget = (name: string, day: number) =>
    targetOf(nameIndexKeyPair(name, day).publicKey, nameIndexSalt(name, slot));
  const moments = HOURS * HOUR_MS / MOMENT_MS;
  const found = { name: 0, key: 0, version: 0 };
  let packets = 0;
  for (let i = 0; i < moments; i++) {
    await clock.advance(MOMENT_MS);
    packets += host.takePackets().all;
    const day = dayOf(clock.now());
    // At the rendezvous of the publisher, a peer has its records, also those of one version.
    const meets = plans && isNamed(publisherRendezvous(publicKey));
    for (const name of names) {
      const isIndexed = [day, day - 1].some((one) => isHeld(indexTarget(name, one)));
      if (isIndexed || (plans && isNamed(nameRendezvous(name)))) found.name++;
    }
    if (isHeld(targetOf(publicKey, published.list.salt)) || meets) found.key++;
    for (const minimal of published.manifests) {
      if (meets || isHeld(manifestTarget(published, minimal))) found.version++;
    }
  }
  const lost = (count: number, of: number) => 100 - 100 * count / (of * moments);
  return {
    name: lost(found.name, names.length),
    key: lost(found.key, 1),
    version: lost(found.version, VERSIONS),
    packets: packets / HOURS,
  };
}

const contender = (name: string, plans: boolean, budget?: number): Contender => ({
  name,
  round: (round) => liveThrough(plans, budget, round + 1),
});

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [{
  id: "announce-week",
  title: "A week of a publisher",
  about:
    `A simulated DHT of ${NODES} nodes that live an hour on average; one that dies is replaced, and ` +
    "others name it for 15 minutes more. One packet in a hundred is lost. A publisher's daemon " +
    `announces ${VERSIONS} versions of ${NAMES} names for 7 days, another week in each round. Not ` +
    `found, looked at every 5 minutes: none of the ${CLOSEST} closest living nodes holds the record ` +
    "or names a peer of the rendezvous at which it is answered. By name: the index, or the " +
    "rendezvous of the name; by key: the list, or the rendezvous of the publisher; by exact " +
    "version: the manifest record, or the rendezvous of the publisher. Before: the records alone. " +
    `The small budget is ${SMALL_BUDGET.toLocaleString("en")} packets an hour, so that most ` +
    "versions are not announced by themselves.",
  metrics: [
    { key: "name", name: "not found by name", unit: "%" },
    { key: "key", name: "not found by key", unit: "%" },
    { key: "version", name: "not found by exact version", unit: "%" },
    { key: "packets", name: "packets an hour", unit: "" },
  ],
  contenders: [
    contender("libreseed, small budget", true, SMALL_BUDGET),
    contender("libreseed, default budget", true),
    contender("records alone, as before", false),
  ],
  rounds: 2,
  warmUp: false,
}];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
