/**
 * Measures what an update fetches, of pairs of versions of npm packages and of libreseed's own
 * program file. `deno run -A scripts/bench/update.ts`. The packages are fetched by `npm pack` when a
 * row first needs them.
 */

import { join } from "node:path";
import { missing, missingProgram, program, runLibreseed, workDirectory } from "./command.ts";
import { startNetwork } from "./dht_network.ts";
import { type Contender, type Figures, type Metric, type Row, runBenchmarks } from "./harness.ts";
import type { Program } from "./program.ts";
import { libtorrent, libtorrentMissing, start } from "./transfer.ts";
import { ByteRelay, casync, type UpdateTool, type Versions, zsync } from "./update_tools.ts";

/** Number of DHT nodes. Published records need some to lie on. */
const NODES = 20;
const NETWORK = ["--allow-local", "--port=0"];

/** Two versions of what is updated, and how to get the directory of one. */
interface Pair {
  id: string;
  what: string;
  versions: readonly [old: string, next: string];
  /** Whether the directories are the same in every run, so that later ones can use them. */
  isKept: boolean;
  /** The reason why the directories cannot be made, or `undefined`. */
  missing(): Promise<string | undefined>;
  make(version: string, directory: string): Promise<void>;
}

/** Makes a pair of two versions of an npm package. */
function npmPair(id: string, name: string, old: string, next: string): Pair {
  return {
    id,
    what: `${name} ${old} → ${next}`,
    versions: [old, next],
    isKept: true,
    missing: missing("npm", "tar"),
    async make(version, directory) {
      await run("npm", ["pack", "--silent", `${name}@${version}`], directory);
      const [tarball] = [...Deno.readDirSync(directory)];
      await run("tar", ["-xzf", tarball!.name, "--strip-components=1"], directory);
      await Deno.remove(join(directory, tarball!.name));
    },
  };
}

/** The program file and another build of it, whose path `BENCH_OTHER_BUILD` is. */
const otherBuild = Deno.env.get("BENCH_OTHER_BUILD");
const builds: Pair = {
  id: "update-program",
  what: "libreseed's program file, two builds",
  versions: ["1.0.0", "1.0.1"],
  isKept: false,
  missing: () =>
    Promise.resolve(otherBuild ? undefined : "BENCH_OTHER_BUILD names no other program file"),
  async make(version, directory) {
    await Deno.copyFile(version === "1.0.0" ? otherBuild! : program, join(directory, "libreseed"));
  },
};

const pairs = [
  npmPair("update-next", "next", "15.3.0", "15.3.1"),
  npmPair("update-typescript", "typescript", "5.8.2", "5.8.3"),
  npmPair("update-icons", "@mui/icons-material", "6.4.8", "6.4.9"),
  npmPair("update-date-fns", "date-fns", "4.0.0", "4.1.0"),
  builds,
];

/** A pair, published from one home. */
class PublishedPair implements AsyncDisposable {
  #stack = new AsyncDisposableStack();
  #bootstrap = "";
  #root = "";
  readonly #pair: Pair;
  readonly #magnets = new Map<string, string>();
  readonly #made: Promise<void>;
  /** Length in bytes of the newer version's archive. */
  archiveBytes = 0;

  constructor(pair: Pair) {
    this.#pair = pair;
    this.#made = this.#make();
  }

  async versions(): Promise<Versions> {
    await this.#made;
    const [old, next] = this.#pair.versions;
    const work = await Deno.makeTempDir({ dir: this.#root });
    return { old: this.#source(old), new: this.#source(next), work };
  }

  #source(version: string): string {
    const { id, isKept } = this.#pair;
    return join(isKept ? workDirectory : this.#root, id, version);
  }

  async #make(): Promise<void> {
    const stack = this.#stack;
    this.#root = await Deno.makeTempDir({ prefix: "libreseed-bench-" });
    stack.defer(() => Deno.remove(this.#root, { recursive: true }));
    const testnet = stack.use(await startNetwork(NODES));
    this.#bootstrap = testnet.bootstrap;
    const publisher = join(this.#root, "publisher");
    await runLibreseed(publisher, ["keygen", "--signing-only"]);
    for (const version of this.#pair.versions) {
      const source = this.#source(version);
      if (!await Deno.stat(source).catch(() => undefined)) {
        const half = `${source}.half`;
        await Deno.mkdir(half, { recursive: true });
        await this.#pair.make(version, half);
        await Deno.rename(half, source);
      }
      const names = ["--name=updated", `--version=${version}`];
      const { stdout, success } = await new Deno.Command(program, {
        args: ["publish", "-q", "--json", source, ...names, ...this.#network()],
        env: { LIBRESEED_HOME: publisher },
        clearEnv: true,
      }).output();
      if (!success) throw new Error(`publish ${source} failed`);
      this.#magnets.set(version, JSON.parse(new TextDecoder().decode(stdout)).magnet);
    }
    const [, next] = this.#pair.versions;
    this.archiveBytes = (await Deno.stat(this.#archive(next))).size;
  }

  #network(): string[] {
    return [`--bootstrap=${this.#bootstrap}`, ...NETWORK];
  }

  #archive(version: string): string {
    return join(this.#root, "publisher", "seed", `updated-${version}.tgz`);
  }

  /** Gets a version from a libtorrent seeder, and returns what the seeder sent, and the seconds. */
  async get(home: string, version: string, ...flags: string[]): Promise<Figures> {
    const archive = this.#archive(version);
    const torrent = archive.replace(/\.tgz$/, ".torrent");
    const seeder: Program = start(
      libtorrent({ do: "seed", torrent, dir: join(this.#root, "publisher", "seed") }),
    );
    try {
      const { port } = await seeder.next<{ port: number }>();
      using relay = new ByteRelay(port);
      const magnet = `${this.#magnets.get(version)}&x.pe=127.0.0.1:${relay.port}`;
      const { ms } = await runLibreseed(home, ["get", magnet, ...flags, ...this.#network()]);
      return { sentBytes: relay.sentBytes, seconds: ms! / 1000 };
    } finally {
      await seeder[Symbol.asyncDispose]();
    }
  }

  /** Updates a new home, which has got the older version before. */
  async update(...flags: string[]): Promise<Figures> {
    await this.#made;
    const home = await Deno.makeTempDir({ dir: this.#root });
    const [old, next] = this.#pair.versions;
    try {
      await this.get(home, old);
      return await this.get(home, next, ...flags);
    } finally {
      await Deno.remove(home, { recursive: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#made.catch(() => {});
    await this.#stack.disposeAsync();
  }
}

async function run(command: string, args: string[], cwd?: string): Promise<void> {
  const options = { args, cwd, stdout: "null", stderr: "piped" } as const;
  const { success, stderr } = await new Deno.Command(command, options).output();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
}

const metrics: Metric[] = [
  { key: "share", name: "sent, of libreseed's archive", unit: "%" },
  { key: "kilobytes", name: "sent by the seeder or server", unit: "kB" },
  { key: "seconds", name: "start to end", unit: "s" },
];

function rowOf(pair: Pair): Row {
  let published: PublishedPair | undefined;
  const all = () => published ??= new PublishedPair(pair);
  const figures = ({ sentBytes, seconds }: Figures): Figures => ({
    share: sentBytes! / all().archiveBytes * 100,
    kilobytes: sentBytes! / 1000,
    seconds: seconds!,
  });
  const libreseed = (name: string, ...flags: string[]): Contender => ({
    name,
    missing: async () =>
      await missingProgram() ?? await libtorrentMissing() ?? await pair.missing(),
    round: async () => figures(await all().update(...flags)),
  });
  const tool = ({ name, missing, update }: UpdateTool): Contender => ({
    name,
    missing: async () => await missing() ?? await missingProgram() ?? await pair.missing(),
    async round() {
      const versions = await all().versions();
      return figures({ ...await update(versions) });
    },
  });
  return {
    id: pair.id,
    title: `An update: ${pair.what}`,
    about: "The reader has the older version. What the seeder (libtorrent) or the web server " +
      "(nginx) sends for the newer one, with protocol, metadata and lists, as a share of " +
      "libreseed's archive of the newer version.",
    metrics,
    contenders: [
      libreseed("libreseed get"),
      libreseed("libreseed get --no-reuse", "--no-reuse"),
      tool(casync),
      tool(zsync),
    ],
    rounds: 3,
    warmUp: false,
    dispose: async () => {
      await published?.[Symbol.asyncDispose]();
      published = undefined;
    },
  };
}

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = pairs.map(rowOf);

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
