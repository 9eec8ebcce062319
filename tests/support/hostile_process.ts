/**
 * Hostile peers in a process of their own, for tests that measure memory: their own process has then
 * only that of the engine. Run as a program, this file is that process.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { type CliProcess, spawnCli } from "./cli.ts";
import { hostileWays } from "./hostile_peers.ts";
import { type SampleTorrent, sampleTorrent } from "./torrents.ts";
import { WireListener, WirePeer } from "./wire_peer.ts";

const PIECE_BYTES = 256 * 1024;

/** What the peers are told. */
interface Orders {
  lengthBytes: number;
  /** What each peer does, by its name in {@linkcode hostileWays}. */
  ways: string[];
  /** The engine that they dial; they are dialled unless given. */
  port?: number;
}

/** The torrent of which the peers say that they have it. */
export function hostileSample(lengthBytes: number): SampleTorrent {
  return sampleTorrent(lengthBytes, { pieceBytes: PIECE_BYTES });
}

/** The names of all ways to do harm. */
export function namesOfWays(): string[] {
  return Object.keys(hostileWays(hostileSample(1), PIECE_BYTES));
}

/** The peers, as the test sees them. */
export class HostileProcess implements AsyncDisposable {
  readonly #process: CliProcess;
  readonly #orders: Orders;

  constructor(orders: Orders) {
    this.#orders = orders;
    const file = fileURLToPath(import.meta.url);
    const program = [
      Deno.execPath(),
      "run",
      "-qA",
      "--no-check",
      "--node-modules-dir=manual",
      file,
    ];
    this.#process = spawnCli([JSON.stringify(orders)], { program });
  }

  /** Where they are dialled. */
  async addresses(): Promise<{ host: string; port: number }[]> {
    return JSON.parse((await this.#process.waitForLine(/^\[.*\]$/, "stdout"))[0]);
  }

  /** The ways of the peers that have done no harm yet. */
  idle(): string[] {
    const did = new Set(this.#process.stdout.matchAll(/^did (\d+)$/gm).map((line) => +line[1]!));
    return this.#orders.ways.filter((_, index) => !did.has(index));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

async function serve({ lengthBytes, ways: names, port }: Orders): Promise<void> {
  const sample = hostileSample(lengthBytes);
  const ways = hostileWays(sample, PIECE_BYTES);
  const peers = await Promise.all(
    names.map((name) =>
      port === undefined
        ? new WireListener(sample, () => ways[name]!)
        : WirePeer.dial(port, sample, ways[name]!)
    ),
  );
  const addresses = peers.flatMap((peer) => peer instanceof WireListener ? [peer.address] : []);
  console.log(JSON.stringify(addresses));
  const idle = new Set(peers.keys());
  setInterval(() => {
    for (const index of idle) {
      if (peers[index]!.deeds > 0 && idle.delete(index)) console.log(`did ${index}`);
    }
  }, 5);
}

if (import.meta.main) await serve(JSON.parse(Deno.args[0]!));
