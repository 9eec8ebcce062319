/**
 * A home in memory behind the real HTTP server: as many packages and records as a test wants, and texts that
 * no well-meant publisher would write.
 *
 * @module
 */

import type {
  BucketJson,
  CallOptions,
  DhtJson,
  KindTrafficJson,
  NameJson,
  Operations,
  PackageDetailsJson,
  PackageJson,
  PeerJson,
  PublisherJson,
  RecordJson,
  RequestOf,
  StatusJson,
  WatchEvent,
} from "../../src/control/mod.ts";
import { ControlError } from "../../src/control/mod.ts";
import { formatPublicKey } from "../../src/identity/mod.ts";

/** Time to which all times of the home are relative, Unix milliseconds. */
const startedMs = Date.UTC(2026, 10, 30);

/** Texts that would break a page that shows them carelessly. */
export const hostile = {
  markup: '<img src=x onerror="document.title=1"><script>document.title=1</script>',
  turned: "safe\u202Egpj.exe\u2066",
  hidden: "pay\u200Bpal\u0000\u001b[31m",
  long: "x".repeat(1500),
  unbroken: "W".repeat(400),
  tall: `Z${"\u0301".repeat(300)}`,
};

/** Returns the identity with a number, as `ed25519:BASE64`. */
export function publisherOf(number: number): string {
  const key = new Uint8Array(32);
  new DataView(key.buffer).setUint32(0, number + 1);
  return formatPublicKey(key);
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, "0");
}

/** Makes a package; every 97th has a problem. */
export function packageOf(number: number): PackageJson {
  const name = `package-${hex(number % 5000, 4)}`;
  const version = `${1 + Math.floor(number / 5000)}.${number % 7}.0`;
  const hasProblem = number % 97 === 96;
  return {
    name,
    version,
    path: `/home/seed/${name}-${version}.tgz`,
    lengthBytes: 1000 + (number * 7919) % 5_000_000,
    publisher: publisherOf(number % 20),
    sha256: hex(number, 64),
    infoHash: hex(number, 40),
    magnet: `magnet:?xt=urn:btih:${hex(number, 40)}&dn=${name}-${version}.tgz`,
    seeding: !hasProblem,
    ...(hasProblem && { problem: "The archive's hash does not match its manifest" }),
    peers: number % 5,
    uploadedBytes: (number * 104_729) % 90_000_000,
    findable: number % 11 !== 0,
  };
}

/** Makes a record; every 13th is weak, every 500th has failed. */
export function recordOf(number: number): RecordJson {
  const { name, version } = packageOf(number);
  const isWeak = number % 13 === 0;
  const hasFailed = number % 500 === 1;
  return {
    kind: "manifest",
    name,
    version,
    target: hex(number, 40),
    seq: 1,
    own: true,
    holding: hasFailed ? 0 : isWeak ? 2 : 8,
    asked: 8,
    responded: hasFailed ? 0 : isWeak ? 5 : 8,
    weak: isWeak || hasFailed,
    lastAttemptMs: startedMs,
    nextDueMs: startedMs + number * 1000,
    failures: hasFailed ? 3 : 0,
    ...(hasFailed && { error: "No node answered: the network is down, or a firewall drops UDP" }),
  };
}

/** Makes a peer of a package. */
export function peerOf(number: number, client?: string): PeerJson {
  return {
    address: number % 3 === 2 ? `2001:db8::${hex(number, 1)}` : `198.51.100.${number % 250}`,
    port: 6881 + number,
    ...(client !== undefined && { client }),
    transport: (["tcp", "utp", "web-seed"] as const)[number % 3]!,
    encrypted: number % 2 === 0,
    incoming: number % 4 === 0,
    pieces: number % 13,
    uploadedBytes: number * 100_000,
    downloadedBytes: number * 1_000,
    uploadSpeed: number * 1_500,
    downloadSpeed: number * 10,
  };
}

const kinds = ["ping", "find_node", "get_peers", "announce_peer", "get", "put", "other", "error"];

/** Makes the DHT of both families. */
export function dhtOf(): DhtJson {
  const buckets: BucketJson[] = [8, 8, 8, 7, 5, 3, 1]
    .map((nodes, prefixBits) => ({ prefixBits, nodes, good: Math.max(0, nodes - prefixBits % 3) }));
  buckets.push({ prefixBits: 31, nodes: 1, good: 1 });
  const traffic = kinds.map((kind, index) => ({
    kind,
    queriesIn: 1000 * (kinds.length - index),
    repliesOut: 990 * (kinds.length - index),
    queriesOut: 400 * (index + 1),
    repliesIn: 350 * (index + 1),
  })) as KindTrafficJson[];
  const nodes = buckets.reduce((sum, bucket) => sum + bucket.nodes, 0);
  return {
    families: [
      { family: 4, nodeId: hex(4, 40), nodes, buckets, traffic },
      { family: 6, nodeId: hex(6, 40), nodes: 0, buckets: [], traffic: [] },
    ],
    roundTripMs: 48,
  };
}

/** A home in memory. Its lists may be changed; {@linkcode FakeHome.tell} reports it to the page. */
export class FakeHome {
  packages: PackageJson[];
  records: RecordJson[];
  publishers: PublisherJson[] = [];
  names: NameJson[] = [];
  dht: DhtJson = dhtOf();
  status: StatusJson = status;
  /** Details of packages that differ from the ordinary ones, by `NAME@VERSION`. */
  readonly details = new Map<string, Partial<PackageDetailsJson>>();
  readonly #watchers = new Set<(event: WatchEvent) => void>();

  constructor(packages = 0, records = 0) {
    this.packages = Array.from({ length: packages }, (_, number) => packageOf(number));
    this.records = Array.from({ length: records }, (_, number) => recordOf(number));
  }

  /** Reports an event to each page. */
  tell(event: WatchEvent): void {
    for (const watcher of this.#watchers) watcher(event);
  }

  /** The operations that the server gets. */
  readonly operations: Partial<Operations> = {
    status: () => Promise.resolve(this.status),
    list: () => Promise.resolve(this.packages),
    records: () => Promise.resolve(this.records),
    publishers: () => Promise.resolve(this.publishers),
    names: () => Promise.resolve(this.names),
    dht: () => Promise.resolve(this.dht),
    settings: () => Promise.resolve([]),
    logs: () => Promise.resolve({ lines: [], lastSeq: 0 }),
    describePackage: (request) => Promise.resolve().then(() => this.#describe(request)),
    remove: (request) => Promise.resolve().then(() => this.#remove(request)),
    follow: (request) => Promise.resolve(this.#follow(request)),
    unfollow: (request) => Promise.resolve(this.#unfollow(request)),
    watch: (_request, options) => this.#watch(options),
  };

  #describe({ name, version }: RequestOf<"describePackage">): PackageDetailsJson {
    const found = this.packages.find((entry) => entry.name === name && entry.version === version);
    if (found === undefined) throw notFound(name, version);
    return {
      package: found,
      description: "Pads the left side of a text",
      license: "MIT",
      files: [{ path: "package.json", lengthBytes: 240, executable: false }],
      fileCount: 1,
      versions: [{ version, lengthBytes: found.lengthBytes, seeding: true, tags: ["latest"] }],
      torrent: { pieceBytes: 262_144, pieces: 12, piecesHeld: 12, peers: [], peersConnected: 0 },
      records: this.records.filter((record) => record.name === name && record.version === version),
      ...this.details.get(`${name}@${version}`),
    };
  }

  #remove({ name, version }: RequestOf<"remove">): void {
    const left = this.packages.filter((entry) => entry.name !== name || entry.version !== version);
    if (left.length === this.packages.length) throw notFound(name, version);
    this.packages = left;
    this.tell({ kind: "packages" });
  }

  #follow({ publicKey, name, range }: RequestOf<"follow">) {
    const publisher = formatPublicKey(publicKey);
    const known = this.publishers.find((entry) => entry.publisher === publisher);
    const entry = known ?? emptyPublisher(publisher);
    entry.follows.push({
      ...(name !== undefined && { name }),
      ...(range !== undefined && { range }),
      sinceMs: startedMs,
    });
    if (known === undefined) this.publishers.push(entry);
    return { publisher, name, range, packages: 3 };
  }

  #unfollow({ publicKey, name, range }: RequestOf<"unfollow">) {
    const publisher = formatPublicKey(publicKey);
    for (const entry of this.publishers.filter((each) => each.publisher === publisher)) {
      entry.follows = entry.follows.filter((each) => each.name !== name || each.range !== range);
    }
    return { publisher, name, range, packages: 0 };
  }

  #watch({ signal, onEvent }: CallOptions<WatchEvent> = {}): Promise<void> {
    const watcher = (event: WatchEvent) => onEvent?.(event);
    this.#watchers.add(watcher);
    return new Promise((resolve) =>
      signal?.addEventListener("abort", () => {
        this.#watchers.delete(watcher);
        resolve();
      }, { once: true })
    );
  }
}

/** Makes a publisher that is not followed. */
export function emptyPublisher(publisher: string): PublisherJson {
  const [numbers, keys] = [{ listed: 0, seeded: 0 }, { keys: [], ended: [], revoked: [] }];
  return { publisher, own: false, follows: [], ...numbers, mirrored: false, ...keys };
}

function notFound(name: string, version: string): ControlError {
  return new ControlError(
    "not-found",
    "PACKAGE_NOT_FOUND",
    `${name}@${version} is not seeded here`,
  );
}

/** Status of a daemon that works. Only the members that the frame of the page needs are filled. */
const status = {
  version: "0.1.0",
  pid: 1,
  daemon: true,
  startedMs,
  port: 6881,
  home: "/home",
  seedDirectory: "/home/seed",
  dht: { state: "on" },
  dhtNodes: 40,
  packages: 0,
  problems: 0,
} as unknown as StatusJson;
