/**
 * Starts, connects and ends the nodes of a testnet.
 *
 * Every node knows every other's id and port from the start, so the routing tables are filled by hand,
 * as a finished bootstrap would leave them. That sends no packet (200 nodes that really look each other
 * up exchange some 6,000, and one lost packet costs two seconds), and the counters of a new testnet
 * stand at zero. Nodes never leave or join later; for that, kill one or let a DHT node of your own in.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Clock, delay, formatHostPort, systemClock } from "../base/mod.ts";
import { TestnetError } from "./errors.ts";
import { LocalNode, type TestnetNode } from "./node.ts";

/** k-rpc's bucket size. A bucket with more makes a node ping the old contacts. */
const BUCKET_SIZE = 20;
const MAX_NODES = 2000;

/** What {@linkcode startTestnet} takes. */
export interface TestnetOptions {
  /** How many nodes, 1 to 2,000. */
  nodes: number;
  /** UDP port of the first node; 0 or absent: any free one. The others take any free port. */
  port?: number;
  /** Address to bind. Only 127.0.0.1 is sensible: these nodes are for trying things out. */
  host?: string;
  /** How many earlier nodes each one turns to if it ever loses all its contacts. Default 3. */
  bootstrapEach?: number;
  /** Node ids are SHA-1(`seed:index`), so the same seed gives the same network every time. */
  seed?: string;
  /**
   * How many contacts an answer names: 8 in BEP 5's terms. bittorrent-dht names its whole table, and
   * that is the default; past some 50 nodes libtorrent cannot read such answers.
   */
  nodesPerAnswer?: number;
  /** Milliseconds to have all nodes listening in. Default 30,000. */
  timeoutMs?: number;
  /** For the deadline. */
  clock?: Clock;
}

/** A running testnet. */
export interface Testnet {
  /** `HOST:PORT` of the first node, to give to `--bootstrap`. */
  readonly bootstrap: string;
  readonly nodes: readonly TestnetNode[];
  /** The living nodes that hold an item for this target. */
  holders(targetHex: string): TestnetNode[];
  /** Ends all nodes. When it resolves no socket and no timer is left. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a testnet and resolves when all its nodes listen and know each other.
 *
 * @throws {TestnetError} `PORT_IN_USE`, `PORT_REFUSED`, `START_TIMEOUT`, `BAD_OPTION`; no node is left
 * running then.
 */
export async function startTestnet(options: TestnetOptions): Promise<Testnet> {
  const { port = 0, host = "127.0.0.1", bootstrapEach = 3, seed = "libreseed-testnet" } = options;
  const { timeoutMs = 30_000, clock = systemClock, nodesPerAnswer = Infinity } = options;
  if (!Number.isInteger(options.nodes) || options.nodes < 1 || options.nodes > MAX_NODES) {
    throw new TestnetError(
      "usage",
      "BAD_OPTION",
      `a testnet has 1 to ${MAX_NODES} nodes, not ${options.nodes}`,
    );
  }
  const nodes: LocalNode[] = [];
  const close = async () => {
    await Promise.all(nodes.map((node) => node.kill()));
  };
  let ended = false;
  const start = async () => {
    for (let index = 0; index < options.nodes; index++) {
      const id = createHash("sha1").update(`${seed}:${index}`).digest();
      nodes.push(new LocalNode(new Uint8Array(id), host, nodesPerAnswer));
    }
    // The first alone: only it can find its port taken.
    await nodes[0]!.listen(port);
    if (!ended) await Promise.all(nodes.slice(1).map((node) => node.listen(0)));
  };
  const deadline = new AbortController();
  try {
    const late = delay(clock, timeoutMs, deadline.signal).then(() => {
      throw new TestnetError(
        "failed",
        "START_TIMEOUT",
        `a testnet of ${options.nodes} nodes was not up after ${timeoutMs} ms: ask for fewer nodes`,
      );
    });
    await Promise.race([start(), late]);
    introduce(nodes, bootstrapEach);
  } catch (error) {
    ended = true;
    await close();
    throw error;
  } finally {
    deadline.abort();
  }
  return {
    bootstrap: formatHostPort({ host, port: nodes[0]!.port }),
    nodes,
    holders: (targetHex) => nodes.filter((node) => !node.killed && node.holds(targetHex)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Fills all routing tables as Kademlia wants them: of the nodes that share exactly n leading bits with
 * its own id, each knows up to 20. Its nearest neighbours are always among them.
 */
function introduce(nodes: LocalNode[], bootstrapEach: number): void {
  nodes.forEach((node, index) => {
    const earlier = Math.min(index, bootstrapEach);
    node.fallBackOn(Array.from({ length: earlier }, (_, i) => nodes[(index * 7 + i) % index]!));
    const room = new Array<number>(161).fill(BUCKET_SIZE);
    for (let step = 1; step < nodes.length; step++) {
      // Each starts behind itself, so that the far contacts differ from node to node.
      const other = nodes[(index + step) % nodes.length]!;
      const shared = sharedBits(node.id, other.id);
      if (room[shared]! > 0) {
        room[shared]!--;
        node.learn(other);
      }
    }
  });
}

/** Number of leading bits that both ids have in common. */
function sharedBits(a: Uint8Array, b: Uint8Array): number {
  let bits = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! ^ b[i]!;
    if (difference !== 0) return bits + Math.clz32(difference) - 24;
    bits += 8;
  }
  return bits;
}
