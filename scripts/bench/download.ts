/**
 * Compares downloads with other programs. All programs download from one libtorrent seeder on this
 * machine: `deno run -A scripts/bench/download.ts`.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Contender, type Figures, type Row, runBenchmarks } from "./harness.ts";
import type { Program } from "./program.ts";
import {
  aria2Missing,
  installed,
  libtorrent,
  libtorrentMissing,
  libtorrentSeeder,
  measured,
  nodeMissing,
  type PublishedPackage,
  SharedPackage,
  SIZE_MIB,
  tracker,
  webtorrent,
} from "./transfer.ts";
import { libtorrentTowards, transmissionLeecher, transmissionMissing } from "./transmission.ts";

const minimalScript = fileURLToPath(new URL("./download_minimal.ts", import.meta.url));

const sample = new SharedPackage(SIZE_MIB);

type Command = (given: {
  sample: PublishedPackage;
  /** Port on which the seeder listens. */
  port: number;
  trackerUrl: string;
  /** Makes a new directory for a download. */
  directory: string;
}) => string[];

/** Starts a seeder, and returns the command line that downloads from the seeder. */
type Sides = (
  sample: PublishedPackage,
  directory: string,
  stack: AsyncDisposableStack,
) => Promise<{ seeder: Program; command: string[] }>;

async function round(sides: Sides): Promise<Figures> {
  const given = await sample.get();
  const directory = await Deno.makeTempDir({ prefix: "libreseed-bench-" });
  try {
    await using stack = new AsyncDisposableStack();
    const { seeder, command } = await sides(given, directory, stack);
    const { seconds, cpuSeconds, residentMiB } = await measured(command);
    seeder.go();
    const sent = await seeder.next<{ seconds: number; bytes: number }>();
    if (sent.bytes < given.lengthBytes) throw new Error(`${command.join(" ")}: only ${sent.bytes}`);
    return {
      seconds,
      megabytes: given.lengthBytes / 1e6 / sent.seconds,
      cpu: cpuSeconds / (given.lengthBytes / 1e9),
      resident: residentMiB,
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/**
 * Makes a function that starts a libtorrent seeder on 127.0.0.1 and a tracker that names the
 * seeder, and that returns the command of the measured leecher.
 */
function here(command: Command): Sides {
  return async (sample, directory, stack) => {
    const { program, port } = await libtorrentSeeder(sample);
    stack.use(program);
    const { url } = stack.use(tracker(port));
    return { seeder: program, command: command({ sample, port, trackerUrl: url, directory }) };
  };
}

const transmission: Sides = async (sample, directory, stack) => {
  const { program, elsewhere } = await libtorrentTowards(sample);
  stack.use(program);
  const command = [...elsewhere.enter, ...await transmissionLeecher(sample, directory)];
  return { seeder: program, command };
};

const commands: Record<string, Command> = {
  "libreseed get": ({ sample, port, directory }) =>
    installed(
      "get",
      "-q",
      "--home",
      directory,
      "--bootstrap",
      sample.bootstrap,
      "--allow-local",
      "--port",
      "0",
      `${sample.magnet}&x.pe=127.0.0.1:${port}`,
    ),
  "the least, on Deno": ({ sample, port, directory }) => [
    ...[
      Deno.execPath(),
      "run",
      "--quiet",
      "--no-config",
      "--no-lock",
      "-A",
    ],
    ...["--v8-flags=--max-semi-space-size=2", minimalScript],
    JSON.stringify({
      ...{ port, torrent: sample.torrentPath, infoHash: sample.infoHashHex },
      ...{ pieceBytes: sample.pieceBytes, lengthBytes: sample.lengthBytes },
      file: join(directory, "got"),
    }),
  ],
  libtorrent: ({ sample, port, directory }) =>
    libtorrent({ do: "leech", torrent: sample.torrentPath, dir: directory, port }),
  aria2: ({ sample, trackerUrl, directory }) => [
    "aria2c",
    "--no-conf",
    "--quiet",
    `--dir=${directory}`,
    "--enable-dht=false",
    "--disable-ipv6=true",
    "--bt-enable-lpd=false",
    "--seed-time=0",
    "--file-allocation=none",
    `--bt-tracker=${trackerUrl}`,
    sample.torrentPath,
  ],
  "WebTorrent on Node": ({ sample, port, directory }) =>
    webtorrent("leech", sample.torrentPath, join(directory, "got"), `${port}`),
};

const needs: Record<string, () => Promise<string | undefined>> = {
  "libreseed get": libtorrentMissing,
  "the least, on Deno": libtorrentMissing,
  libtorrent: libtorrentMissing,
  aria2: aria2Missing,
  "WebTorrent on Node": nodeMissing,
};

const contenders: Contender[] = [
  ...Object.entries(commands).map(([name, command]) => ({
    name,
    missing: needs[name]!,
    round: () => round(here(command)),
  })),
  { name: "transmission", missing: transmissionMissing, round: () => round(transmission) },
];

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [{
  id: "download",
  title: "Downloading",
  about:
    `${SIZE_MIB} MiB of random bytes as a package, from a libtorrent seeder on the same machine. ` +
    "Start to end is the whole program: for `libreseed get` with the record " +
    "looked up on a testnet, and the archive verified as bytes: signatures, SHA-256, manifest. The " +
    "others check the pieces. The least on Deno (`download_minimal.ts`) only receives, compares " +
    "SHA-1, writes, and computes SHA-256 in a second thread. MB/s is between the first and the last " +
    "byte that the seeder sent. " +
    "Transmission takes no peers on 127.0.0.1: it and its seeder, which connects to it, have other " +
    "addresses of a loopback interface, in a network namespace.",
  metrics: [
    { key: "seconds", name: "start to end", unit: "s" },
    { key: "megabytes", name: "transfer", unit: "MB/s" },
    { key: "cpu", name: "processor", unit: "s/GB" },
    { key: "resident", name: "memory at most", unit: "MiB" },
  ],
  contenders,
  rounds: 5,
  dispose: () => sample.dispose(),
}];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
