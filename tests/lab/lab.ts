/**
 * One lab: an internet, a DHT, and packages of one publisher to seed and read.
 *
 * @module
 */

import { join } from "node:path";
import { runCli, spawnCli } from "../support/mod.ts";
import { denoScript, type Dht, startDht } from "./dht.ts";
import { Network, type Place } from "./network.ts";
import type { Program } from "./programs.ts";

/** Time limit for the start of a seeder (ms). */
const START_MS = 60_000;
/** Time limit for the DHT to name a seeder (ms). Afterwards readers start anyway. */
const ANNOUNCE_MS = 60_000;
/** The same for a program that joins the DHT slowly. */
const SLOW_ANNOUNCE_MS = 300_000;
const POLL_MS = 200;

/** A package of the lab's publisher. */
export interface Package {
  readonly name: string;
  readonly archive: string;
  readonly torrent: string;
  /** The magnet link, without the publisher's key. */
  readonly magnet: string;
  readonly infoHashHex: string;
  /** Length of the archive, bytes. */
  readonly length: number;
}

/** Result of one round: its duration and other figures, by name, or the reason for its failure. */
export type Outcome = { seconds: number; figures?: Record<string, number> } | { failure: string };

/** An internet with a DHT, and the packages of the lab's publisher. */
export class Lab implements AsyncDisposable {
  readonly network: Network;
  readonly dht: Dht;
  /** The public key of the lab's publisher. */
  readonly publisher: string;
  readonly #directory: string;
  #hasTracker = false;

  private constructor(network: Network, dht: Dht, publisher: string, directory: string) {
    this.network = network;
    this.dht = dht;
    this.publisher = publisher;
    this.#directory = directory;
  }

  /** Makes the internet, starts the DHT, and makes the publisher's key. */
  static async start(): Promise<Lab> {
    const directory = await Deno.makeTempDir({ prefix: "lab-" });
    const network = await Network.start(directory);
    const { publicKey } = JSON.parse(
      await libreseed(directory, ["keygen", "--signing-only", "--json"]),
    );
    return new Lab(network, await startDht(network), publicKey, directory);
  }

  /** Makes a home with the publisher's key. */
  async home(name: string): Promise<string> {
    const home = join(this.#directory, `home-${name}`);
    await Deno.mkdir(join(home, "keys"), { recursive: true, mode: 0o700 });
    const key = join("keys", "publisher.key");
    await Deno.copyFile(join(this.#directory, key), join(home, key));
    return home;
  }

  /** Packs a package of random bytes, whose torrent and magnet link name web seeds. */
  async pack(name: string, bytes: number, webSeeds: string[] = []): Promise<Package> {
    const source = join(this.#directory, `source-${name}`);
    const out = join(this.#directory, `packed-${name}`);
    await Deno.mkdir(source);
    await Deno.mkdir(out);
    await Deno.writeTextFile(
      join(source, "package.json"),
      JSON.stringify({ name, version: "1.0.0" }),
    );
    using file = await Deno.open(join(source, "bytes"), { create: true, write: true });
    for (let left = bytes; left > 0;) {
      const chunk = crypto.getRandomValues(new Uint8Array(Math.min(left, 65_536)));
      left -= chunk.length;
      for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
    }
    const archive = join(out, `${name}-1.0.0.tgz`);
    const packed = JSON.parse(
      await libreseed(this.#directory, [
        ...["pack", source, "-o", archive, "--json"],
        ...webSeeds.flatMap((url) => ["--web-seed", url]),
      ]),
    );
    const { torrent, infohash: infoHashHex, length } = packed;
    // Other programs put no records, so libreseed must not look for records of the publisher.
    const magnet = packed.magnet.replace(/&xs=[^&]*&s=[^&]*/, "");
    return { name, archive, torrent, magnet, infoHashHex, length };
  }

  /**
   * Starts a seeder, and waits until the DHT names a peer of the package.
   *
   * @returns the peers that the DHT names; empty if the program has not announced itself in a
   * minute, or in five if it joins the DHT slowly
   */
  async seed(program: Program, place: Place, subject: Package): Promise<string[]> {
    await limited(program.seed(this, place, subject), START_MS, `${program.name} does not seed`);
    const announceMs = program.joinsSlowly ? SLOW_ANNOUNCE_MS : ANNOUNCE_MS;
    for (const end = performance.now() + announceMs;;) {
      const peers = await this.dht.peers(subject.infoHashHex);
      if (peers.length > 0 || performance.now() > end) {
        await Deno.writeTextFile(join(this.#directory, subject.infoHashHex), JSON.stringify(peers));
        return peers;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Starts a tracker, which names the peers that the DHT named when {@linkcode seed} ended. */
  async tracker(): Promise<string> {
    const { place } = this.dht;
    if (!this.#hasTracker) {
      this.#hasTracker = true;
      const program = [...place.enter, ...denoScript("./tracker.ts")];
      const options = { program, timeoutMs: 2 ** 31 - 1 };
      const process = spawnCli([place.address!, this.#directory], options);
      await this.network.owns(process).waitForLine(/^ready$/);
    }
    return `http://${place.address}/announce`;
  }

  /**
   * Reads a package with a program that has no earlier state, and measures the time from the
   * program's start to the last byte.
   *
   * @param limitMs time limit of the reading
   */
  async read(
    read: Program["read"],
    place: Place,
    subject: Package,
    limitMs: number,
  ): Promise<Outcome> {
    const directory = await Deno.makeTempDir({ prefix: "reader-" });
    const begin = performance.now();
    try {
      await using reading = await read(this, place, subject, directory);
      await limited(reading.done, limitMs, "not reached");
      return { seconds: (performance.now() - begin) / 1_000 };
    } catch (error) {
      return { failure: (error as Error).message.split("\n")[0]! };
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]();
    await Deno.remove(this.#directory, { recursive: true });
  }
}

/** Waits for work, and rejects with a reason if the work takes longer than a limit. */
async function limited<T>(work: Promise<T>, limitMs: number, reason: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`${reason} in ${limitMs / 1_000} s`)),
    limitMs,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a command of libreseed that needs no network, and returns its standard output. */
async function libreseed(home: string, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(args, { home, timeoutMs: 600_000 });
  if (code !== 0) throw new Error(`libreseed ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}
