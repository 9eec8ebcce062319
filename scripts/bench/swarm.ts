/**
 * Measures several leechers that download the same package at once from one slow seeder: `deno run
 * -A scripts/bench/swarm.ts`.
 */

import { join } from "node:path";
import { type Contender, type Figures, type Row, runBenchmarks } from "./harness.ts";
import {
  installed,
  libtorrent,
  libtorrentMissing,
  libtorrentSeeder,
  measured,
  type PublishedPackage,
  SharedPackage,
  SIZE_MIB,
} from "./transfer.ts";

const LEECHERS = 6;
const MIB = SIZE_MIB / 8;
const BYTES_PER_SECOND = 8_000_000;

const sample = new SharedPackage(MIB);

/**
 * Downloads with all leechers at once. Returns the total processor time of their processes, in
 * seconds.
 */
type Leechers = (sample: PublishedPackage, port: number, directory: string) => Promise<number>;

async function round(leechers: Leechers): Promise<Figures> {
  const given = await sample.get();
  const directory = await Deno.makeTempDir({ prefix: "libreseed-bench-" });
  try {
    const { program, port } = await libtorrentSeeder(given, BYTES_PER_SECOND);
    await using seeding = program;
    const begunMs = performance.now();
    const cpuSeconds = await leechers(given, port, directory);
    const seconds = (performance.now() - begunMs) / 1_000;
    seeding.go();
    const sent = await seeding.next<{ bytes: number }>();
    return {
      seconds,
      copies: sent.bytes / given.lengthBytes,
      cpu: cpuSeconds / (LEECHERS * given.lengthBytes / 1e9),
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function gets(given: PublishedPackage, port: number, directory: string): Promise<number> {
  const taken = await Promise.all(Array.from({ length: LEECHERS }, (_, n) => {
    const network = ["--bootstrap", given.bootstrap, "--allow-local", "--port", "0"];
    const home = join(directory, `${n}`);
    const magnet = `${given.magnet}&x.pe=127.0.0.1:${port}`;
    return measured(installed("get", "-q", "--home", home, ...network, magnet));
  }));
  return taken.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

async function libtorrents(
  given: PublishedPackage,
  port: number,
  directory: string,
): Promise<number> {
  const taken = await measured(libtorrent({
    do: "leech",
    torrent: given.torrentPath,
    dir: directory,
    port,
    count: LEECHERS,
    together: true,
  }));
  return taken.cpuSeconds;
}

const contenders: Contender[] = [
  { name: "libreseed get", missing: libtorrentMissing, round: () => round(gets) },
  { name: "libtorrent", missing: libtorrentMissing, round: () => round(libtorrents) },
];

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [{
  id: "swarm",
  title: `Downloading ${LEECHERS} times at once`,
  about: `${MIB} MiB to each of ${LEECHERS} leechers from a libtorrent seeder that sends at most ` +
    `${BYTES_PER_SECOND / 1e6} MB/s to all of them together, until the last one has everything. ` +
    "libreseed's are processes of their own that have only the seeder's address and find one " +
    "another through the DHT; libtorrent's share a process and are told of one another. How many " +
    "copies of the archive the seeder sent is what it was asked for more than once: one would do.",
  metrics: [
    { key: "seconds", name: "start to end", unit: "s" },
    { key: "copies", name: "copies sent by the seeder", unit: "" },
    { key: "cpu", name: "processor, all leechers", unit: "s/GB" },
  ],
  contenders,
  rounds: 5,
  // No warm-up: a round takes half a minute, and mostly waits for the slow seeder.
  warmUp: false,
  dispose: () => sample.dispose(),
}];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
