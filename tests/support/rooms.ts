/**
 * The rooms (folders) of `src`: the process in which each runs, its content, and the rooms that it
 * may import. `tests/unit/layout_test.ts` checks the sources against these tables;
 * `scripts/pictures.ts` draws them.
 *
 * @module
 */

/**
 * The thread in which a room's code runs. `shared` means the command's thread of any process:
 * `command` that of a command, `host` that of the process that owns the engine.
 */
export type Runs =
  | "everywhere"
  | "launcher"
  | "shared"
  | "command"
  | "host"
  | "engine"
  | "gate"
  | "testnet"
  | "browser";

/** A room: one folder of `src`. */
export interface Room {
  runs: Runs;
  holds: string;
  /** Rooms outside the room's top folder that the room may import, through their `mod.ts`. */
  imports: readonly string[];
  /**
   * Folders inside the room, lowest first. Each folder may import the folders before it in this
   * list, through their `mod.ts`. An entry `A/B` is a folder inside `A`. Only `A` and the other
   * folders in `A` may import it.
   */
  inner?: readonly string[];
}

/** The top folders of `src`, lowest first. */
export const rooms: Record<string, Room> = {
  base: {
    runs: "everywhere",
    holds: "error class, bytes, clock, bounded concurrency, version",
    imports: [],
  },
  confinement: {
    runs: "everywhere",
    holds: "restrictions of a thread that Deno's permissions cannot express; opens SQLite",
    imports: ["base"],
  },
  gate_thread: {
    runs: "gate",
    holds: "the gate: checks addresses that Deno's lists cannot express, and moves bytes",
    imports: ["base"],
  },
  gate: {
    runs: "everywhere",
    holds: "sockets through the gate: IPv6, local network, web seeds, webhook, router",
    imports: ["base", "gate_thread"],
  },
  bencode: {
    runs: "everywhere",
    holds: "the strict codec, the scanner and the encoder of bencode",
    imports: ["base"],
  },
  utp: {
    runs: "engine",
    holds: "streams over UDP that give way to other traffic (BEP 29)",
    imports: ["base"],
  },
  router: {
    runs: "engine",
    holds: "our port in the home router, by PCP, NAT-PMP or UPnP; pinholes for IPv6",
    imports: ["base"],
  },
  reachability: {
    runs: "everywhere",
    holds: "whether peers outside can connect: votes on our address, BEP 42, words",
    imports: ["base", "router"],
  },
  config: {
    runs: "launcher",
    holds: "one table of settings; where each value came from",
    imports: ["base"],
    inner: ["table"],
  },
  identity: { runs: "everywhere", holds: "Ed25519 keys, key files", imports: ["base"] },
  records: {
    runs: "everywhere",
    holds: "the signed records, targets, magnets, messages of rendezvous",
    imports: ["base", "bencode", "identity"],
  },
  keys: {
    runs: "launcher",
    holds: "a publisher's keys: makes, certifies, replaces, revokes and encrypts them",
    imports: ["base", "config", "identity", "records"],
  },
  launcher: {
    runs: "launcher",
    holds: "starts the other threads with few permissions, opens the key",
    imports: ["base", "gate_thread", "config", "identity", "keys"],
  },
  secrets: {
    runs: "shared",
    holds: "what private keys and credentials look like in bytes",
    imports: ["base"],
    inner: ["rules"],
  },
  package: {
    runs: "shared",
    holds: "paths, manifests, archives, torrents, packing, verification",
    imports: ["base", "confinement", "bencode", "identity", "secrets"],
    inner: ["paths", "manifest", "torrent", "archive", "selection", "packing", "verifying"],
  },
  store: {
    runs: "shared",
    holds: "seed directory, installed packages, files that appear whole, SQLite",
    imports: ["base", "confinement", "identity", "records", "package"],
    inner: ["files", "state", "program", "seed", "packages"],
  },
  trust: {
    runs: "shared",
    holds: "whether what a key signed is accepted; revoked keys",
    imports: ["base", "identity", "records", "package", "store"],
  },
  dht: {
    runs: "engine",
    holds: "lookup, operations on records, announcing, over the `DhtNode` interface",
    imports: ["base", "bencode", "reachability", "records"],
    inner: ["node", "lookup", "records", "announce"],
  },
  engine: {
    runs: "engine",
    holds: "WebTorrent, the DHT node, the TCP and UDP sockets",
    imports: ["base", "gate", "bencode", "utp", "reachability", "records", "dht"],
    inner: [
      ...["dial", "transport", "listen", "lan", "upload"],
      ...["libraries/replacing", "libraries/bencode", "libraries/krpc"],
      ...["libraries/bittorrent_protocol", "libraries/extensions", "libraries/webtorrent"],
      ...["libraries", "holes", "dht", "download", "details", "rendezvous"],
    ],
  },
  worker: {
    runs: "engine",
    holds: "the sandboxed thread: entry, permissions, messages",
    imports: [
      ...["base", "confinement", "gate", "router", "reachability", "launcher", "records", "dht"],
      "engine",
    ],
  },
  control: {
    runs: "shared",
    holds: "the operations that cross the control socket, client, server, home, lock",
    imports: ["base", "gate", "router", "reachability", "records", "store", "dht", "engine"],
  },
  api: {
    runs: "shared",
    holds: "the table of the HTTP API: routes, schemas, OpenAPI",
    imports: ["base", "identity", "records", "control"],
    inner: ["schemas"],
  },
  api_client: {
    runs: "everywhere",
    holds: "a client of the HTTP API for Deno, Node.js and browsers",
    imports: ["base", "control", "api"],
  },
  dashboard: {
    runs: "browser",
    holds: "the page that the daemon serves: what is seeded, who takes it, what is weak",
    imports: ["control", "api_client"],
    inner: ["listing", "data", "parts", "widgets", "pages"],
  },
  fetching: {
    runs: "shared",
    holds: "from a package's name to a verified archive",
    imports: [
      ...["base", "config", "identity", "records", "package", "store", "trust", "dht", "engine"],
      ...["control"],
    ],
  },
  library: {
    runs: "everywhere",
    holds: "the face for programs: pack, verify, records, magnet links",
    imports: ["base", "identity", "records", "package", "fetching"],
  },
  names: {
    runs: "shared",
    holds: "from a name to its publisher: indexes, rendezvous, pins",
    imports: [
      "base",
      "config",
      "identity",
      "records",
      "store",
      "trust",
      "dht",
      "control",
      "fetching",
    ],
  },
  publishing: {
    runs: "command",
    holds: "packing, signing and putting a package",
    imports: [
      ...["base", "identity", "records", "package", "store", "trust", "dht", "control", "fetching"],
      ...["names"],
    ],
  },
  install: {
    runs: "command",
    holds: "dependencies, lock file and links of a project",
    imports: ["base", "package", "store", "fetching", "names"],
  },
  host: {
    runs: "host",
    holds: "the process that owns a home's engine: seeding, records, answers to peers, HTTP",
    imports: [
      ...["base", "router", "reachability", "config", "identity", "launcher", "records", "package"],
      ...["store", "trust", "dht", "engine", "worker", "control", "api", "fetching", "names"],
      ...["publishing", "gate"],
    ],
    inner: ["thread", "records", "rendezvous", "reuse", "seeding", "observing", "webhook", "http"],
  },
  doctor: {
    runs: "command",
    holds: "checks of home, key, archives, clock and network",
    imports: [
      ...[
        "base",
        "confinement",
        "reachability",
        "config",
        "identity",
        "launcher",
        "store",
        "trust",
        "control",
        "names",
      ],
      ...["host"],
    ],
  },
  testnet: {
    runs: "testnet",
    holds: "a DHT of real nodes on 127.0.0.1, or on ::1",
    imports: ["base", "bencode", "identity"],
  },
  cli: {
    runs: "command",
    holds: "the command tree, output, exit codes",
    imports: [
      ...["base", "confinement", "reachability", "config", "identity", "keys", "launcher"],
      ...["records"],
      ...["package", "store", "trust", "engine"],
      ...["control", "fetching", "names", "publishing", "install", "host", "doctor", "testnet"],
    ],
    inner: ["process", "terminal", "flags", "running", "commands"],
  },
};

/** npm packages, and the rooms that may import each. Imports of types count too. */
export const libraries: Record<string, readonly string[]> = {
  "@stricli/core": ["cli", "cli/flags"],
  "@valibot/to-json-schema": ["api"],
  "bencode": ["engine/libraries/bencode", "engine/libraries/extensions"],
  "bittorrent-dht": ["engine/libraries/webtorrent", "testnet"],
  "bittorrent-protocol": ["engine/libraries/bittorrent_protocol"],
  "canonicalize": ["package/manifest"],
  "comlink": ["worker"],
  "ignore": ["package/selection"],
  "k-rpc": ["engine/libraries/krpc", "testnet"],
  "k-rpc-socket": ["engine/libraries/krpc"],
  "minimatch": ["package/selection"],
  "preact": ["dashboard", "dashboard/data", "dashboard/parts", "dashboard/widgets"],
  "preact/hooks": [
    ...["dashboard", "dashboard/data", "dashboard/parts", "dashboard/widgets", "dashboard/pages"],
  ],
  "prom-client": ["host/http"],
  "prom-client/lib/counter.js": ["host/http"],
  "prom-client/lib/gauge.js": ["host/http"],
  "prom-client/lib/registry.js": ["host/http"],
  "semver": ["package/manifest", "fetching", "names", "publishing", "install", "host/records"],
  "semver/functions/gt.js": ["package/manifest"],
  "semver/functions/valid.js": ["package/manifest"],
  "tar-stream": ["package/archive"],
  "valibot": [
    ...["api", "api/schemas", "config", "control", "install", "package/manifest"],
    ...["package/selection", "records"],
  ],
  "torrent-piece": ["engine/libraries/webtorrent"],
  "webtorrent": ["engine/libraries/webtorrent"],
  "webtorrent/lib/peer.js": ["engine/libraries/webtorrent"],
  "webtorrent/lib/rarity-map.js": ["engine/libraries/webtorrent"],
  "webtorrent/lib/torrent.js": ["engine/libraries/webtorrent"],
  "uplot": ["dashboard/parts"],
  "yaml": ["config"],
};

/** npm packages that only scripts and tests import. */
export const notInTheProgram: readonly string[] = [
  ...["@seriousme/openapi-schema-validator", "@types/node", "axe-core", "d3-scale", "esbuild"],
  ...["fast-check", "marked", "playwright-core", "typescript"],
];

/**
 * A capability of the runtime (for example the console), and the only files or folders that may use
 * it.
 */
export interface Place {
  what: string;
  pattern: RegExp;
  only: readonly string[];
}

/** The capabilities that only few files may use. */
export const places: readonly Place[] = [
  {
    // Matches reading, destructuring and declaring a private member of an npm package. Private
    // members of libreseed are written `#name`, so any `_name` belongs to an npm package.
    what: "a private member of a package",
    pattern:
      /\._[a-z]\w*|\{[^(){}]*\b_[a-z]\w*[^(){}]*\}\s*[=:,)]|^\s+(readonly\s+)?_[a-z]\w*\??(\([^)]*\))?:.*;$/m,
    // The test network (`src/testnet`) accesses private members of npm:bittorrent-dht in one file of its
    // own, because its process must not load the engine.
    only: ["src/engine/libraries/", "src/testnet/stored_items.ts"],
  },
  { what: "the console", pattern: /\bconsole\./, only: ["src/cli/"] },
  {
    what: "the time of day or a timer",
    pattern: /\b(Date\.now|setTimeout|setInterval|AbortSignal\.timeout)\(|\bnew Date\(\)/,
    // The dashboard runs in the browser, and loads nothing of `src/base`.
    only: ["src/base/clock.ts", "src/dashboard/data/time.ts"],
  },
  {
    what: "the network",
    pattern:
      /["']node:(net|dgram|dns|http|https|tls)(\/promises)?["']|\bDeno\.(connect|listen|serve|startTls|resolveDns)|\bfetch\(["'`]/,
    only: [
      "src/keys/ssh_agent.ts",
      ...["src/engine/", "src/control/", "src/host/", "src/doctor/", "src/gate_thread/"],
      ...["src/base/host_port.ts", "src/testnet/ipv6_socket.ts"],
    ],
  },
  // The exception for `doctor`: it binds a port that no process uses.
  {
    what: "UDP",
    pattern: /["']node:dgram["']|\bDeno\.listenDatagram\b/,
    only: [
      ...["src/engine/dht/udp_socket.ts", "src/engine/dht/datagram_socket.ts"],
      ...["src/doctor/network.ts", "src/testnet/ipv6_socket.ts"],
      ...["src/gate_thread/node_access.ts", "src/gate_thread/udp_sockets.ts"],
    ],
  },
  {
    what: "SQLite",
    pattern: /["']node:sqlite["']/,
    // `sqlite.ts` imports types. The confinement takes the module away.
    only: ["src/store/state/sqlite.ts", "src/confinement/"],
  },
  {
    what: "a record lookup past lookUpRecord",
    pattern: /\boperations\.lookUp\(/,
    only: [
      ...["src/fetching/record_lookup.ts", "src/fetching/head_start.ts"],
      ...["src/fetching/manifest_lookups.ts", "src/cli/running/network_cost.ts"],
    ],
  },
  {
    what: "a private key",
    pattern: /\b(readKeyFile|writeKeyFile|generateKeyPair|fromPkcs8Pem|toPkcs8Pem|signBytes)\b/,
    only: ["src/identity/", "src/keys/", "src/launcher/keys.ts", "src/library/signing_key.ts"],
  },
  {
    what: "another program",
    pattern: /\bDeno\.Command\b/,
    only: ["src/launcher/gateway.ts", "src/launcher/port_owner.ts"],
  },
  {
    what: "a worker",
    pattern: /\bnew Worker\(/,
    only: ["src/launcher/", "src/gate_thread/connect.ts"],
  },
  {
    what: "the end of the process",
    pattern: /\bDeno\.exit\(/,
    only: ["main.ts", "src/cli/process/process_io.ts"],
  },
  {
    what: "the process's arguments or environment",
    pattern: /\bDeno\.(args|env)\b|\bprocess\.(argv|env)\b/,
    only: ["main.ts", "src/cli/process/process_io.ts"],
  },
  {
    what: "the engine and the manager that borrows from it",
    pattern: /\bEngine\.start\(|\bnew (DhtManager|Reannouncer)\(/,
    only: ["src/worker/runtime.ts"],
  },
];
