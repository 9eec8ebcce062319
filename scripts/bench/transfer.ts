/**
 * Shared parts of the benchmarks of downloading and seeding: a published package, the compared
 * programs, and the resource use of a process.
 */

import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startTestnet } from "../../src/testnet/mod.ts";
import { fromSources } from "../../tests/support/cli.ts";
import { Program } from "./program.ts";

/**
 * Debian's Python, which has the package python3-libtorrent. Another Python that comes first in
 * PATH lacks libtorrent.
 */
export const PYTHON = "/usr/bin/python3";
/** Size of the transferred package in MiB, which the environment variable `BENCH_MIB` sets. */
export const SIZE_MIB = Number(Deno.env.get("BENCH_MIB") ?? 512);
const binary = Deno.env.get("LIBRESEED_BIN");
const built = here("../../dist/libreseed");
// `LIBRESEED_BIN` is removed from the environment, because libreseed refuses variables with its
// prefix that are no settings.
Deno.env.delete("LIBRESEED_BIN");

const libtorrentScript = here("./torrent_libtorrent.py");
const measuredScript = here("./measured.py");
const webtorrentScript = here("./torrent_webtorrent.mjs");

function here(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Returns the command line of libreseed for the given arguments. */
export function libreseed(...args: string[]): string[] {
  return [...(binary ? [binary] : fromSources), ...args];
}

/**
 * Returns the command line of libreseed as users run it: the compiled program in `dist` if it
 * exists, else the sources.
 */
export function installed(...args: string[]): string[] {
  return binary === undefined && existsSync(built) ? [built, ...args] : libreseed(...args);
}

/** Returns the command line of libtorrent, run through a Python script of this folder. */
export function libtorrent(order: Record<string, unknown>): string[] {
  return [PYTHON, libtorrentScript, JSON.stringify(order)];
}

/** Returns the command line of WebTorrent on Node, run through a script of this folder. */
export function webtorrent(...args: string[]): string[] {
  return ["node", webtorrentScript, ...args];
}

/** Starts a command that prints JSON objects. */
export function start([program, ...args]: readonly string[]): Program {
  return new Program(program!, args);
}

/** Resources that a process has used. */
export interface ResourceUse {
  seconds: number;
  cpuSeconds: number;
  residentMiB: number;
}

/** Runs a command, and returns its resource use. Throws if the command fails. */
export async function measured(
  command: readonly string[],
  env: Record<string, string> = {},
): Promise<ResourceUse> {
  const { stdout, stderr } = await new Deno.Command(PYTHON, {
    args: [measuredScript, ...command],
    env: { ...env, DENO_NO_UPDATE_CHECK: "1" },
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  const { code, ...taken } = JSON.parse(text.decode(stdout)) as ResourceUse & { code: number };
  if (code === 0) return taken;
  throw new Error(`${command.join(" ")} ended with ${code}\n${text.decode(stderr)}`);
}

/** Returns a running process's processor time since its start, and its peak memory. */
export async function usage(pid: number): Promise<{ cpuSeconds: number; residentMiB: number }> {
  const stat = (await Deno.readTextFile(`/proc/${pid}/stat`)).split(") ")[1]!.split(" ");
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return {
    // proc(5): utime and stime are fields 14 and 15 of `/proc/PID/stat`, in hundredths of a second
    // on Linux.
    cpuSeconds: (Number(stat[11]) + Number(stat[12])) / 100,
    residentMiB: Number(/^VmHWM:\s*(\d+)/m.exec(status)![1]) / 1024,
  };
}

/** Returns the current memory of a running process. */
export async function residentMiB(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s*(\d+)/m.exec(status)![1]) / 1024;
}

/**
 * Makes a function that returns why a program cannot be measured, by a trial run of the given
 * command.
 */
export function missing(...trial: string[]): () => Promise<string | undefined> {
  return async () => {
    const why = `${trial.join(" ")} does not run`;
    try {
      const [program, ...args] = trial;
      const { success } = await new Deno.Command(program!, { args, stderr: "null", stdout: "null" })
        .output();
      return success ? undefined : why;
    } catch {
      return why;
    }
  };
}

export const libtorrentMissing = missing(PYTHON, "-c", "import libtorrent");
export const aria2Missing = missing("aria2c", "--version");
export const nodeMissing = missing("node", "--version");

/** A package that is published on first use, and that all rounds share. */
export class SharedPackage {
  readonly #mebibytes: number;
  #made: Promise<PublishedPackage> | undefined;

  constructor(mebibytes: number) {
    this.#mebibytes = mebibytes;
  }

  get(): Promise<PublishedPackage> {
    return this.#made ??= PublishedPackage.make(this.#mebibytes);
  }

  async dispose(): Promise<void> {
    await (await this.#made)?.[Symbol.asyncDispose]();
    this.#made = undefined;
  }
}

/** A package that is published on a testnet but not seeded. */
export class PublishedPackage implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;

  private constructor(
    stack: AsyncDisposableStack,
    /** Home directory of the publisher. */
    readonly home: string,
    readonly archivePath: string,
    readonly magnet: string,
    readonly bootstrap: string,
    readonly lengthBytes: number,
    readonly infoHashHex: string,
    readonly pieceBytes: number,
  ) {
    this.#stack = stack;
  }

  /** Packs a file of random bytes, and publishes the archive. */
  static async make(mebibytes: number): Promise<PublishedPackage> {
    await using stack = new AsyncDisposableStack();
    const testnet = stack.use(await startTestnet({ nodes: 20, nodesPerAnswer: 8 }));
    const home = await Deno.makeTempDir({ prefix: "libreseed-bench-" });
    stack.defer(() => Deno.remove(home, { recursive: true }));
    const env = { LIBRESEED_HOME: home };
    const source = join(home, "source");
    await Deno.mkdir(source);
    {
      using file = await Deno.open(join(source, "data.bin"), { write: true, createNew: true });
      const bytes = new Uint8Array(2 ** 20);
      for (let i = 0; i < mebibytes; i++) {
        for (let at = 0; at < bytes.length; at += 65_536) {
          crypto.getRandomValues(bytes.subarray(at, at + 65_536));
        }
        for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      }
    }
    await measured(libreseed("keygen", "--signing-only"), env);
    const network = ["--bootstrap", testnet.bootstrap, "--allow-local", "--port", "0"];
    const publish = libreseed("publish", "-q", "--json", "--name", "data", "--version", "1.0.0");
    const [program, ...args] = [...publish, ...network, source];
    const { stdout, code } = await new Deno.Command(program!, { args, env, stderr: "inherit" })
      .output();
    if (code !== 0) throw new Error("publish failed");
    const published = JSON.parse(new TextDecoder().decode(stdout));
    await Deno.remove(source, { recursive: true });
    const { size } = await Deno.stat(published.path);
    const { path, magnet, infohash } = published;
    const torrent = await Deno.readFile(path.replace(/\.tgz$/, ".torrent"));
    const pieceBytes = Number(/12:piece lengthi(\d+)e/.exec(new TextDecoder().decode(torrent))![1]);
    return new PublishedPackage(
      stack.move(),
      home,
      path,
      magnet,
      testnet.bootstrap,
      size,
      infohash,
      pieceBytes,
    );
  }

  /** Directory that contains the package's archive. */
  get directory(): string {
    return dirname(this.archivePath);
  }

  get torrentPath(): string {
    return this.archivePath.replace(/\.tgz$/, ".torrent");
  }

  get fileName(): string {
    return basename(this.archivePath);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/**
 * Starts a libtorrent process that seeds a package.
 *
 * @param limit upload limit in bytes per second, for all peers together
 */
export async function libtorrentSeeder(
  { torrentPath, directory }: PublishedPackage,
  limit?: number,
): Promise<{ program: Program; port: number }> {
  const program = start(libtorrent({ do: "seed", torrent: torrentPath, dir: directory, limit }));
  const { port } = await program.next<{ port: number }>();
  return { program, port };
}

/**
 * Starts a tracker that names one peer on 127.0.0.1, for programs that accept peers only from
 * trackers.
 */
export function tracker(port: number): { url: string } & AsyncDisposable {
  const peer = Uint8Array.of(127, 0, 0, 1, port >> 8, port & 255);
  const text = new TextEncoder();
  const parts = [text.encode("d8:intervali60e5:peers6:"), peer, text.encode("e")];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(new Blob(parts)),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/announce`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
