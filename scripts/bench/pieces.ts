/**
 * Measures how the number of pieces changes what a transfer takes. The same bytes are transferred as
 * torrents of different piece lengths: `deno run -A scripts/bench/pieces.ts`. `BENCH_MIB` sets their
 * length. With `BENCH_PROFILE=DIRECTORY` the engine writes a profile of each run there.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { bencode } from "../../src/bencode/mod.ts";
import { type Contender, type Figures, type Metric, type Row, runBenchmarks } from "./harness.ts";
import { Program } from "./program.ts";
import { libtorrent, libtorrentMissing, measured, start } from "./transfer.ts";

/** Length of the transferred file. */
const BYTES = Number(Deno.env.get("BENCH_MIB") ?? 256) * 2 ** 20;
/** The measured piece lengths, in bytes. */
const PIECE_BYTES = [2 ** 20, 2 ** 18, 2 ** 16, 2 ** 14];
const FILE_NAME = "data.bin";

type Transport = "tcp" | "utp";

/** A file of random bytes, with torrents of several piece lengths. It is made on first use. */
class Sample {
  #made: Promise<string> | undefined;

  /** Path of the directory with the file and the torrents. */
  directory(): Promise<string> {
    return this.#made ??= this.#make();
  }

  async torrent(pieceBytes: number): Promise<string> {
    return join(await this.directory(), `${pieceBytes}.torrent`);
  }

  async #make(): Promise<string> {
    const directory = await Deno.makeTempDir({ prefix: "libreseed-bench-" });
    using file = await Deno.open(join(directory, FILE_NAME), { write: true, createNew: true });
    const pieces = new Map(PIECE_BYTES.map((length) => [length, new PieceHashes(length)]));
    const bytes = new Uint8Array(65_536);
    for (let at = 0; at < BYTES; at += bytes.length) {
      crypto.getRandomValues(bytes);
      for (const hashes of pieces.values()) hashes.add(bytes);
      file.writeSync(bytes);
    }
    for (const [length, hashes] of pieces) {
      const info = { name: FILE_NAME, length: BYTES, "piece length": length, pieces: hashes.all() };
      await Deno.writeFile(join(directory, `${length}.torrent`), bencode({ info }));
    }
    return directory;
  }

  async dispose(): Promise<void> {
    const directory = await this.#made;
    this.#made = undefined;
    if (directory !== undefined) await Deno.remove(directory, { recursive: true });
  }
}

/** SHA-1 of each piece of a given length. */
class PieceHashes {
  readonly #pieceBytes: number;
  readonly #hashes: Uint8Array[] = [];
  #hash = createHash("sha1");
  #filled = 0;

  constructor(pieceBytes: number) {
    this.#pieceBytes = pieceBytes;
  }

  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.#pieceBytes - this.#filled);
      this.#hash.update(part);
      at += part.length;
      this.#filled += part.length;
      if (this.#filled === this.#pieceBytes) this.#end();
    }
  }

  all(): Uint8Array {
    if (this.#filled > 0) this.#end();
    return Buffer.concat(this.#hashes);
  }

  #end(): void {
    this.#hashes.push(this.#hash.digest());
    this.#hash = createHash("sha1");
    this.#filled = 0;
  }
}

const sample = new Sample();

/** Runs a round with a new directory for what is downloaded. */
async function inDirectory<T>(run: (directory: string) => Promise<T>): Promise<T> {
  const directory = await Deno.makeTempDir({ prefix: "libreseed-bench-" });
  try {
    return await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Starts the engine of this checkout, in a process of its own. */
function engine(...args: string[]): Program {
  const script = new URL("pieces_node.ts", import.meta.url).pathname;
  const profile = Deno.env.get("BENCH_PROFILE");
  const profiling = profile === undefined ? [] : [
    `--cpu-prof-dir=${profile}`,
    `--cpu-prof-name=${args[0]}-${args[1]!.replace(/^.*\//, "")}-${Date.now()}.cpuprofile`,
    "--cpu-prof-md",
  ];
  const flags = ["run", "-q", "-A", ...profiling];
  return new Program(Deno.execPath(), [...flags, script, ...args]);
}

async function libtorrentSeeds(torrent: string): Promise<{ program: Program; port: number }> {
  const program = start(libtorrent({ do: "seed", torrent, dir: await sample.directory() }));
  const { port } = await program.next<{ port: number }>();
  return { program, port };
}

/** Our engine downloads from libtorrent, or from another engine. */
function downloads(pieceBytes: number, transport: Transport): Promise<Figures> {
  return inDirectory(async (directory) => {
    const torrent = await sample.torrent(pieceBytes);
    const file = join(await sample.directory(), FILE_NAME);
    const { program, port } = transport === "tcp"
      ? await libtorrentSeeds(torrent)
      : await ourSeeder(torrent, file, transport);
    await using _seeder = program;
    await using reader = engine("read", torrent, `${port}`, join(directory, "got"), transport);
    return perGigabyte(await reader.next());
  });
}

async function ourSeeder(torrent: string, file: string, transport: Transport) {
  const program = engine("seed", torrent, file, transport);
  const { port } = await program.next<{ port: number }>();
  return { program, port };
}

interface Taken {
  seconds: number;
  cpu: number;
  resident: number;
}

function perGigabyte({ seconds, cpu, resident }: Taken): Figures {
  return { seconds, cpu: cpu / (BYTES / 1e9), resident };
}

/** libtorrent downloads from libtorrent, with the start of Python. */
function libtorrentDownloads(pieceBytes: number): Promise<Figures> {
  return inDirectory(async (directory) => {
    const torrent = await sample.torrent(pieceBytes);
    const { program, port } = await libtorrentSeeds(torrent);
    await using _seeder = program;
    const taken = await measured(libtorrent({ do: "leech", torrent, dir: directory, port }));
    return perGigabyte({ ...taken, cpu: taken.cpuSeconds, resident: taken.residentMiB });
  });
}

/** Our engine seeds to libtorrent. */
function seeds(pieceBytes: number): Promise<Figures> {
  return inDirectory(async (directory) => {
    const torrent = await sample.torrent(pieceBytes);
    const { program, port } = await ourSeeder(
      torrent,
      join(await sample.directory(), FILE_NAME),
      "tcp",
    );
    await using seeder = program;
    seeder.go();
    const before = await seeder.next<Taken>();
    await using leecher = start(libtorrent({ do: "leech", torrent, dir: directory, port }));
    const { took } = await leecher.next<{ took: number[] }>();
    seeder.go();
    const { cpu, resident } = await seeder.next<Taken>();
    return perGigabyte({ seconds: took[0]!, cpu: cpu - before.cpu, resident });
  });
}

const metrics: readonly Metric[] = [
  { key: "seconds", name: "transfer", unit: "s" },
  { key: "cpu", name: "processor", unit: "s/GB" },
  { key: "resident", name: "memory at most", unit: "MiB" },
];

/** Makes a contender for each piece length. */
function forEachLength(
  who: string,
  round: (pieceBytes: number) => Promise<Figures>,
  lengths: readonly number[] = PIECE_BYTES,
): Contender[] {
  return lengths.map((pieceBytes) => ({
    name: `${who}, ${Math.ceil(BYTES / pieceBytes)} pieces`,
    missing: libtorrentMissing,
    round: () => round(pieceBytes),
  }));
}

const about =
  `${BYTES / 2 ** 20} MiB of random bytes as torrents of different piece lengths, on one ` +
  "machine. The engine runs without the rest of libreseed: pieces are checked and written, and the " +
  "archive is not verified. ";

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [
  {
    id: "pieces",
    title: "Downloading many pieces",
    about: `${about}From a libtorrent seeder. libtorrent's figures include the start of Python.`,
    metrics,
    contenders: [
      ...forEachLength("libreseed", (pieceBytes) => downloads(pieceBytes, "tcp")),
      ...forEachLength("libtorrent", libtorrentDownloads, [PIECE_BYTES[0]!, PIECE_BYTES.at(-1)!]),
    ],
    rounds: 3,
    dispose: () => sample.dispose(),
  },
  {
    id: "pieces-seed",
    title: "Seeding many pieces",
    about: `${about}To libtorrent.`,
    metrics,
    contenders: forEachLength("libreseed", seeds),
    rounds: 3,
    dispose: () => sample.dispose(),
  },
  {
    id: "pieces-utp",
    title: "Downloading many pieces by uTP",
    about: `${about}From another engine of libreseed.`,
    metrics,
    contenders: forEachLength("libreseed", (pieceBytes) => downloads(pieceBytes, "utp")),
    rounds: 3,
    dispose: () => sample.dispose(),
  },
];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
