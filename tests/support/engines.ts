/**
 * Engines for tests, on free ports, in a testnet or without a DHT. An engine is stopped at the end
 * of its block (`await using`).
 *
 * @module
 */

import { join } from "node:path";
import { systemClock } from "../../src/base/mod.ts";
import { DhtManager, type DhtManagerOptions } from "../../src/dht/mod.ts";
import { Engine, type EngineOptions } from "../../src/engine/mod.ts";
import type { Testnet } from "../../src/testnet/mod.ts";
import type { SampleTorrent } from "./torrents.ts";

/** Time limit of waits in milliseconds. Only a broken engine reaches it. */
const PATIENCE_MS = 240_000;

/** An engine with a directory of its own. */
export class TestEngine implements AsyncDisposable {
  readonly engine: Engine;
  readonly directory: string;

  static async start(
    options: Partial<EngineOptions> & { testnet?: Testnet } = {},
  ): Promise<TestEngine> {
    const { testnet, ...rest } = options;
    const engine = await Engine.start({
      clock: systemClock,
      port: 0,
      dht: testnet !== undefined,
      bootstrap: testnet ? [addressOf(testnet.bootstrap)] : [],
      ...rest,
    });
    return new TestEngine(engine, await Deno.makeTempDir({ prefix: "libreseed-engine-" }));
  }

  private constructor(engine: Engine, directory: string) {
    this.engine = engine;
    this.directory = directory;
  }

  /** Address at which peers can connect to the engine. */
  get address(): { host: string; port: number } {
    return { host: "127.0.0.1", port: this.engine.port };
  }

  /** Returns the absolute path of a file in the engine's directory. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** Creates a DHT manager that borrows the engine's node. */
  manager(options: Partial<DhtManagerOptions> = {}): DhtManager {
    return new DhtManager({
      nodes: () => {
        const node = this.engine.node();
        return node ? [node] : [];
      },
      clock: systemClock,
      ...options,
    });
  }

  /** Writes the content of a sample torrent into the engine's directory and seeds it. */
  async seed(sample: SampleTorrent, name = "seeded"): Promise<void> {
    await Deno.writeFile(this.path(name), sample.content);
    const { infoHashHex, torrent, content } = sample;
    const lengthBytes = content.length;
    await this.engine.seed([{ infoHashHex, torrent, filePath: this.path(name), lengthBytes }]);
  }

  /** Downloads a sample torrent from the given peers and returns the file's content. */
  async download(
    sample: Pick<SampleTorrent, "infoHashHex">,
    peers: TestEngine[],
    options: Partial<Parameters<Engine["download"]>[0]> = {},
  ): Promise<Uint8Array> {
    const filePath = options.filePath ?? this.path("downloaded");
    await this.engine.download({
      infoHashHex: sample.infoHashHex,
      filePath,
      maxBytes: 100 * 1024 * 1024,
      peers: peers.map(({ address }) => address),
      ...options,
    });
    return await Deno.readFile(filePath);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.close();
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** Splits an address `HOST:PORT`. */
export function addressOf(text: string): { host: string; port: number } {
  const [host, port] = text.split(":");
  return { host: host!, port: Number(port) };
}

/** Waits until a predicate holds, polling 200 times a second; fails after four minutes. */
export async function eventually(holds: () => boolean | Promise<boolean>, what: string) {
  const untilMs = performance.now() + PATIENCE_MS;
  while (!await holds()) {
    if (performance.now() > untilMs) throw new Error(`never came about: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
