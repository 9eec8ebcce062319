/**
 * Starts the nodes of a testnet, fills their routing tables, and ends them.
 *
 * All ids and ports are known, so the routing tables are filled directly, with the contacts that a
 * finished bootstrap would give. That sends no packet, and the query counters of a new testnet are
 * zero. A real bootstrap of 200 nodes takes about 6,000 packets, and each lost packet costs two
 * seconds. No node joins later, and none leaves unless it is killed.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Clock, delay, formatHostPort, sharedBits, systemClock } from "../base/mod.ts";
import { TestnetError } from "./errors.ts";
import { LocalNode, type TestnetNode } from "./node.ts";

/**
 * Maximum number of contacts in a bucket of a routing table (npm:k-rpc). If a bucket were overfull,
 * the node would ping its old contacts.
 */
const BUCKET_SIZE = 20;
const MAX_NODES = 2000;

/** Options of {@linkcode startTestnet}, which starts a local DHT for tests. */
export interface TestnetOptions {
  /** Number of DHT nodes to start, 1 to 2,000. */
  nodes: number;
  /** UDP port of the first node; 0 or absent for any free port. The other nodes use any free ports. */
  port?: number;
  /**
   * Addresses to bind, which the nodes take in turn: addresses of IPv4, or ::1 alone. Default
   * 127.0.0.1. The nodes are not meant for a public network.
   */
  hosts?: readonly string[];
  /**
   * Number of bootstrap nodes that each node has. A node uses them if its routing table is empty.
   * Default 3.
   */
  bootstrapEach?: number;
  /** Seed of the node ids, which are SHA-1(`seed:index`). The same seed gives the same ids. */
  seed?: string;
  /**
   * Maximum number of contacts in a reply; k = 8 in BEP 5. Default: the whole routing table, as in
   * npm:bittorrent-dht. In testnets of more than about 50 nodes, libtorrent cannot parse such
   * replies.
   */
  nodesPerAnswer?: number;
  /** Time limit until all nodes listen, milliseconds. Default 30,000. */
  timeoutMs?: number;
  /** Clock that measures the time limit for the start. */
  clock?: Clock;
}

/** A running testnet: a local DHT of many nodes. */
export interface Testnet {
  /** Address of the first node as `HOST:PORT`, for `--bootstrap`. */
  readonly bootstrap: string;
  readonly nodes: readonly TestnetNode[];
  /** Returns the live nodes that store an item for a target. */
  holders(targetHex: string): TestnetNode[];
  /** Ends all nodes. Resolves when all sockets and timers are closed. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a testnet. Resolves when all nodes listen and their routing tables are filled. After an
 * error, no node is left running.
 *
 * @throws {TestnetError} `PORT_IN_USE`, `PORT_REFUSED`, `START_TIMEOUT`, `BAD_OPTION`
 */
export async function startTestnet(options: TestnetOptions): Promise<Testnet> {
  const { port = 0, hosts = ["127.0.0.1"], bootstrapEach = 3, seed = "libreseed-testnet" } =
    options;
  const { timeoutMs = 30_000, clock = systemClock, nodesPerAnswer = Infinity } = options;
  if (!Number.isInteger(options.nodes) || options.nodes < 1 || options.nodes > MAX_NODES) {
    throw new TestnetError(
      "usage",
      "BAD_OPTION",
      `a testnet has 1 to ${MAX_NODES} nodes, not ${options.nodes}`,
    );
  }
  if (hosts.length > 1 && hosts.some((host) => host.includes(":"))) {
    throw new TestnetError("usage", "BAD_OPTION", "a testnet of IPv6 has the one address ::1");
  }
  const nodes: LocalNode[] = [];
  const close = async () => {
    await Promise.all(nodes.map((node) => node.kill()));
  };
  let ended = false;
  const start = async () => {
    for (let index = 0; index < options.nodes; index++) {
      const id = createHash("sha1").update(`${seed}:${index}`).digest();
      nodes.push(new LocalNode(new Uint8Array(id), hosts[index % hosts.length]!, nodesPerAnswer));
    }
    // The first node starts alone, because only its port is chosen by the caller and may be in use.
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
    bootstrap: formatHostPort(nodes[0]!),
    nodes,
    holders: (targetHex) => nodes.filter((node) => !node.killed && node.holds(targetHex)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Fills all routing tables as Kademlia requires: for each prefix length n, a node gets up to 20
 * contacts that share exactly n leading bits with its id. The closest neighbours of a node are
 * always among them.
 */
function introduce(nodes: LocalNode[], bootstrapEach: number): void {
  nodes.forEach((node, index) => {
    const earlier = Math.min(index, bootstrapEach);
    node.setBootstrap(Array.from({ length: earlier }, (_, i) => nodes[(index * 7 + i) % index]!));
    const room = new Array<number>(161).fill(BUCKET_SIZE);
    for (let step = 1; step < nodes.length; step++) {
      // Each node starts the loop over the other nodes at its own index, so that different nodes
      // get different far contacts.
      const other = nodes[(index + step) % nodes.length]!;
      const shared = sharedBits(node.id, other.id);
      if (room[shared]! > 0) {
        room[shared]!--;
        node.learn(other);
      }
    }
  });
}
