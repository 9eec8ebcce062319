/**
 * Runs hostile peers in a separate process, for tests that measure the engine's memory in their own
 * process. This file is both the helper and the program of the separate process.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { type CliProcess, spawnCli } from "./cli.ts";
import { hostileWays } from "./hostile_peers.ts";
import { type SampleTorrent, sampleTorrent } from "./torrents.ts";
import { WireListener, WirePeer } from "./wire_peer.ts";

const PIECE_BYTES = 256 * 1024;

/** Options for starting hostile peers in a separate process. */
interface Orders {
  lengthBytes: number;
  /** The behaviour of each peer, by its name in {@linkcode hostileWays}. */
  ways: string[];
  /** Address of the engine to which the peers connect. Without it, the peers listen. */
  port?: number;
}

/** The torrent that the peers claim to have. */
export function hostileSample(lengthBytes: number): SampleTorrent {
  return sampleTorrent(lengthBytes, { pieceBytes: PIECE_BYTES });
}

/** Names of all hostile behaviours. */
export function namesOfWays(): string[] {
  return Object.keys(hostileWays(hostileSample(1), PIECE_BYTES));
}

/** A handle to the process of the hostile peers. */
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
      file,
    ];
    this.#process = spawnCli([JSON.stringify(orders)], { program });
  }

  /** Addresses at which the peers listen. */
  async addresses(): Promise<{ host: string; port: number }[]> {
    return JSON.parse((await this.#process.waitForLine(/^\[.*\]$/, "stdout"))[0]);
  }

  /** Behaviours of the peers that have not misbehaved yet. */
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
