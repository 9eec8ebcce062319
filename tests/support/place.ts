/**
 * The environment for tests of commands that use the network: a testnet, homes whose commands use
 * the testnet, packages to publish, and polling for asynchronous results.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { toHex } from "../../src/base/mod.ts";
import {
  formatPublicKey,
  generateKeyPair,
  type KeyPair,
  parsePublicKey,
  writeKeyFile,
} from "../../src/identity/mod.ts";
import { announceSalt, manifestSalt, targetOf } from "../../src/records/mod.ts";
import { startTestnet, type Testnet, type TestnetNode } from "../../src/testnet/mod.ts";
import {
  type CliOptions,
  type CliProcess,
  type CliResult,
  leftovers,
  runCli,
  spawnCli,
  temporaryHome,
} from "./mod.ts";

/**
 * Default number of testnet nodes. It exceeds the number of nodes that hold a record, so that
 * lookups have to search.
 */
const NODES = 12;
const POLL_MS = 50;
/** Maximum wait of {@linkcode eventually} in milliseconds. Only a broken program reaches it. */
const PATIENCE_MS = 240_000;

/** A testnet with a directory for homes and packages. */
export class Place {
  readonly path: string;
  readonly testnet: Testnet;
  readonly #remove: () => Promise<void>;
  readonly #homes: Home[] = [];

  constructor(path: string, testnet: Testnet, remove: () => Promise<void>) {
    this.path = path;
    this.testnet = testnet;
    this.#remove = remove;
  }

  /** Makes a home with a new key, with the given key, or (`null`) without a key. */
  async home(keys: KeyPair | null = generateKeyPair()): Promise<Home> {
    const home = new Home(join(this.path, `home-${this.#homes.length}`), this.testnet, keys);
    this.#homes.push(home);
    await Deno.mkdir(home.path, { mode: 0o700 });
    if (keys) await writeKeyFile(join(home.path, "keys", "publisher.key"), keys);
    return home;
  }

  /**
   * Makes a directory to publish. Different contents result in different archives of the same
   * version.
   */
  async source(name: string, version: string, contents = "hello\n"): Promise<string> {
    const path = await Deno.makeTempDir({ dir: this.path, prefix: "source-" });
    await Deno.writeTextFile(join(path, "package.json"), JSON.stringify({ name, version }));
    await Deno.writeTextFile(join(path, "read me.txt"), contents);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      for (const { path } of this.#homes) {
        const left = await leftovers(path);
        // Print the leftovers before asserting, because an error thrown here would hide an error of
        // the test itself.
        if (left.length > 0) console.error(left);
        assert.deepEqual(left, []);
      }
    } finally {
      await this.testnet.close();
      await this.#remove();
    }
  }
}

/** A home whose commands use the testnet. */
export class Home {
  readonly path: string;
  readonly seed: string;
  readonly keys: KeyPair;
  /** The home's public key, as `ed25519:BASE64`. */
  readonly publicKey: string;
  readonly #testnet: Testnet;

  constructor(path: string, testnet: Testnet, keys: KeyPair | null) {
    this.path = path;
    this.seed = join(path, "seed");
    // The assertion `!` is safe, because tests of a home without a key do not read this member.
    this.keys = keys!;
    this.publicKey = keys ? formatPublicKey(keys.publicKey) : "";
    this.#testnet = testnet;
  }

  /** Runs a command in the home and waits for its end. */
  run(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    return runCli(args, this.#options(options));
  }

  /** Runs a command in the home, asserts exit code 0, and returns the standard output. */
  async must(args: readonly string[], options: CliOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, options);
    assert.equal(code, 0, `${args.join(" ")}: ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Starts a command in the home. */
  spawn(args: readonly string[], options: CliOptions = {}): CliProcess {
    return spawnCli(args, this.#options(options));
  }

  /** Starts the home's daemon and waits for the line that reports it ready. */
  async daemon(args: readonly string[] = [], options: CliOptions = {}): Promise<Daemon> {
    const process = this.spawn(["seed", ...args], { timeoutMs: 600_000, ...options });
    try {
      const [, port] = await process.waitForLine(/^ready: port (\d+), /, "stdout");
      return new Daemon(process, Number(port));
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Writes the home's config file. */
  configure(yaml: string): Promise<void> {
    return Deno.writeTextFile(join(this.path, "config.yaml"), yaml);
  }

  /** Lists the file names in the seed directory, sorted, without the lock file. */
  files(): string[] {
    try {
      return [...Deno.readDirSync(this.seed)].map(({ name }) => name)
        .filter((name) => name !== ".lock").sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  /**
   * Returns the testnet nodes that hold the manifest record of a package by this home's publisher.
   */
  holders(name: string, version: string): TestnetNode[] {
    return this.#testnet.holders(this.target(name, version));
  }

  /** Returns the testnet nodes that hold the announce record of this home's publisher. */
  listHolders(): TestnetNode[] {
    const { publicKey } = this.keys;
    return this.#testnet.holders(toHex(targetOf(publicKey, announceSalt(publicKey))));
  }

  /** Returns the DHT target of a manifest record, in hexadecimal. */
  target(name: string, version: string): string {
    return toHex(targetOf(parsePublicKey(this.publicKey), manifestSalt(name, version)));
  }

  #options({ env, ...options }: CliOptions): CliOptions {
    return {
      home: this.path,
      cwd: dirname(this.path),
      ...options,
      env: {
        LIBRESEED_BOOTSTRAP: this.#testnet.bootstrap,
        LIBRESEED_ALLOW_LOCAL: "true",
        LIBRESEED_PORT: "0",
        ...env,
      },
    };
  }
}

/** A running libreseed daemon, which is killed on dispose. */
export class Daemon {
  readonly process: CliProcess;
  readonly port: number;

  constructor(process: CliProcess, port: number) {
    this.process = process;
    this.port = port;
  }

  /** Ends the daemon with SIGTERM, waits for its end, and asserts exit code 0. */
  async end(): Promise<CliResult> {
    this.process.kill("SIGTERM");
    const result = await this.process.result;
    assert.equal(result.code, 0, result.stderr);
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}

/** Starts a testnet and makes a directory for homes: `await using place = await newPlace();` */
export async function newPlace({ nodes = NODES } = {}): Promise<Place> {
  const directory = await temporaryHome();
  try {
    const testnet = await startTestnet({ nodes });
    return new Place(await Deno.realPath(directory.path), testnet, directory.remove);
  } catch (error) {
    await directory.remove();
    throw error;
  }
}

/**
 * Calls `look` repeatedly until it returns a value other than `undefined`, `null` and `false`, and
 * resolves with that value. Rejects at the time limit with the last error of `look`.
 */
export async function eventually<T>(look: () => T | Promise<T>): Promise<NonNullable<T>> {
  const endMs = Date.now() + PATIENCE_MS;
  let problem: unknown = new Error(`not fulfilled within the time limit: ${look}`);
  while (Date.now() < endMs) {
    try {
      const found = await look();
      if (found !== undefined && found !== null && found !== false) return found!;
    } catch (error) {
      problem = error;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw problem;
}

/** Extracts the magnet link from an output line of `publish`. */
export function magnetIn(line: string): string {
  return line.trimEnd().split("\t")[1]!;
}

/** Like `Promise.all`, but waits for all promises to settle before it rejects. */
export async function together<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}
