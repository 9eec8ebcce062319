/**
 * Measures whether a publisher's packages are found at every moment of a week in which the nodes of a
 * simulated DHT live for an hour: `deno run -A scripts/bench/announce_week.ts [--hours N] [--rounds N]`.
 * The default are the hours of a week. The state after each simulated day is printed to standard error.
 */

import { parseArgs } from "node:util";
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
import { type Contender, type Figures, type Row, runBenchmarks } from "./harness.ts";
import { manifestTarget, publish, SimulatedHost } from "./simulated_host.ts";

const HOUR_MS = 3_600_000;
const MOMENT_MS = 5 * 60_000;
const WEEK_HOURS = 7 * 24;
const DAY_MOMENTS = 24 * HOUR_MS / MOMENT_MS;
const NODES = 300;
const NAMES = 25;
const VERSIONS = 250;
/** Budget at which the host announces the newest versions by themselves, and the others in turn. */
const SMALL_BUDGET = 4_000;
/** Number of closest nodes that are examined to find 8 live nodes, because some nodes are dead. */
const NEAREST = 24;
const CLOSEST = 8;

/** Time limit of one simulated week (s). On a busy machine it takes longer than other benchmarks. */
const MOST_SECONDS = 6 * 3_600;

/** Options of {@linkcode liveThrough}. */
export interface LifeOptions {
  hours: number;
  nodes: number;
  names: number;
  versions: number;
  /** Whether the host keeps to its budget, with rendezvous. Otherwise it announces records alone. */
  plans: boolean;
  /** Packets an hour; the default of `announce-budget` unless given. */
  budget?: number;
  seed: number;
  /** Called after each simulated day with the figures so far. */
  onDay?: (day: number, figures: Life) => void;
}

/** Shares of moments at which a package was not found (%), and packets an hour. */
export interface Life extends Figures {
  name: number;
  key: number;
  version: number;
  packets: number;
}

/** Lets a publisher's host live in a simulated DHT, and looks every 5 minutes for what it announces. */
export async function liveThrough(options: LifeOptions): Promise<Life> {
  const { hours, nodes, versions, plans, budget, seed, onDay } = options;
  const clock = new FakeClock(Date.UTC(2027, 0, 5, 1));
  const dht = new SimulatedDht({ clock, nodes, seed, loss: 0.01, items: { verify: false } });
  const published = publish(options.names, versions, clock.now());
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
  const moments = hours * HOUR_MS / MOMENT_MS;
  const found = { name: 0, key: 0, version: 0 };
  let packets = 0;
  const figures = (passed: number): Life => {
    const lost = (count: number, of: number) => 100 - 100 * count / (of * passed);
    return {
      name: lost(found.name, names.length),
      key: lost(found.key, 1),
      version: lost(found.version, versions),
      packets: packets * HOUR_MS / MOMENT_MS / passed,
    };
  };
  for (let i = 1; i <= moments; i++) {
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
    if (i % DAY_MOMENTS === 0) onDay?.(i / DAY_MOMENTS, figures(i));
  }
  return figures(moments);
}

const contender = (hours: number, name: string, plans: boolean, budget?: number): Contender => ({
  name,
  round: (round) =>
    liveThrough({
      ...{ hours, nodes: NODES, names: NAMES, versions: VERSIONS },
      ...{ plans, budget, seed: round + 1 },
      onDay: (day, { name: byName, key, version, packets }) =>
        console.error(
          `${name}, after day ${day}: not found by name ${byName.toFixed(3)} %, ` +
            `by key ${key.toFixed(3)} %, by version ${version.toFixed(3)} %, ` +
            `${packets.toFixed(0)} packets an hour`,
        ),
    }),
});

const row = (hours: number): Row => ({
  id: "announce-week",
  title: hours === WEEK_HOURS ? "A week of a publisher" : `${hours} hours of a publisher`,
  about:
    `A simulated DHT of ${NODES} nodes that live an hour on average; one that dies is replaced, and ` +
    "others name it for 15 minutes more. One packet in a hundred is lost. A publisher's daemon " +
    `announces ${VERSIONS} versions of ${NAMES} names for ${hours} hours, others in each round. Not ` +
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
    contender(hours, "libreseed, small budget", true, SMALL_BUDGET),
    contender(hours, "libreseed, default budget", true),
    contender(hours, "records alone, as before", false),
  ],
  rounds: 2,
  warmUp: false,
  mostSeconds: MOST_SECONDS,
});

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [row(WEEK_HOURS)];

/**
 * Takes `--hours N` out of the arguments, and leaves the others to the harness.
 *
 * @throws RangeError if N is not a whole number above 0
 */
export function takeHours(args: string[]): { hours: number; others: string[] } {
  const options = { hours: { type: "string" } } as const;
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true });
  const given = tokens.find((token) => token.kind === "option" && token.name === "hours");
  if (given?.kind !== "option") return { hours: WEEK_HOURS, others: args };
  const hours = Number(given.value);
  if (!Number.isInteger(hours) || hours < 1) {
    throw new RangeError(`--hours takes a whole number above 0, not ${given.value}`);
  }
  return { hours, others: args.toSpliced(given.index, given.inlineValue ? 1 : 2) };
}

if (import.meta.main) {
  const { hours, others } = takeHours(Deno.args);
  Deno.exit(await runBenchmarks([row(hours)], others));
}
