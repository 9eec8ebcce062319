/**
 * Measures packing with and without the scan for secrets: a large tree of sources, many small
 * files, and a package of typical size. `deno run -A scripts/bench/secrets.ts`.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { workDirectory } from "./command.ts";
import { type Contender, type Figures, type Metric, type Row, runBenchmarks } from "./harness.ts";

const LIBRARIES = fileURLToPath(new URL("../../node_modules/.deno/", import.meta.url));
const PACKER = fileURLToPath(new URL("./secrets_pack.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

const metrics: readonly Metric[] = [
  { key: "ms", name: "packing", unit: "ms" },
  { key: "cpuMs", name: "processor", unit: "ms" },
];

/**
 * A tree of source files, copied from the npm packages repeatedly until the tree is large enough.
 */
interface Tree {
  id: string;
  title: string;
  rounds: number;
  mostFileBytes: number;
  isEnough: (files: number, bytes: number) => boolean;
}

const trees: readonly Tree[] = [
  {
    id: "secrets-large",
    title: "187 MB of sources",
    rounds: 11,
    mostFileBytes: Infinity,
    isEnough: (_, bytes) => bytes >= 187e6,
  },
  {
    id: "secrets-small",
    title: "20,000 files of at most 16 KiB",
    rounds: 11,
    mostFileBytes: 16 * 1024,
    isEnough: (files) => files >= 20_000,
  },
  {
    id: "secrets-usual",
    title: "a package of 5 MB",
    rounds: 41,
    mostFileBytes: 300e3,
    isEnough: (_, bytes) => bytes >= 5e6,
  },
];

/** Lists regular files with their sizes, in the order of their paths. */
async function* filesIn(directory: string): AsyncGenerator<[path: string, bytes: number]> {
  const entries = await Array.fromAsync(Deno.readDir(directory));
  for (const { name, isDirectory, isFile } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = join(directory, name);
    if (isDirectory) yield* filesIn(path);
    if (isFile) yield [path, (await Deno.stat(path)).size];
  }
}

function directoryOf({ id }: Tree): string {
  return join(workDirectory, id);
}

async function makeTree(tree: Tree): Promise<void> {
  const directory = directoryOf(tree);
  if (await Deno.stat(directory).catch(() => undefined)) return;
  const half = `${directory}.half`;
  const all = await Array.fromAsync(filesIn(LIBRARIES));
  const libraries = all.filter(([, bytes]) => bytes > 0 && bytes <= tree.mostFileBytes);
  let [files, bytes] = [0, 0];
  for (let copy = 1; !tree.isEnough(files, bytes); copy++) {
    for (const [path, length] of libraries) {
      if (tree.isEnough(files, bytes)) break;
      const target = join(half, `copy-${copy}`, path.slice(LIBRARIES.length));
      await Deno.mkdir(join(target, ".."), { recursive: true });
      await Deno.copyFile(path, target);
      files++;
      bytes += length;
    }
  }
  await Deno.rename(half, directory);
}

/** Packs in a new process, so that V8 has not optimised any code before the measurement. */
async function pack(tree: Tree, how: "with" | "without"): Promise<Figures> {
  const output = await Deno.makeTempDir({ dir: workDirectory });
  try {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-q", "-A", "--no-check", `--config=${CONFIG}`],
        ...[PACKER, directoryOf(tree), join(output, "secrets-1.0.0.tgz"), how],
      ],
      stdin: "null",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(output, { recursive: true });
  }
}

function contender(tree: Tree, name: string, how: "with" | "without"): Contender {
  return {
    name,
    async missing() {
      await Deno.mkdir(workDirectory, { recursive: true });
      await makeTree(tree);
      return undefined;
    },
    round: () => pack(tree, how),
  };
}

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = trees.map((tree) => ({
  id: tree.id,
  title: `Looking for secrets in ${tree.title}`,
  about:
    "Copies of the libraries that libreseed is built from, packed by its code in a process of " +
    "its own each time, from the system's cache. The time of the whole packing, and that of the " +
    "processor in all threads, without the start of the program.",
  metrics,
  contenders: [
    contender(tree, "packing", "with"),
    contender(tree, "packing, without the look", "without"),
  ],
  rounds: tree.rounds,
}));

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
