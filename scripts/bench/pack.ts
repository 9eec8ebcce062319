/**
 * Compares packing with tar, pigz and sha256sum, which make neither manifest nor signature. Inputs
 * are a tree of source files, and incompressible bytes. `deno run -A scripts/bench/pack.ts`;
 * `BENCH_MIB` sets the size of the incompressible input.
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
import { type Contender, type Row, runBenchmarks } from "./harness.ts";

/** Minimum size of the tree of source files, which consists of whole copies of the libraries. */
const TREE_BYTES = 200e6;
const MEBIBYTES = Number(Deno.env.get("BENCH_MIB") ?? 1024);
const tree = join(workDirectory, "tree");
const output = join(workDirectory, "sources.tgz");
const home = join(workDirectory, "home");

/** Makes a tree of source files from several copies of this project's npm packages. */
async function makeTree(): Promise<void> {
  if (await Deno.stat(tree).catch(() => undefined)) return;
  const libraries = fileURLToPath(new URL("../../node_modules/.deno/", import.meta.url));
  const half = `${tree}.half`;
  let bytes = 0;
  for (let copy = 1; bytes < TREE_BYTES; copy++) {
    bytes += await copyTree(libraries, join(half, `copy-${copy}`));
  }
  await Deno.rename(half, tree);
}

/** Copies the regular files of a directory tree. Returns their total size in bytes. */
async function copyTree(from: string, to: string): Promise<number> {
  await Deno.mkdir(to, { recursive: true });
  let bytes = 0;
  for await (const { name, isDirectory, isFile } of Deno.readDir(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if (isDirectory) bytes += await copyTree(source, target);
    if (!isFile) continue;
    await Deno.copyFile(source, target);
    bytes += (await Deno.stat(target)).size;
  }
  return bytes;
}

async function removeOutputs(): Promise<void> {
  for (const suffix of [".tgz", ".minimal.json", ".torrent"]) {
    await Deno.remove(output.replace(/\.tgz$/, suffix)).catch(() => {});
  }
}

async function measured(run: () => ReturnType<typeof runCommand>) {
  await removeOutputs();
  const figures = await run();
  return { ...figures, kilobytes: (await Deno.stat(output)).size / 1e3 };
}

/** Makes the contender `libreseed pack`, which has a key, and whose input is made beforehand. */
function packing(make: () => Promise<unknown>, round: Contender["round"]): Contender {
  return {
    name: "libreseed pack",
    async missing() {
      const why = await missingProgram();
      if (why !== undefined) return why;
      await Deno.mkdir(home, { recursive: true });
      await runLibreseed(home, ["keygen", "--signing-only"]).catch(() => {});
      await make();
    },
    round,
  };
}

const libreseed = packing(makeTree, () => packAs("sources", tree));

function shell(name: string, command: string, programs: string[]): Contender {
  return {
    name,
    async missing() {
      return await missing("/usr/bin/time", ...programs)();
    },
    round: () => measured(() => runCommand(["sh", "-c", command])),
  };
}

const tar = `tar -C ${tree} -c .`;
const sum = `sha256sum ${output}`;

const large = packing(
  () => makeNoise(MEBIBYTES),
  async () => await packAs("large", await makeNoise(MEBIBYTES)),
);

const nothing: Contender = {
  name: "libreseed pack, of next to nothing",
  missing: missingProgram,
  round: async () => await packAs("small", await makeSmall()),
};

async function packAs(name: string, source: string) {
  return await measured(() =>
    runLibreseed(home, ["pack", source, `--name=${name}`, "--version=1.0.0", `--out=${output}`])
  );
}

const largeTar = `tar -C ${join(workDirectory, `noise-${MEBIBYTES}`)} -c .`;

const sources: Row = {
  id: "pack",
  title: "Packing a tree of sources",
  about: "Copies of the libraries that libreseed is built from, as they lie in node_modules, of " +
    `${TREE_BYTES / 1e6} MB together, to one archive on the disk, read from the system's ` +
    "cache. libreseed hashes every file, writes and signs both manifests, makes the torrent, and " +
    "waits until the disk has it all; the others compress, and hash what came out.",
  metrics: [...commandMetrics, { key: "kilobytes", name: "archive", unit: "kB" }],
  contenders: [
    libreseed,
    shell("tar, pigz -6, sha256sum", `${tar} | pigz -6 > ${output} && ${sum}`, ["pigz"]),
    shell("tar, gzip -6, sha256sum", `${tar} | gzip -6 > ${output} && ${sum}`, ["gzip"]),
  ],
  rounds: 5,
};

const noise: Row = {
  id: "pack-large",
  title: "Packing what does not shrink",
  about: `One file of ${MEBIBYTES} MiB of noise, from the system's cache to one archive on the ` +
    "disk: how long it takes, and how much memory beyond what packing next to nothing takes.",
  metrics: [...commandMetrics, { key: "kilobytes", name: "archive", unit: "kB" }],
  contenders: [
    large,
    nothing,
    shell("tar, pigz -6, sha256sum", `${largeTar} | pigz -6 > ${output} && ${sum}`, ["pigz"]),
    shell("tar, sha256sum", `${largeTar} > ${output} && ${sum}`, []),
  ],
  rounds: 5,
};

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [sources, noise];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
