/**
 * Measures what a shared DHT node saves, for each address family: traffic and memory of one engine
 * whose node the DHT manager borrows, compared with two separate nodes that do the same work. `deno
 * run -A scripts/bench/shared_dht.ts`.
 */

import { Buffer } from "node:buffer";
import DHT from "bittorrent-dht";
import type { Family } from "../../src/base/mod.ts";
import { parseHostPort } from "../../src/config/mod.ts";
import { ALIAS, Ipv6Socket } from "../../src/testnet/ipv6_socket.ts";
import type { Testnet } from "../../src/testnet/mod.ts";
import { type Count, countKeys } from "./counted_socket.ts";
import { startNetwork } from "./dht_network.ts";
import type { SideName } from "./dht_sides.ts";
import { type Contender, type Metric, type Row, runBenchmarks } from "./harness.ts";
import { Program } from "./program.ts";

/** The amount of work of a run. */
interface Size {
  /** Number of nodes of the testnet. */
  nodes: number;
  /** Number of records, and also number of torrents. */
  records: number;
  /** Number of lookups by other nodes while the measured program is idle. */
  others: number;
}

const FULL: Size = { nodes: 100, records: 100, others: 200 };
const SHORT: Size = { nodes: 12, records: 4, others: 4 };
/** BEP 44's K: the number of nodes that should hold a record. */
const HOLDERS = 8;

const phases = ["join", "records", "torrents", "others"] as const;
type Phase = typeof phases[number];

interface PhaseReport {
  phase: Phase;
  count: Count;
  targets?: string[];
  found?: number;
  residentBytes?: number;
}

function contender(
  name: string,
  side: SideName,
  { family, size, isMemoryTold = true }: { family: Family; size: Size; isMemoryTold?: boolean },
): Contender {
  return {
    name,
    async round() {
      await using testnet = await startNetwork(size.nodes, family);
      await using program = Program.module(
        "./shared_dht_node.ts",
        side,
        testnet.bootstrap,
        `${size.records}`,
      );
      const figures: Record<string, number> = { packets: 0, bytes: 0 };
      for (const phase of phases) {
        if (phase === "others") {
          await lookUpAsOthers(testnet, size.others);
          program.go();
        }
        const report = await program.next<PhaseReport>();
        checkWork(report, testnet, size);
        add(figures, report);
        if (isMemoryTold && report.residentBytes !== undefined) {
          figures.memory = report.residentBytes / 2 ** 20;
        }
      }
      return figures;
    },
  };
}

/**
 * Checks that the measured program did all of its work. Otherwise its figures could not be
 * compared.
 */
function checkWork(
  { phase, targets, found }: PhaseReport,
  testnet: Testnet,
  { records }: Size,
): void {
  for (const target of targets ?? []) {
    const holders = testnet.holders(target)
      .filter((node) => node.holds(target)!.seq === 2).length;
    // One of the eight holders may be the second node of the measured program, which is not
    // counted.
    if (holders < HOLDERS - 1) throw new Error(`a record is on ${holders} nodes only`);
  }
  if (phase === "torrents" && found !== records) {
    throw new Error(`peers of ${found} of ${records} torrents were found`);
  }
}

function add(figures: Record<string, number>, { phase, count }: PhaseReport): void {
  const packets = count.packetsIn + count.packetsOut;
  const bytes = count.bytesIn + count.bytesOut;
  figures[phase] = packets;
  figures.packets! += packets;
  figures.bytes! += bytes / 1_000;
  for (const key of countKeys) {
    const unit = key.startsWith("bytes") ? 1_000 : 1;
    figures[key] = (figures[key] ?? 0) + count[key] / unit;
  }
}

/** Looks torrents up with a node of npm:bittorrent-dht, which the socket makes one of IPv6. */
async function lookUpAsOthers({ bootstrap }: Testnet, others: number): Promise<void> {
  const { host, port } = parseHostPort(bootstrap);
  const dht = new DHT(
    host.includes(":")
      ? { bootstrap: [`${ALIAS}:${port}`], socket: new Ipv6Socket() }
      : { bootstrap: [bootstrap] },
  );
  await new Promise<void>((resolve) => dht.once("ready", resolve));
  for (let i = 0; i < others; i++) {
    const infoHash = Buffer.from(crypto.getRandomValues(new Uint8Array(20)));
    await new Promise<void>((resolve) => dht.lookup(infoHash, () => resolve()));
  }
  await new Promise<void>((resolve) => dht.destroy(resolve));
}

const metrics: Metric[] = [
  { key: "packets", name: "all packets", unit: "" },
  { key: "bytes", name: "all bytes", unit: "kB" },
  { key: "packetsOut", name: "packets sent", unit: "" },
  { key: "packetsIn", name: "packets received", unit: "" },
  { key: "bytesOut", name: "bytes sent", unit: "kB" },
  { key: "bytesIn", name: "bytes received", unit: "kB" },
  ...phases.map((phase) => ({ key: phase, name: `packets, ${phase}`, unit: "" })),
  { key: "memory", name: "resident memory", unit: "MiB" },
];

function row(family: Family, size: Size): Row {
  const { nodes, records, others } = size;
  const about =
    `A testnet of ${nodes} nodes of IPv${family}, new for each run. Packets and bytes are UDP ` +
    "payload at the sockets, both ways, from the start of the process: joining; " +
    `${records} records of 300 bytes put and, with a higher seq, announced again; ${records} ` +
    `torrents announced and looked up; ${others} lookups by somebody else, which a node in the DHT ` +
    "has its share in answering. Hours of idling, in which a node pings its table every 15 " +
    "minutes, are not in it. All hold their records on at least " +
    `${HOLDERS} nodes and find all peers, or the run fails.`;
  const ours = [
    contender("libreseed, one node", "shared", { family, size }),
    contender("libreseed, two nodes", "separate", { family, size, isMemoryTold: false }),
  ];
  const theirs = contender("webtorrent and bittorrent-dht", "libraries", { family, size });
  return {
    id: family === 4 ? "shared-dht" : "shared-dht-ipv6",
    title: `One DHT node of IPv${family} or two`,
    about,
    metrics,
    // The libraries have no DHT of IPv6.
    contenders: family === 4 ? [...ours, theirs] : ours,
    rounds: 5,
  };
}

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = ([4, 6] as const).map((family) => ({
  ...row(family, FULL),
  short: row(family, SHORT),
}));

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
