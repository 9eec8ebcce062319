/**
 * Measures time and packets of putting and getting mutable items (BEP 44): libreseed's DHT manager,
 * the functions of npm:bittorrent-dht, and libtorrent. `deno run -A scripts/bench/dht_records.ts`.
 */

import { createHash, generateKeyPairSync } from "node:crypto";
import { killAThird, startNetwork } from "./dht_network.ts";
import type { SideName } from "./dht_sides.ts";
import {
  type Contender,
  type Metric,
  percentile95,
  type Row,
  runBenchmarks,
  summary,
} from "./harness.ts";
import { Program } from "./program.ts";

const NODES = 100;
const GET_ENDS =
  "A get ends, with all of them, when the closest nodes have answered and there can be no newer " +
  "record; what is found before that does not count.";

/**
 * Debian's Python, which has the package python3-libtorrent. Another Python that comes first in
 * PATH lacks libtorrent.
 */
const PYTHON = "/usr/bin/python3";

interface Timed {
  tookMs: number[];
  /** Number of packets sent for each operation (a put or a get). */
  packets: number;
}

/** The size of one benchmark: number of records, warm-up, and whether nodes die. */
interface Size {
  /** Number of records that each compared program puts and gets in a round. */
  records: number;
  /**
   * Number of records put and got before the measurement starts. When a testnet node with a full
   * bucket meets a new node, it pings its twenty oldest nodes. These 2,000 pings would delay the
   * first dozen puts.
   */
  before: number;
  /**
   * Whether a third of the DHT nodes is killed before the first put, after the measured program has
   * joined.
   */
  dying: boolean;
}

type Start = (bootstrap: string, size: Size) => Program;

function contender(name: string, size: Size, start: Start): Contender {
  return {
    name,
    async round() {
      await using testnet = await startNetwork(NODES);
      await using program = start(testnet.bootstrap, size);
      await program.next();
      if (size.dying) await killAThird(testnet);
      program.go();
      const { put, get } = await program.next<{ put: Timed; get: Timed }>();
      return {
        putMs: summary(put.tookMs).median,
        putSlowMs: percentile95(put.tookMs),
        putPackets: put.packets,
        getMs: summary(get.tookMs).median,
        getSlowMs: percentile95(get.tookMs),
        getPackets: get.packets,
      };
    },
  };
}

function side(name: SideName): Start {
  return (bootstrap, { records, before }) =>
    Program.module("./dht_records_node.ts", name, bootstrap, `${records}`, `${before}`);
}

function libtorrent(bootstrap: string, { records, before }: Size): Program {
  const script = new URL("./dht_records_libtorrent.py", import.meta.url).pathname;
  const port = bootstrap.split(":")[1]!;
  return new Program(PYTHON, [script, port, `${records}`, `${before}`, ...expandedKeyPair()]);
}

/**
 * Returns a key pair in libtorrent's form: the scalar and prefix of RFC 8032 instead of the seed,
 * in hexadecimal.
 */
function expandedKeyPair(): [publicKey: string, privateKey: string] {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const seed = privateKey.export({ format: "der", type: "pkcs8" }).subarray(-32);
  const expanded = createHash("sha512").update(seed).digest();
  expanded[0]! &= 0xf8;
  expanded[31] = (expanded[31]! & 0x3f) | 0x40;
  const key = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  return [key.toString("hex"), expanded.toString("hex")];
}

async function libtorrentMissing(): Promise<string | undefined> {
  const why = "python3-libtorrent is not installed";
  try {
    const { success } = await new Deno.Command(PYTHON, {
      args: ["-c", "import libtorrent"],
      stderr: "null",
    }).output();
    return success ? undefined : why;
  } catch {
    return why;
  }
}

const metrics: Metric[] = [
  { key: "putMs", name: "put, median", unit: "ms" },
  { key: "putSlowMs", name: "put, 95 %", unit: "ms" },
  { key: "putPackets", name: "packets a put", unit: "" },
  { key: "getMs", name: "get, median", unit: "ms" },
  { key: "getSlowMs", name: "get, 95 %", unit: "ms" },
  { key: "getPackets", name: "packets a get", unit: "" },
];

function row(id: string, title: string, size: Size, about: string): Row {
  return {
    id,
    title,
    about:
      `A testnet of ${NODES} nodes, new for each run. Each contender, in a process of its own, ` +
      `puts ${size.records} records of 300 bytes under new keys and gets them again, one after the ` +
      `other. Packets are those that it sends. ${about}`,
    metrics,
    contenders: [
      contender("libreseed", size, side("shared")),
      contender("bittorrent-dht", size, side("library")),
      { ...contender("libtorrent", size, libtorrent), missing: libtorrentMissing },
    ],
    rounds: 5,
    // A round with dead nodes has no warm-up: it would not change the timeouts, and libtorrent's
    // warm-up would take another minute.
    warmUp: !size.dying,
  };
}

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [
  row(
    "dht-records",
    "Records, all nodes alive",
    { records: 200, before: 100, dying: false },
    `It has put and got 100 others before. ${GET_ENDS}`,
  ),
  row(
    "dht-records-dying",
    "Records, a third of the nodes dead",
    { records: 3, before: 0, dying: true },
    `Every third node ends between joining and the first put, and the others go on naming it. ${GET_ENDS} ` +
      "With so few records the 95 % are the slowest one.",
  ),
];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
