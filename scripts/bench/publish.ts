/**
 * Measures publishing an existing archive, compared with programs that hash files and make
 * torrents. `deno run -A scripts/bench/publish.ts`; `BENCH_MIB` sets the size of the archive.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  commandMetrics,
  makeNoise,
  makeSmall,
  missing,
  missingProgram,
  runCommand,
  runLibreseed,
  workDirectory,
} from "./command.ts";
import { startNetwork } from "./dht_network.ts";
import { type Contender, type Figures, type Row, runBenchmarks } from "./harness.ts";

const MEBIBYTES = Number(Deno.env.get("BENCH_MIB") ?? 2048);
const NODES = 20;
const home = join(workDirectory, "home");
const archive = join(workDirectory, `noise-${MEBIBYTES}.tgz`);
/** The file in which `pack` notes that it has searched the archive for secrets. */
const searched = join(home, "searched.log");
const torrent = join(workDirectory, "noise.torrent");

/** Makes a package with one incompressible file. */
async function makeArchive(): Promise<void> {
  const exists = (path: string) => Deno.stat(path).then(() => true, () => false);
  if (await exists(archive) && await exists(searched)) return;
  await Deno.mkdir(home, { recursive: true });
  await runLibreseed(home, ["keygen", "--signing-only"]).catch(() => {});
  const source = await makeNoise(MEBIBYTES);
  const names = ["--name=noise", `--version=1.0.${MEBIBYTES}`, `--out=${archive}`];
  await runLibreseed(home, ["pack", source, ...names]);
}

/**
 * Publishes into an empty seed directory, with the records on a testnet.
 *
 * @param isSearched whether the home knows that `pack` has searched the archive for secrets
 */
async function publish(what: string[], isSearched = true): Promise<Figures> {
  // A new home for each round, because the last home remembers nodes of a testnet that no longer
  // exists.
  const fresh = await Deno.makeTempDir({ dir: workDirectory });
  await Deno.mkdir(join(fresh, "keys"), { mode: 0o700 });
  await Deno.copyFile(join(home, "keys", "publisher.key"), join(fresh, "keys", "publisher.key"));
  if (isSearched) await Deno.copyFile(searched, join(fresh, "searched.log"));
  await using testnet = await startNetwork(NODES);
  const network = [`--bootstrap=${testnet.bootstrap}`, "--allow-local", "--port=0"];
  await useMemory();
  try {
    return await runLibreseed(fresh, ["publish", ...what, ...network]);
  } finally {
    await Deno.remove(fresh, { recursive: true });
  }
}

/**
 * Allocates as much memory as the archive fills in the page cache, and frees it. A virtual machine
 * that has not used its memory for some seconds has to get it back from its host. Otherwise the
 * first program to write 2 GiB would wait three seconds for that.
 */
async function useMemory(): Promise<void> {
  const path = join(workDirectory, "memory");
  const bytes = new Uint8Array(128 * 1024);
  const file = await Deno.open(path, { write: true, create: true, truncate: true });
  for (let written = 0; written < MEBIBYTES * 1024 ** 2;) written += file.writeSync(bytes);
  file.close();
  await Deno.remove(path);
}

/** Has the system forget the pages of the archive, so that it is read from the disk. */
async function forgetArchive(): Promise<void> {
  const forget = ["oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"];
  await new Deno.Command("dd", { args: [`of=${archive}`, ...forget] }).output();
}

const libreseed: Contender = {
  name: "libreseed publish",
  async missing() {
    const why = await missingProgram();
    if (why === undefined) await makeArchive();
    return why;
  },
  round: () => publish([archive]),
};

const searching: Contender = {
  name: "libreseed publish, of another home's pack",
  missing: missingProgram,
  round: () => publish([archive], false),
};

/**
 * Makes a contender that works on a copy of the archive. Of the files that `pack` made, the copy's
 * directory contains only the files named in `kept`.
 */
function beside(name: string, ...kept: string[]): Contender {
  return {
    name,
    missing: missingProgram,
    async round() {
      const directory = await Deno.makeTempDir({ dir: workDirectory });
      try {
        for (const suffix of [".tgz", ...kept]) {
          await Deno.link(archive.replace(".tgz", suffix), join(directory, `noise${suffix}`));
        }
        return await publish([join(directory, "noise.tgz")]);
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    },
  };
}

const nothing: Contender = {
  name: "libreseed publish, of next to nothing",
  missing: missingProgram,
  round: async () => publish([await makeSmall(), "--name=small", "--version=1.0.0"]),
};

function other(name: string, program: string, ...args: string[]): Contender {
  return {
    name,
    missing: missing("/usr/bin/time", program),
    async round() {
      await Deno.remove(torrent).catch(() => {});
      await useMemory();
      return await runCommand([program, ...args]);
    },
  };
}

const sha1 = other("openssl dgst -sha1", "openssl", "dgst", "-sha1", archive);

/** The least that libreseed can do, as `publish_least.ts` does it. */
const least = other(
  "copy and SHA-256 on Deno",
  Deno.execPath(),
  ...["run", "-q", "-A"],
  fileURLToPath(new URL("./publish_least.ts", import.meta.url)),
  archive,
  torrent,
);

function fromDisk(contender: Contender): Contender {
  return {
    ...contender,
    async round(number) {
      await forgetArchive();
      return await contender.round(number);
    },
  };
}

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [{
  id: "publish",
  title: "Publishing a ready archive",
  about: `An archive of ${MEBIBYTES} MiB that does not shrink, read from the system's cache. ` +
    "libreseed starts, finds it to be what its publisher signed, copies it into the seed directory, " +
    "waits until the disk has it, and puts the records into a testnet of " +
    `${NODES} nodes. Without the torrent that was packed with it, its pieces are hashed; without ` +
    "the signed manifest, it is verified down to every file in it. In a home that did not pack it, it " +
    'is unpacked in memory and searched for secrets. The others read it. "Of next to nothing" is ' +
    "what all of this takes but for the archive. Before each, a file of that size is written " +
    "and removed, so that nobody waits for a virtual machine's memory to come from its host.",
  metrics: commandMetrics,
  contenders: [
    libreseed,
    searching,
    beside("libreseed publish, no torrent beside it", ".minimal.json"),
    beside("libreseed publish, neither torrent nor manifest"),
    nothing,
    sha1,
    other("openssl dgst, -sha1 and -sha256", "sh", "-c", openssl()),
    other("cp, sync", "sh", "-c", `cp ${archive} ${torrent} && sync ${torrent}`),
    least,
    other("transmission-create", "transmission-create", "-o", torrent, archive),
    other(
      "create-torrent on Deno",
      Deno.execPath(),
      ...["run", "-q", "-A"],
      fileURLToPath(new URL("./create_torrent.ts", import.meta.url)),
      archive,
      torrent,
    ),
  ],
  rounds: 5,
}, {
  id: "publish-cold",
  title: "Publishing a ready archive that is not in the system's cache",
  about:
    `An archive of ${MEBIBYTES} MiB that does not shrink, read from the disk: the system has ` +
    "forgotten its pages. The rest is as in `publish`.",
  metrics: commandMetrics,
  contenders: [libreseed, sha1, least].map(fromDisk),
  rounds: 5,
}];

function openssl(): string {
  return `openssl dgst -sha1 ${archive} && openssl dgst -sha256 ${archive}`;
}

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
