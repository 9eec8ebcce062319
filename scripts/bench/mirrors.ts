/**
 * Measures idle mirrors of the same packages on one machine: `deno run -A scripts/bench/mirrors.ts
 * [--rounds N] [ROW…]`. Needs network namespaces, and therefore root.
 */

import { fileURLToPath } from "node:url";
import { type Contender, type Figures, type Row, runBenchmarks } from "./harness.ts";
import { missing } from "./idle.ts";
import { Program } from "./program.ts";

const inside = fileURLToPath(new URL("./mirrors_inside.ts", import.meta.url));
/** An address outside 127.0.0.0/8, because Transmission accepts no DHT nodes in 127.0.0.0/8. */
const setUp =
  'ip link set lo up && ip addr add 10.77.0.1/32 dev lo && ip addr add 10.77.0.2/32 dev lo && exec "$@"';

function contender(name: string, dht: "on" | "off"): Contender {
  return {
    name,
    missing: () => missing(name),
    async round() {
      const run = [Deno.execPath(), "run", "-q", "-A"];
      const args = ["-n", "sh", "-c", setUp, "sh", ...run, inside, name, dht];
      await using program = new Program("unshare", args);
      return await program.next<Figures>();
    },
  };
}

function row(id: string, dht: "on" | "off", about: string): Row {
  return {
    id,
    title: "8 mirrors of the same 100 packages, idle" + (dht === "on" ? "" : ", without a DHT"),
    about: "CPU of all of them together, in the minute in which they are started one after the " +
      `other and in the minute after that. ${about}`,
    metrics: [
      { key: "startSeconds", name: "CPU in the first minute", unit: "s" },
      { key: "seconds", name: "CPU in the second", unit: "s" },
      ...(dht === "off" ? [] : [
        { key: "startQueries", name: "queries in the first minute", unit: "" },
        { key: "queries", name: "queries in the second", unit: "" },
      ]),
    ],
    contenders: [contender("libreseed", dht), contender("transmission", dht)],
    rounds: 1,
    warmUp: false,
  };
}

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [
  row(
    "mirrors",
    "on",
    "A testnet of 20 nodes, in a namespace with them; queries are those that it received. Ours were " +
      "announced before, and are due one after the other: torrents within 26 minutes, records and " +
      "names within 60. Transmission announces torrents only: all within a minute after its start, " +
      "then each after 25 minutes or so.",
  ),
  row("mirrors-no-dht", "off", "What they cost when there is nothing to announce to."),
];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
