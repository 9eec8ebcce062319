/**
 * Measures how often, and how soon, a bare name is resolved while a vandal holds its index and crowds its
 * rendezvous. The contenders are what the vandal's peers do, and a reader who knows the index only.
 * `deno run -A scripts/bench/vandal.ts`.
 */

import { type VandalOptions, VandalWorld } from "../../tests/support/vandal.ts";
import { type Contender, type Figures, type Metric, type Row, runBenchmarks } from "./harness.ts";

const READERS = 100;

async function resolveAll(options: VandalOptions, atRendezvous: boolean): Promise<Figures> {
  await using vandal = await VandalWorld.make(options);
  const found: number[] = [];
  for (let i = 0; i < READERS; i++) {
    const { found: isFound, ms } = await vandal.resolve({ atRendezvous });
    if (isFound) found.push(ms / 1_000);
  }
  found.sort((a, b) => a - b);
  const lost = 100 - 100 * found.length / READERS;
  if (found.length === 0) return { lost };
  return { lost, median: found[Math.floor(found.length / 2)]!, last: found.at(-1)! };
}

const metrics: Metric[] = [
  { key: "lost", name: "not found", unit: "%" },
  { key: "median", name: "half are found after", unit: "s" },
  { key: "last", name: "the last one after", unit: "s" },
];

function contender(name: string, options: VandalOptions, atRendezvous = true): Contender {
  return { name, round: (round) => resolveAll({ ...options, seed: round + 1 }, atRendezvous) };
}

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [
  {
    id: "vandal",
    title: "A vandal at a name",
    about:
      `All slots of a name's index are locked, of yesterday, today and tomorrow, and the 8 nodes closest ` +
      "to the rendezvous know 1,000 peers of a vandal, 20 in each of 50 networks, and 10 honest ones, of " +
      `which a node names 100 drawn at random. ${READERS} readers a round resolve the name, each in a new ` +
      "home. Lookups, the choice of peers, the conversation and the reading are libreseed's own code; " +
      "the network and the time are simulated: 200 nodes, 20 to 150 ms to a node, 200 ms there and back to " +
      "a peer, whose connection takes two round trips.",
    metrics,
    contenders: [
      contender("a quarter each", {}),
      contender("all dead", { misdeeds: ["dead"] }),
      contender("all silent", { misdeeds: ["silent"] }),
      contender("all forge", { misdeeds: ["forges"] }),
      contender("all strangers", { misdeeds: ["stranger"] }),
      contender("50 peers in an answer", { inAnAnswer: 50 }),
      contender("the index alone", {}, false),
    ],
    rounds: 5,
    warmUp: false,
  },
];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
