/**
 * Measures installing a package of many small files, compared with tar. `deno run -A
 * scripts/bench/install.ts`.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  commandMetrics,
  makeSmall,
  missing,
  missingProgram,
  program,
  runCommand,
  runLibreseed,
  workDirectory,
} from "./command.ts";
import { startNetwork } from "./dht_network.ts";
import { type Contender, type Row, runBenchmarks } from "./harness.ts";

const FILES = 20_000;
const FILES_A_DIRECTORY = 100;
const NODES = 20;
/** A package to install, in a home of its own. */
interface InstallCase {
  /** Name of the package. */
  name: string;
  /** Returns a directory with the package's files. */
  makeSource: () => Promise<string>;
}

const MANY: InstallCase = { name: "many", makeSource: makeManyFiles };
const SMALL: InstallCase = { name: "small", makeSource: makeSmall };
/**
 * The directory in which all rounds unpack, each to a name of its own. It is removed at the end: ext4
 * does not reuse an inode for up to five minutes after its removal, and the next files that are made
 * search past each such inode, which can take ten times as long as unpacking.
 */
const unpacked = join(workDirectory, "many-unpacked");
let unpackings = 0;

/** Returns a new path in that directory. */
async function nextTarget(): Promise<string> {
  if (unpackings === 0) {
    addEventListener("unload", () => Deno.removeSync(unpacked, { recursive: true }));
    await Deno.mkdir(unpacked, { recursive: true });
  }
  return join(unpacked, `${Deno.pid}-${++unpackings}`);
}

const homeOf = ({ name }: InstallCase) => join(workDirectory, `${name}-home`);

/** Makes text files of about 300 bytes to 4 kB, all different. */
async function makeManyFiles(): Promise<string> {
  const directory = join(workDirectory, "many-source");
  for (let i = 0; i < FILES; i++) {
    const folder = join(directory, `folder-${Math.floor(i / FILES_A_DIRECTORY)}`);
    if (i % FILES_A_DIRECTORY === 0) await Deno.mkdir(folder, { recursive: true });
    const lines = Array.from(
      { length: 10 + (i * 37) % 120 },
      (_, line) => `line ${line} of ${i}, ${line * i}`,
    );
    await Deno.writeTextFile(join(folder, `file-${i}.txt`), lines.join("\n"));
  }
  return directory;
}

/** Makes a home whose seed directory contains the package, so that `install` downloads nothing. */
async function makeHome(installCase: InstallCase): Promise<void> {
  const home = homeOf(installCase);
  if (await Deno.stat(home).catch(() => undefined)) return;
  const half = `${home}.half`;
  await Deno.mkdir(half, { recursive: true });
  const source = await installCase.makeSource();
  await runLibreseed(half, ["keygen", "--signing-only"]);
  await using testnet = await startNetwork(NODES);
  const network = [`--bootstrap=${testnet.bootstrap}`, "--allow-local", "--port=0"];
  const what = [`--name=${installCase.name}`, "--version=1.0.0"];
  await runLibreseed(half, ["publish", source, ...what, ...network]);
  await Deno.remove(source, { recursive: true });
  await Deno.rename(half, home);
}

async function archivePath(): Promise<string> {
  const directory = join(homeOf(MANY), "seed");
  for await (const { name } of Deno.readDir(directory)) {
    if (name.endsWith(".tgz")) return join(directory, name);
  }
  throw new Error(`there is no archive in ${directory}`);
}

async function keyOf(home: string): Promise<string> {
  const { stdout } = await new Deno.Command(program, {
    args: ["list", "--json"],
    env: { LIBRESEED_HOME: home },
    clearEnv: true,
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).publisher;
}

function libreseed(name: string, installCase: InstallCase): Contender {
  const home = homeOf(installCase);
  return {
    name,
    async missing() {
      const why = await missingProgram();
      if (why === undefined) await makeHome(installCase);
      return why;
    },
    async round() {
      const ref = `${await keyOf(home)}/${installCase.name}@1.0.0`;
      // The store of the round before, or of an earlier run.
      await Deno.rename(join(home, "packages"), await nextTarget()).catch(() => {});
      return await runLibreseed(home, ["install", ref, "--port=0", "--no-dht"]);
    },
  };
}

function unpack(name: string, command: (target: string) => string): Contender {
  return {
    name,
    missing: missing("/usr/bin/time", "tar"),
    async round() {
      const target = await nextTarget();
      await Deno.mkdir(target);
      return await runCommand([
        "sh",
        "-c",
        command(target).replace("ARCHIVE", await archivePath()),
      ]);
    },
  };
}

const tar = (target: string) => `tar -C ${target} -xzf ARCHIVE`;

/** The least that libreseed can do, as `install_least.ts` does it. */
const least: Contender = {
  name: "the least, on Deno",
  missing: missing("/usr/bin/time"),
  async round() {
    // The files lie as deep below the root as those of `libreseed install`, because each directory
    // above a file costs time.
    const target = join(await nextTarget(), "package");
    await Deno.mkdir(target, { recursive: true });
    const script = fileURLToPath(new URL("./install_least.ts", import.meta.url));
    const flags = ["run", "-q", "-A", "--unstable-worker-options"];
    const args = [await archivePath(), target, "0444"];
    return await runCommand([Deno.execPath(), ...flags, script, ...args]);
  },
};

/** The benchmarks of this file; each gives one row of results. */
export const rows: readonly Row[] = [{
  id: "install",
  title: "Installing a package of many small files",
  about:
    `${FILES.toLocaleString("en")} files of 0.3 to 4 kB, from an archive that is there already ` +
    "and in the system's cache. libreseed verifies the archive and every file in it; tar unpacks.",
  metrics: commandMetrics,
  contenders: [
    libreseed("libreseed install", MANY),
    libreseed("libreseed install, of next to nothing", SMALL),
    least,
    unpack("tar", tar),
    unpack("tar, sync", (target) => `${tar(target)} && sync -f ${target}`),
  ],
  rounds: 5,
}];

if (import.meta.main) Deno.exit(await runBenchmarks(rows, Deno.args));
