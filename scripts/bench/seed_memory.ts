/**
 * Measures the memory of a seeder while a peer requests many blocks in advance and reads slowly:
 * `deno run -A scripts/bench/seed_memory.ts`.
 */

import { type Contender, type Figures, type Row, runBenchmarks } from "./harness.ts";
import { type Seeder, seeders } from "./seeders.ts";
import { PYTHON, residentMiB, SharedPackage, SIZE_MIB, start } from "./transfer.ts";

/** Size of the package in MiB: 1.5 GiB, three times the size in other benchmarks. */
const MIB = SIZE_MIB * 3;
/**
 * Number of blocks that the peer requests, about a gigabyte. libreseed queues fewer requests of one
 * peer than that.
 */
const BLOCKS = 60_000;
const BYTES_PER_SECOND = 2_000_000;
const SECONDS = 10;

const sample = new SharedPackage(MIB);

async function round(seeder: Seeder): Promise<Figures> {
  const directory = await Deno.makeTempDir({ prefix: "libreseed-bench-" });
  try {
    return await seedSlowly(seeder, directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function seedSlowly(seeder: Seeder, directory: string): Promise<Figures> {
  const given = await sample.get();
  const { program, port, elsewhere } = await seeder(given, directory);
  await using seeding = program;
  // The delay lets the seeder finish its start-up work before the measurement.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const idle = await residentMiB(seeding.pid);
  const blocks = Math.min(BLOCKS, Math.floor(given.lengthBytes / 16_384));
  const host = elsewhere?.host ?? "127.0.0.1";
  const args = [host, port, given.infoHashHex, given.pieceBytes, blocks, BYTES_PER_SECOND, SECONDS];
  const script = new URL("./slow_peer.py", import.meta.url).pathname;
  await using peer = start([...elsewhere?.enter ?? [], PYTHON, script, ...args.map(String)]);
  let most = idle;
  let over = false;
  const watching = (async () => {
    while (!over) {
      most = Math.max(most, await residentMiB(seeding.pid));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  let said: { got?: number; asked: number };
  do said = await peer.next(); while (said.got === undefined);
  over = true;
  await watching;
  return { idle, above: most - idle, got: said.got / 1e6, asked: said.asked * 16_384 / 2 ** 20 };
}

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [{
  id: "seed-memory",
  title: "Seeding to one that reads slowly",
  about:
    `${MIB} MiB to a peer that asks for ${BLOCKS * 16_384 / 2 ** 20} MiB of it at once and reads ` +
    `${
      BYTES_PER_SECOND / 1e6
    } MB/s for ${SECONDS} s. Memory is resident, sampled 20 times a second; ` +
    "pages of a mapped file count, those that the system caches do not.",
  metrics: [
    { key: "above", name: "memory above idle", unit: "MiB" },
    { key: "idle", name: "memory idle", unit: "MiB" },
    { key: "asked", name: "requests taken", unit: "MiB" },
    { key: "got", name: "read by the peer", unit: "MB" },
  ],
  contenders: Object.entries(seeders).map(([name, { seeder, missing }]): Contender => ({
    name,
    missing,
    round: () => round(seeder),
  })),
  rounds: 5,
  dispose: () => sample.dispose(),
}];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
