/**
 * Compares seeding with other programs. The leechers are libtorrent processes on this machine:
 * `deno run -A scripts/bench/seed.ts`.
 */

import { type Contender, type Figures, type Metric, type Row, runBenchmarks } from "./harness.ts";
import { type Seeder, seeders } from "./seeders.ts";
import { libtorrent, SharedPackage, SIZE_MIB, start, usage } from "./transfer.ts";

/**
 * Number of leechers in the benchmark with many leechers. Each leecher downloads an eighth of the
 * usual size.
 */
const MANY = 20;

const large = new SharedPackage(SIZE_MIB);
const small = new SharedPackage(SIZE_MIB / 8);

async function round(seeder: Seeder, sample: SharedPackage, count: number): Promise<Figures> {
  const given = await sample.get();
  const directory = await Deno.makeTempDir({ prefix: "libreseed-bench-" });
  try {
    const { program, port, elsewhere } = await seeder(given, directory);
    await using seeding = program;
    const order = {
      do: "leech",
      torrent: given.torrentPath,
      dir: directory,
      port,
      count,
      waits: true,
      host: elsewhere?.host,
      addresses: elsewhere?.addresses,
    };
    await using leecher = start([...elsewhere?.enter ?? [], ...libtorrent(order)]);
    await leecher.next();
    const before = await usage(seeding.pid);
    leecher.go();
    const { took, first } = await leecher.next<{ took: number[]; first: number[] }>();
    const after = await usage(seeding.pid);
    const slowest = Math.max(...took);
    const gigabytes = given.lengthBytes * count / 1e9;
    return {
      megabytes: gigabytes * 1e3 / slowest,
      wait: Math.max(...first),
      unfair: slowest / Math.min(...took),
      cpu: (after.cpuSeconds - before.cpuSeconds) / gigabytes,
      resident: after.residentMiB,
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const speed: Metric = { key: "megabytes", name: "speed", unit: "MB/s" };
const cost: Metric[] = [
  { key: "cpu", name: "processor", unit: "s/GB" },
  { key: "resident", name: "memory at most", unit: "MiB" },
];

function contenders(sample: SharedPackage, count: number): Contender[] {
  return Object.entries(seeders)
    .map(([name, { seeder, missing }]) => ({
      name,
      missing,
      round: () => round(seeder, sample, count),
    }));
}

const wait: Metric = { key: "wait", name: "until the first bytes", unit: "s" };

const apart =
  "Transmission takes no peers on 127.0.0.1: it and the leechers have other addresses " +
  "of a loopback interface, in a network namespace. Version 3.00 lets peers ask every ten seconds, " +
  "sends each at most 512 blocks every half second, and was seen to send the last block seconds " +
  "after the others; its speed includes that.";

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [
  {
    id: "seed",
    title: "Seeding to one",
    about:
      `${SIZE_MIB} MiB to one libtorrent leecher on the same machine, from its connecting to the ` +
      "last piece. Processor is the seeder's from there on, memory its most since its start. " +
      apart,
    metrics: [speed, wait, ...cost],
    contenders: contenders(large, 1),
    rounds: 5,
    dispose: () => large.dispose(),
  },
  {
    id: "seed-many",
    title: `Seeding to ${MANY} at once`,
    about:
      `${SIZE_MIB / 8} MiB to each of ${MANY} libtorrent leechers in one process, which know of ` +
      "nobody but the seeder. Speed is of all together, until the last of them has everything; the first bytes are the last leecher's. " +
      apart,
    metrics: [speed, { key: "unfair", name: "slowest to fastest", unit: "" }, wait, ...cost],
    contenders: contenders(small, MANY),
    rounds: 5,
    dispose: () => small.dispose(),
  },
];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
