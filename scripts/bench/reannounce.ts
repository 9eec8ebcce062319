/**
 * Measures the cost of keeping DHT records alive: libreseed's reannouncer, and a loop over `put` of
 * npm:bittorrent-dht. `deno run -A scripts/bench/reannounce.ts`.
 */

import { startNetwork } from "./dht_network.ts";
import { type Contender, type Metric, type Row, runBenchmarks } from "./harness.ts";
import { Program } from "./program.ts";
import type { Cycle, Keeper } from "./reannounce_node.ts";
import { rows as week } from "./reannounce_week.ts";

const NODES = 100;
const RECORDS = 500;
const HOUR_MS = 3_600_000;

function contender(name: string, keeper: Keeper): Contender {
  return {
    name,
    async round() {
      await using testnet = await startNetwork(NODES);
      await using program = Program.module(
        "./reannounce_node.ts",
        keeper,
        testnet.bootstrap,
        `${RECORDS}`,
      );
      const { first, again } = await program.next<{ first: Cycle; again: Cycle }>();
      return {
        anHour: HOUR_MS / again.cpuMs,
        packets: again.packets,
        bytes: again.bytes,
        hourly: again.packets * again.anHour,
        firstPackets: first.packets,
      };
    },
  };
}

const metrics: Metric[] = [
  { key: "anHour", name: "records in an hour of one core", unit: "" },
  { key: "packets", name: "packets a record", unit: "" },
  { key: "hourly", name: "packets a record and hour", unit: "" },
  { key: "bytes", name: "bytes a record", unit: "" },
  { key: "firstPackets", name: "packets a record, the first time", unit: "" },
];

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [
  {
    id: "reannounce",
    title: "Announcing records again",
    about:
      `A testnet of ${NODES} nodes, new for each run. Each contender, in a process of its own, puts ` +
      `${RECORDS} records of 300 bytes, and twice again as if the time had come each time: libreseed ` +
      "by its re-announcing, with 1,000 packets a second as limit, bittorrent-dht by one `put` after the " +
      "other, with a higher seq each time. Packets and bytes are UDP payload, both ways. The figures " +
      "are those of the second and third time; libreseed announces every 50 minutes, the loop once an " +
      "hour.",
    metrics,
    contenders: [contender("libreseed", "reannouncer"), contender("dht.put, a loop", "loop")],
    rounds: 5,
  },
];

if (import.meta.main) Deno.exit(await runBenchmarks([...rows, ...week], Deno.args));
