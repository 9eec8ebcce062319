/**
 * Who may import whom, and who may touch what: docs/architecture.md, read off the sources.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join, posix } from "node:path";

/** What each folder of `src` may import, beside itself. */
const mayImport: Record<string, readonly string[]> = {
  base: [],
  config: ["base"],
  identity: ["base"],
  records: ["base", "identity"],
  package: ["base", "identity", "secrets"],
  secrets: ["base"],
  store: ["base", "identity", "package"],
  dht: ["base", "identity", "records"],
  engine: ["base", "identity", "records", "dht"],
  worker: ["base", "identity", "records", "dht", "engine"],
  testnet: ["base", "identity"],
  daemon: [
    ...["base", "config", "identity", "records", "package", "store"],
    ...["dht", "engine", "worker"],
  ],
  cli: [
    ...["base", "config", "identity", "records", "package", "store"],
    ...["dht", "engine", "worker", "daemon", "testnet"],
  ],
};

/** Packages from npm, and the folders that may load them; types count too. */
const libraries: Record<string, readonly string[]> = {
  "@stricli/core": ["cli"],
  "bencode": ["dht", "engine", "package"],
  "bittorrent-dht": ["testnet"],
  "bittorrent-protocol": ["engine"],
  "canonicalize": ["package"],
  "comlink": ["worker"],
  "ignore": ["package"],
  "k-rpc": ["engine", "testnet"],
  "k-rpc-socket": ["engine"],
  "minimatch": ["package"],
  "prom-client": ["daemon"],
  "semver": ["package", "daemon"],
  "tar-stream": ["package"],
  "valibot": ["config", "daemon", "package", "records"],
  "webtorrent": ["engine"],
  "webtorrent/lib/peer.js": ["engine"],
  "webtorrent/lib/torrent.js": ["engine"],
  "yaml": ["config"],
};

/** Node modules and globals, and the files (or folders) that may use them. */
const places: { what: string; pattern: RegExp; only: readonly string[] }[] = [
  { what: "the console", pattern: /\bconsole\./, only: ["src/cli/"] },
  {
    what: "the time of day or a timer",
    pattern: /\b(Date\.now|setTimeout|setInterval|AbortSignal\.timeout)\(|\bnew Date\(\)/,
    only: ["src/base/clock.ts"],
  },
  {
    what: "the network",
    pattern:
      /["']node:(net|dgram|dns|http|https|tls)(\/promises)?["']|\bDeno\.(connect|listen|serve)|\bfetch\(["'`]/,
    only: ["src/engine/", "src/daemon/", "src/base/host_port.ts"],
  },
  // The doctor looks at a port that nobody has, and at a state that it must not mend by opening it.
  {
    what: "UDP",
    pattern: /["']node:dgram["']/,
    only: ["src/engine/udp_socket.ts", "src/daemon/doctor_network.ts"],
  },
  {
    what: "SQLite",
    pattern: /["']node:sqlite["']/,
    only: ["src/store/sqlite.ts", "src/daemon/doctor_files.ts"],
  },
  { what: "another program", pattern: /\bDeno\.Command\b/, only: ["src/daemon/port_owner.ts"] },
  {
    what: "a worker",
    pattern: /\bnew Worker\(/,
    only: ["src/worker/connect.ts", "src/package/threads.ts"],
  },
  {
    what: "the end of the process",
    pattern: /\bDeno\.exit\(/,
    only: ["main.ts", "src/cli/process_io.ts"],
  },
  {
    what: "the process's arguments or environment",
    pattern: /\bDeno\.(args|env)\b|\bprocess\.(argv|env)\b/,
    only: ["main.ts", "src/cli/process_io.ts"],
  },
  {
    what: "the engine and the manager that borrows from it",
    pattern: /\bEngine\.start\(|\bnew (DhtManager|Reannouncer)\(/,
    only: ["src/worker/runtime.ts"],
  },
];

const MAX_LINES = 400;

interface Import {
  specifier: string;
  typesOnly: boolean;
}

/** The imports and re-exports of a source, the dynamic ones too. */
function importsOf(source: string): Import[] {
  const found: Import[] = [];
  const statement =
    /^(?:import|export)\s+(type\s+)?(?:[\w$]+\s*,?\s*)?(?:\{([^}]*)\}\s*|\*(?:\s+as\s+\w+)?\s*)?(?:from\s+)?"([^"]+)"/gm;
  for (const [, type, names, specifier] of source.matchAll(statement)) {
    const each = names?.split(",").map((name) => name.trim()).filter((name) => name !== "");
    const typesOnly = type !== undefined ||
      each !== undefined && each.length > 0 && each.every((name) => name.startsWith("type "));
    found.push({ specifier: specifier!, typesOnly });
  }
  for (const [, specifier] of source.matchAll(/\bimport\(\s*"([^"]+)"/g)) {
    found.push({ specifier: specifier!, typesOnly: false });
  }
  return found;
}

function folderOf(path: string): string {
  return path.startsWith("src/") ? path.split("/")[1]! : "";
}

/** The rules about imports that one source breaks. */
function importProblems(path: string, source: string): string[] {
  const folder = folderOf(path);
  return importsOf(source).flatMap(({ specifier, typesOnly }) => {
    if (specifier.startsWith("node:")) return [];
    if (specifier.startsWith("npm:")) return [`${path} loads ${specifier}, past deno.json`];
    if (!specifier.startsWith(".")) {
      const allowed = libraries[specifier];
      if (allowed?.includes(folder)) return [];
      return [`${path} loads ${specifier}, which is for ${allowed?.join(", ") ?? "nobody"}`];
    }
    const target = posix.normalize(posix.join(posix.dirname(path), specifier));
    const other = folderOf(target);
    if (target === "deno.json") {
      const mayRead = folder === "cli" || path === "src/base/version.ts";
      return mayRead ? [] : [`${path} imports deno.json`];
    }
    if (folder === "") return other === "cli" ? [] : [`${path} imports ${target}`];
    if (other === folder) return [];
    if (!mayImport[folder]?.includes(other)) return [`${path} imports ${target}: not downwards`];
    if (target !== `src/${other}/mod.ts`) return [`${path} imports ${target}, past its mod.ts`];
    // The engine knows what a DHT node is, and nothing of the manager that borrows it.
    if (folder === "engine" && other === "dht" && !typesOnly) {
      return [`${path} imports more than types of src/dht`];
    }
    // The engine's code lives in the worker's bundle; all others may know its types.
    if (other === "engine" && folder !== "worker" && !typesOnly) {
      return [`${path} imports more than types of src/engine`];
    }
    return [];
  });
}

/** Every rule that one source breaks. */
function problemsOf(path: string, source: string): string[] {
  const problems = importProblems(path, source);
  const code = source.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
  for (const { what, pattern, only } of places) {
    if (pattern.test(code) && !only.some((place) => path.startsWith(place))) {
      problems.push(`${path} uses ${what}`);
    }
  }
  if (!/^\/\*\*\n \* [^]*? \* @module\n \*\/\n/.test(source)) {
    problems.push(`${path} does not begin by saying what it is for`);
  }
  if (!/^[a-z][a-z0-9_]*\.ts$/.test(posix.basename(path))) {
    problems.push(`${path} is not named in snake_case`);
  }
  const lines = source.split("\n").length - 1;
  if (lines > MAX_LINES) problems.push(`${path} has ${lines} lines`);
  if (posix.basename(path) === "mod.ts") {
    const rest = code.replace(/^export\s+(type\s+)?(\{[^}]*\}|\*)\s+from\s+"\.\/[^"]+";$/gm, "");
    if (rest.trim() !== "") problems.push(`${path} holds more than re-exports`);
  }
  return problems;
}

const root = join(import.meta.dirname!, "..", "..");

async function sources(): Promise<Map<string, string>> {
  const found = new Map([["main.ts", await Deno.readTextFile(join(root, "main.ts"))]]);
  const walk = async (directory: string) => {
    for await (const { name, isDirectory } of Deno.readDir(join(root, directory))) {
      const path = `${directory}/${name}`;
      if (isDirectory && name !== "shims") await walk(path);
      else if (name.endsWith(".ts")) found.set(path, await Deno.readTextFile(join(root, path)));
    }
  };
  await walk("src");
  return found;
}

Deno.test("imports go downwards and not past a folder's mod.ts; each does only its own business", async () => {
  const problems: string[] = [];
  for (const [path, source] of await sources()) problems.push(...problemsOf(path, source));
  assert.deepEqual(problems.sort(), []);
});

Deno.test("every folder has a face, and is in the table of who may import whom", async () => {
  const all = await sources();
  const folders = new Set([...all.keys()].map(folderOf).filter((folder) => folder !== ""));
  assert.deepEqual([...folders].sort(), Object.keys(mayImport).sort());
  for (const folder of folders) assert(all.has(`src/${folder}/mod.ts`), folder);
});

Deno.test("every dependency is used where the table says, and by nobody else", async () => {
  const { imports } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const used = new Map<string, Set<string>>();
  for (const [path, source] of await sources()) {
    for (const { specifier } of importsOf(source)) {
      if (/^(\.|node:)/.test(specifier)) continue;
      const name = specifier.replace(/^npm:(.[^@]*)@.*$/, "$1");
      used.set(name, (used.get(name) ?? new Set()).add(folderOf(path)));
    }
  }
  const table = Object.entries(libraries).map(([name, folders]) => [name, [...folders].sort()]);
  const found = [...used].map(([name, folders]) => [name, [...folders].sort()]);
  const byName = (a: unknown[], b: unknown[]) => String(a[0]) < String(b[0]) ? -1 : 1;
  assert.deepEqual(found.sort(byName), table.sort(byName));
  // Those that only benchmarks and tests use.
  const others = Object.keys(imports).filter((name) => !used.has(name));
  assert.deepEqual(others, ["d3-scale", "fast-check"]);
});

const face = "/**\n * Does it.\n *\n * @module\n */\n";

Deno.test("the rules find what breaks them", () => {
  const broken: [path: string, code: string, problem: RegExp][] = [
    ["src/records/a.ts", 'import { b } from "../package/mod.ts";', /not downwards/],
    ["src/dht/a.ts", 'import type { B } from "../engine/mod.ts";', /not downwards/],
    ["src/store/a.ts", 'import { b } from "../config/mod.ts";', /not downwards/],
    ["src/worker/a.ts", 'import { b } from "../daemon/mod.ts";', /not downwards/],
    ["src/cli/commands/a.ts", 'await import("../../daemon/node.ts");', /past its mod\.ts/],
    ["src/daemon/a.ts", 'import { Engine } from "../engine/mod.ts";', /more than types/],
    ["src/engine/a.ts", 'import { DhtManager } from "../dht/mod.ts";', /more than types/],
    ["src/engine/a.ts", 'import {\n  type B,\n  C,\n} from "../dht/mod.ts";', /more than types/],
    ["src/dht/a.ts", 'import WebTorrent from "webtorrent";', /loads webtorrent/],
    ["src/dht/a.ts", 'import left from "left-pad";', /for nobody/],
    ["src/engine/a.ts", 'import "comlink";', /loads comlink/],
    ["src/engine/a.ts", 'import "npm:webtorrent@3.0.21";', /past deno\.json/],
    ["src/daemon/a.ts", 'export * from "yaml";', /loads yaml/],
    ["src/daemon/a.ts", 'console.log("x");', /uses the console/],
    ["src/dht/a.ts", "const t = Date.now();", /uses the time of day/],
    ["src/package/a.ts", 'import { connect } from "node:net";', /uses the network/],
    ["src/records/a.ts", "await fetch(`http://${host}/`);", /uses the network/],
    ["src/engine/a.ts", 'import { createSocket } from "node:dgram";', /uses UDP/],
    ["src/daemon/a.ts", "new DhtManager({});", /uses the engine and the manager/],
    ["src/cli/a.ts", "Deno.exit(1);", /uses the end of the process/],
    ["src/cli/myFile.ts", "", /snake_case/],
    ["src/cli/mod.ts", 'export { a } from "./a.ts";\nconst b = 1;', /more than re-exports/],
    ["src/cli/a.ts", "\n".repeat(MAX_LINES), /has \d+ lines/],
    ["main.ts", 'import { a } from "./src/daemon/mod.ts";', /imports src\/daemon/],
  ];
  for (const [path, code, problem] of broken) {
    const problems = problemsOf(path, `${face}${code}\n`);
    assert.equal(problems.length, 1, `${path}: ${code}: ${problems.join("; ")}`);
    assert.match(problems[0]!, problem);
  }
  assert.match(problemsOf("src/cli/a.ts", "const a = 1;\n")[0]!, /what it is for/);
});

Deno.test("the rules leave alone what keeps them", () => {
  const kept: [path: string, code: string][] = [
    ["src/records/a.ts", 'import { b } from "../identity/mod.ts";\nimport { c } from "./c.ts";'],
    ["src/engine/a.ts", 'import type { DhtNode } from "../dht/mod.ts";'],
    ["src/engine/a.ts", 'import { type DhtNode, type Contact } from "../dht/mod.ts";'],
    ["src/cli/commands/a.ts", 'await import("../../daemon/mod.ts");'],
    ["src/dht/a.ts", "// Date.now() is for others, and so is the console.\n/** fetch() too */"],
    ["src/cli/mod.ts", 'export { a } from "./a.ts";\nexport * from "./b.ts";'],
  ];
  for (const [path, code] of kept) assert.deepEqual(problemsOf(path, `${face}${code}\n`), [], code);
});
