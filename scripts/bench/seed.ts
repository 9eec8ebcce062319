/**
 * Seeding beside other programs, to libtorrent leechers on this machine:
 * `deno run -A scripts/bench/seed.ts`.
 *
 * @module
 */

import { type Contender, type Figures, type Metric, type Row, runBenchmarks } from "./harness.ts";
import type { Program } from "./program.ts";
import { seeders } from "./seeders.ts";
import {
  libtorrent,
  type PublishedPackage,
  SharedPackage,
  SIZE_MIB,
  start,
  usage,
} from "./transfer.ts";
import { type Elsewhere, transmissionMissing, transmissionSeeder } from "./transmission.ts";

/** Leechers of the row with many; each gets an eighth of the size. */
const MANY = 20;

const large = new SharedPackage(SIZE_MIB);
const small = new SharedPackage(SIZE_MIB / 8);

/** Starts a seeder of a package, with a directory of its own. */
type Seeder = (
  sample: PublishedPackage,
  directory: string,
) => Promise<{ program: Program; port: number; elsewhere?: Elsewhere }>;

const everybody: Record<string, { seeder: Seeder; missing: () => Promise<string | undefined> }> = {
  ...seeders,
  transmission: { seeder: transmissionSeeder, missing: transmissionMissing },
};

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
    const { took } = await leecher.next<{ took: number[] }>();
    const after = await usage(seeding.pid);
    const slowest = Math.max(...took);
    const gigabytes = given.lengthBytes * count / 1e9;
    return {
      megabytes: gigabytes * 1e3 / slowest,
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
/** `BENCH_ONLY` leaves out those whose names do not contain it. */
const only = Deno.env.get("BENCH_ONLY") ?? "";

function contenders(sample: SharedPackage, count: number): Contender[] {
  return Object.entries(everybody)
    .filter(([name]) => name.includes(only))
    .map(([name, { seeder, missing }]) => ({
      name,
      missing,
      round: () => round(seeder, sample, count),
    }));
}

const apart =
  "Transmission takes no peers on 127.0.0.1: it and the leechers have other addresses " +
  "of a loopback interface, in a network namespace. Version 3.00 was seen to wait some ten seconds " +
  "before it sent and before its last block; its speed includes that.";

/** The rows of this file. */
export const rows: readonly Row[] = [
  {
    id: "seed",
    title: "Seeding to one",
    about:
      `${SIZE_MIB} MiB to one libtorrent leecher on the same machine, from its connecting to the ` +
      "last piece. Processor is the seeder's from there on, memory its most since its start. " +
      apart,
    metrics: [speed, ...cost],
    contenders: contenders(large, 1),
    rounds: 5,
    dispose: () => large.dispose(),
  },
  {
    id: "seed-many",
    title: `Seeding to ${MANY} at once`,
    about:
      `${SIZE_MIB / 8} MiB to each of ${MANY} libtorrent leechers in one process, which know of ` +
      "nobody but the seeder. Speed is of all together, until the last of them has everything. " +
      apart,
    metrics: [speed, { key: "unfair", name: "slowest to fastest", unit: "" }, ...cost],
    contenders: contenders(small, MANY),
    rounds: 5,
    dispose: () => small.dispose(),
  },
];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
