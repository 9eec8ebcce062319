/**
 * Measures how available records are over a week in which nodes of a simulated DHT leave and join.
 * A seed gives the same week on every machine. `deno run -A scripts/bench/reannounce_week.ts`.
 */

import { toHex, utf8 } from "../../src/base/mod.ts";
import { DhtManager, type DhtNode, Reannouncer } from "../../src/dht/mod.ts";
import { keyPairFromSeed } from "../../src/identity/mod.ts";
import { bencode } from "../../src/bencode/mod.ts";
import { type MutableItem, targetOf } from "../../src/records/mod.ts";
import { FakeClock } from "../../tests/support/fake_clock.ts";
import { seededRandom, SimulatedDht } from "../../tests/support/simulated_dht.ts";
import { type Contender, type Metric, type Row, runBenchmarks } from "./harness.ts";
import { keepRecord } from "../../tests/support/keep_record.ts";
import { signedItem } from "../../tests/support/signed.ts";

const HOUR_MS = 3_600_000;
/** The default of `reannounce-interval`, in milliseconds. */
const INTERVAL_MS = 50 * 60_000;
const MOMENT_MS = 5 * 60_000;
const HOURS = 7 * 24;
const NODES = 300;
const RECORDS = 50;
/** Number of closest nodes that are examined to find 8 live nodes, because some nodes are dead. */
const NEAREST = 24;
const CLOSEST = 8;
/** Number of nodes that npm:bittorrent-dht queries and puts to: one bucket of npm:k-rpc. */
const LOOP_NODES = 20;

/** Starts to keep the items alive. The first announcements are spread over an hour. */
type Keep = (node: DhtNode, clock: FakeClock, items: MutableItem[]) => void;

function reannouncer(node: DhtNode, clock: FakeClock, items: MutableItem[]): void {
  const keeper = new Reannouncer({
    announcer: new DhtManager({ nodes: () => [node], clock }),
    clock,
    random: seededRandom(3),
    intervalMs: INTERVAL_MS,
    port: 1,
    onReport: () => {},
  });
  for (const [i, item] of items.entries()) {
    keepRecord(keeper, item, clock.now() + i / items.length * HOUR_MS);
  }
}

function loop(node: DhtNode, clock: FakeClock, items: MutableItem[]): void {
  const manager = new DhtManager({
    nodes: () => [node],
    clock,
    storeNodes: LOOP_NODES,
    concurrency: 16,
  });
  for (const [i, item] of items.entries()) {
    const put = () => {
      manager.put(item, { refreshAfterMs: 0 });
      clock.after(HOUR_MS, put);
    };
    clock.after(i / items.length * HOUR_MS, put);
  }
}

async function liveThrough(keep: Keep, lifeHours: number, seed: number) {
  const clock = new FakeClock();
  const items = { verify: false };
  const dht = new SimulatedDht({ clock, nodes: NODES, seed, loss: 0.01, items });
  const client = dht.client({ known: 64 });
  const keys = keyPairFromSeed(new Uint8Array(32));
  const records = Array.from(
    { length: RECORDS },
    (_, i) => signedItem(keys, { salt: utf8(`record ${i}`), seq: 1, value: bencode("x") }),
  );
  const targets = records.map(({ publicKey, salt }) => targetOf(publicKey, salt));
  keep(client, clock, records);
  await clock.advance(1.1 * HOUR_MS);
  dht.churn(lifeHours * HOUR_MS);
  client.sent.length = 0;
  const moments = HOURS * HOUR_MS / MOMENT_MS;
  let found = 0;
  let packets = 0;
  for (let i = 0; i < moments; i++) {
    await clock.advance(MOMENT_MS);
    packets += client.sent.length;
    client.sent.length = 0;
    for (const target of targets) {
      const targetHex = toHex(target);
      const closest = dht.closest(target, NEAREST).filter(({ alive }) => alive).slice(0, CLOSEST);
      if (closest.some((node) => node.item(targetHex))) found++;
    }
  }
  const cases = moments * RECORDS;
  return {
    lost: 100 - 100 * found / cases,
    packets: packets / RECORDS / HOURS,
  };
}

const metrics: Metric[] = [
  { key: "lost", name: "not found", unit: "%" },
  { key: "packets", name: "packets sent, a record and hour", unit: "" },
];

function row(id: string, title: string, lifeHours: number): Row {
  const contender = (name: string, keep: Keep): Contender => ({
    name,
    round: (round) => liveThrough(keep, lifeHours, round + 1),
  });
  const life = lifeHours === 1 ? "an hour" : `${lifeHours} hours`;
  return {
    id,
    title,
    about:
      `A simulated DHT of ${NODES} nodes that live ${life} on average; one that dies is replaced, ` +
      "and others name it for 15 minutes more. One packet in a hundred is lost. " +
      `${RECORDS} records are kept for 7 days, another week in each round. Not found: none of the ` +
      `${CLOSEST} closest living nodes holds the record, looked at every 5 minutes. The loop puts to ` +
      `the ${LOOP_NODES} closest every hour, as bittorrent-dht does, but with libreseed's lookup, ` +
      "which does not wait for the dead.",
    metrics,
    contenders: [contender("libreseed", reannouncer), contender("put, a loop", loop)],
    rounds: 3,
  };
}

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [
  row("reannounce-week", "A week of announcing", 1),
  row("reannounce-week-calm", "A week of announcing, where nodes stay", 8),
];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
