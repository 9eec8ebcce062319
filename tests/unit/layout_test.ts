/**
 * Checks the rules of docs/architecture.md against the sources: the imports that each room may
 * have, and the capabilities that each file may use.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join, posix } from "node:path";
import { libraries, notInTheProgram, places, rooms } from "../support/rooms.ts";

const MAX_LINES = 400;

interface Import {
  specifier: string;
  typesOnly: boolean;
}

/** Lists the imports and re-exports of a source file, including dynamic imports. */
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

/** Returns the room of a source file as `TOP` or `TOP/INNER`; empty for `main.ts`. */
function roomOf(path: string): string {
  return path.startsWith("src/") ? posix.dirname(path).slice("src/".length) : "";
}

function topOf(room: string): string {
  return room.split("/")[0]!;
}

/** Returns the rule that an import between two rooms of the same top folder breaks, if any. */
function innerProblem(path: string, target: string): string | undefined {
  const [room, other] = [roomOf(path), roomOf(target)];
  const top = topOf(room);
  const inner = rooms[top]?.inner ?? [];
  const place = (name: string) =>
    name === top ? inner.length : inner.indexOf(name.slice(top.length + 1));
  // Every room in a top folder may import the folder's `errors.ts`.
  if (target === `src/${top}/errors.ts`) return;
  if (place(other) >= place(room)) return `${path} imports ${target}: not downwards`;
  // A folder inside an inner folder may be imported only from within that inner folder.
  const owner = posix.dirname(other);
  if (owner !== top && owner !== "." && `${room}/`.startsWith(`${owner}/`) === false) {
    return `${path} imports ${target}, past its mod.ts`;
  }
  // Files in `cli` are imported directly: a `mod.ts` would load the code of all commands for each
  // command.
  if (top !== "cli" && target !== `src/${other}/mod.ts`) {
    return `${path} imports ${target}, past its mod.ts`;
  }
}

/** Returns the import rules that a source file breaks. */
function importProblems(path: string, source: string): string[] {
  const room = roomOf(path);
  const top = topOf(room);
  return importsOf(source).flatMap(({ specifier, typesOnly }) => {
    if (specifier.startsWith("node:")) return [];
    if (specifier.startsWith("npm:")) return [`${path} loads ${specifier}, past deno.json`];
    if (!specifier.startsWith(".")) {
      const allowed = libraries[specifier];
      if (allowed?.includes(room)) return [];
      return [`${path} loads ${specifier}, which is for ${allowed?.join(", ") ?? "nobody"}`];
    }
    const target = posix.normalize(posix.join(posix.dirname(path), specifier));
    const other = topOf(roomOf(target));
    if (target === "deno.json") {
      const mayRead = top === "cli" || path === "src/base/version.ts";
      return mayRead ? [] : [`${path} imports deno.json`];
    }
    if (top === "") return ["cli", "launcher"].includes(other) ? [] : [`${path} imports ${target}`];
    if (other === top) {
      return roomOf(target) === room ? [] : [innerProblem(path, target) ?? []].flat();
    }
    if (!rooms[top]?.imports.includes(other)) return [`${path} imports ${target}: not downwards`];
    if (target !== `src/${other}/mod.ts`) return [`${path} imports ${target}, past its mod.ts`];
    // The engine may import the type of a DHT node from src/dht, but no code of the DHT manager.
    if (top === "engine" && other === "dht" && !typesOnly) {
      return [`${path} imports more than types of src/dht`];
    }
    // Only the worker's bundle contains the engine's code. All other rooms may import only types of
    // it.
    if (other === "engine" && top !== "worker" && !typesOnly) {
      return [`${path} imports more than types of src/engine`];
    }
    return [];
  });
}

/** Returns every rule that a source file breaks. */
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
  if (!/^[a-z][a-z0-9_]*\.tsx?$/.test(posix.basename(path))) {
    problems.push(`${path} is not named in snake_case`);
  }
  const lines = source.split("\n").length - 1;
  if (lines > MAX_LINES) problems.push(`${path} has ${lines} lines`);
  if (posix.basename(path) === "mod.ts") {
    const rest = code.replace(/^export\s+(type\s+)?(\{[^}]*\}|\*)\s+from\s+"\.\/[^"]+";$/gm, "");
    if (rest.trim() !== "") problems.push(`${path} holds more than re-exports`);
    // Deno does not load a module of which only types are imported, so the code in that module
    // would not run.
    for (const [statement, names] of code.matchAll(/^export\s+\{([^}]*)\}\s+from\s+"[^"]*";$/gm)) {
      if (names!.split(",").every((name) => /^\s*($|type\s)/.test(name))) {
        problems.push(`${path} re-exports no value: ${statement}`);
      }
    }
  }
  return problems;
}

/** Finds the cycles of a graph: the path of each edge that leads back to a node being visited. */
function cyclesOf(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const finished = new Set<string>();
  const cycles: string[] = [];
  const visit = (node: string, path: readonly string[]) => {
    if (path.includes(node)) {
      cycles.push([...path.slice(path.indexOf(node)), node].join(" -> "));
    } else if (!finished.has(node)) {
      for (const next of edges.get(node) ?? []) visit(next, [...path, node]);
      finished.add(node);
    }
  };
  for (const node of edges.keys()) visit(node, []);
  return cycles;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const root = join(import.meta.dirname!, "..", "..");

async function sources(): Promise<Map<string, string>> {
  const found = new Map([["main.ts", await Deno.readTextFile(join(root, "main.ts"))]]);
  const walk = async (directory: string) => {
    for await (const { name, isDirectory } of Deno.readDir(join(root, directory))) {
      const path = `${directory}/${name}`;
      if (isDirectory && name !== "shims") await walk(path);
      else if (/\.tsx?$/.test(name)) found.set(path, await Deno.readTextFile(join(root, path)));
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

Deno.test("every folder is a room of the table and has a face", async () => {
  const all = await sources();
  const found = new Set([...all.keys()].map(roomOf).filter((room) => room !== ""));
  const table = Object.entries(rooms).flatMap(([top, { inner = [] }]) => [
    top,
    ...inner.map((name) => `${top}/${name}`),
  ]);
  assert.deepEqual([...found].sort(), table.sort());
  for (const room of found) {
    if (!room.startsWith("cli/")) assert(all.has(`src/${room}/mod.ts`), room);
  }
});

Deno.test("rooms are listed lowest first, and each imports only those before it", () => {
  const order = Object.keys(rooms);
  for (const [room, { imports }] of Object.entries(rooms)) {
    for (const other of imports) {
      assert(order.includes(other), `${room} may import ${other}, which is no room`);
      assert(order.indexOf(other) < order.indexOf(room), `${room} may import ${other}`);
    }
  }
});

Deno.test("every file that a comment names is there", async () => {
  const all = await sources();
  const missing: string[] = [];
  for (const [path, source] of all) {
    const [room, top] = [posix.dirname(path), `src/${topOf(roomOf(path))}`];
    for (const [comment] of source.matchAll(/\/\*\*[^]*?\*\/|^\s*\/\/.*$/gm)) {
      for (const [, name] of comment.matchAll(/`([a-z0-9_./]+\.tsx?)`/g)) {
        const places = [room, top, "src", ""].map((place) => posix.join(place, name!));
        if (places.some((place) => all.has(place))) continue;
        if (await exists(join(root, name!))) continue;
        missing.push(`${path} names ${name}`);
      }
    }
  }
  assert.deepEqual(missing.sort(), []);
});

Deno.test("no files import each other in a cycle, not even types", async () => {
  const imports = new Map<string, string[]>();
  for (const [path, source] of await sources()) {
    // An `import()` inside a function is evaluated later, so it may form a cycle.
    const found = importsOf(source.replace(/\bimport\(/g, "later("));
    imports.set(
      path,
      found.filter(({ specifier }) => specifier.startsWith("."))
        .map(({ specifier }) => posix.normalize(posix.join(posix.dirname(path), specifier))),
    );
  }
  assert.deepEqual(cyclesOf(imports), []);
  assert.deepEqual(cyclesOf(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]])), ["b -> c -> b"]);
});

Deno.test("every import that the table allows is used", async () => {
  const used = new Set<string>();
  for (const [path, source] of await sources()) {
    for (const { specifier } of importsOf(source)) {
      if (!specifier.startsWith(".")) continue;
      const target = posix.normalize(posix.join(posix.dirname(path), specifier));
      used.add(`${topOf(roomOf(path))} ${topOf(roomOf(target))}`);
    }
  }
  for (const [room, { imports }] of Object.entries(rooms)) {
    for (const other of imports) assert(used.has(`${room} ${other}`), `${room} uses no ${other}`);
  }
});

Deno.test("tests/unit mirrors src", async () => {
  const all = await sources();
  const strays: string[] = [];
  const walk = async (directory: string) => {
    for await (const { name, isDirectory } of Deno.readDir(join(root, directory))) {
      const path = `${directory}/${name}`;
      if (isDirectory) await walk(path);
      else if (name.endsWith("_test.ts")) {
        const room = posix.dirname(path).slice("tests/unit/".length);
        // `a_b_test.ts` tests `a_b.ts`, or one aspect of `a.ts`. `ROOM_test.ts` tests the whole
        // room.
        const words = name.slice(0, -"_test.ts".length).split("_");
        const stems = words.map((_, index) => words.slice(0, index + 1).join("_"));
        const known = stems.some((stem) =>
          all.has(`src/${room}/${stem}.ts`) || all.has(`src/${room}/${stem}.tsx`) ||
          stem === posix.basename(room)
        );
        if (!known) strays.push(path);
      }
    }
  };
  for (const top of Object.keys(rooms)) {
    if (await exists(join(root, "tests/unit", top))) await walk(`tests/unit/${top}`);
  }
  assert.deepEqual(strays.sort(), []);
  const folders: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(root, "tests/unit"))) {
    if (isDirectory && !(name in rooms)) folders.push(name);
  }
  assert.deepEqual(folders.sort(), ["scripts", "support"]);
});

/**
 * Returns the folder of a test file. Tests of `tests/unit` and `tests/integration` are divided into
 * further folders.
 */
function testFolder(path: string): string {
  const parts = path.split("/");
  const depth = ["unit", "integration"].includes(parts[1]!) && parts.length > 3 ? 3 : 2;
  return parts.slice(0, depth).join("/");
}

Deno.test("tests and scripts import helpers of other tests only from tests/support", async () => {
  const problems: string[] = [];
  const walk = async (directory: string) => {
    for await (const { name, isDirectory } of Deno.readDir(join(root, directory))) {
      const path = `${directory}/${name}`;
      if (isDirectory) await walk(path);
      else if (name.endsWith(".ts") && path !== "tests/unit/layout_test.ts") {
        for (const { specifier } of importsOf(await Deno.readTextFile(join(root, path)))) {
          const target = posix.normalize(posix.join(posix.dirname(path), specifier));
          const isShared = /^tests\/(support|vectors)\//.test(target);
          if (!specifier.startsWith(".") || !target.startsWith("tests/") || isShared) continue;
          if (testFolder(target) !== testFolder(path)) problems.push(`${path} imports ${target}`);
        }
      }
    }
  };
  await walk("tests");
  await walk("scripts");
  assert.deepEqual(problems.sort(), []);
});

Deno.test("every dependency is used where the table says, and by nobody else", async () => {
  const { imports } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const used = new Map<string, Set<string>>();
  for (const [path, source] of await sources()) {
    for (const { specifier } of importsOf(source)) {
      if (/^(\.|node:)/.test(specifier)) continue;
      const name = specifier.replace(/^npm:(.[^@]*)@.*$/, "$1");
      used.set(name, (used.get(name) ?? new Set()).add(roomOf(path)));
    }
  }
  const table = Object.entries(libraries).map(([name, folders]) => [name, [...folders].sort()]);
  const found = [...used].map(([name, folders]) => [name, [...folders].sort()]);
  const byName = (a: unknown[], b: unknown[]) => String(a[0]) < String(b[0]) ? -1 : 1;
  assert.deepEqual(found.sort(byName), table.sort(byName));
  const others = Object.keys(imports).filter((name) => !used.has(name));
  assert.deepEqual(others, [...notInTheProgram]);
});

const face = "/**\n * Does it.\n *\n * @module\n */\n";

Deno.test("the rules find what breaks them", () => {
  const broken: [path: string, code: string, problem: RegExp][] = [
    ["src/records/a.ts", 'import { b } from "../package/mod.ts";', /not downwards/],
    ["src/dht/a.ts", 'import type { B } from "../engine/mod.ts";', /not downwards/],
    ["src/store/a.ts", 'import { b } from "../config/mod.ts";', /not downwards/],
    ["src/worker/a.ts", 'import { b } from "../host/mod.ts";', /not downwards/],
    ["src/cli/commands/a.ts", 'await import("../../host/node.ts");', /past its mod\.ts/],
    ["src/host/a.ts", 'import { Engine } from "../engine/mod.ts";', /more than types/],
    ["src/engine/a.ts", 'import { DhtManager } from "../dht/mod.ts";', /more than types/],
    ["src/engine/a.ts", 'import {\n  type B,\n  C,\n} from "../dht/mod.ts";', /more than types/],
    ["src/dht/a.ts", 'import WebTorrent from "webtorrent";', /loads webtorrent/],
    ["src/dht/a.ts", 'import left from "left-pad";', /for nobody/],
    ["src/host/records/a.ts", 'import { a } from "../seeding/mod.ts";', /not downwards/],
    ["src/host/records/a.ts", 'import { a } from "../mod.ts";', /not downwards/],
    ["src/host/http/a.ts", 'import { a } from "../seeding/b.ts";', /past its mod\.ts/],
    ["src/engine/dht/a.ts", 'import { a } from "../libraries/krpc/mod.ts";', /past its mod\.ts/],
    ["src/engine/libraries/krpc/a.ts", 'import { a } from "../mod.ts";', /not downwards/],
    ["src/engine/a.ts", 'import "comlink";', /loads comlink/],
    ["src/engine/a.ts", 'import "npm:webtorrent@3.0.21";', /past deno\.json/],
    ["src/host/a.ts", 'export * from "yaml";', /loads yaml/],
    ["src/host/a.ts", 'console.log("x");', /uses the console/],
    ["src/engine/dht/a.ts", "const n = krpc._tick;", /uses a private member/],
    ["src/engine/download/a.ts", "torrent._request = () => {};", /uses a private member/],
    ["src/engine/a.ts", "const { _drain } = torrent;", /uses a private member/],
    ["src/engine/a.ts", "const f = ({ a, _peers }: Inner) => _peers;", /uses a private member/],
    ["src/testnet/a.ts", "interface Inner {\n  _values: Map<string, string>;\n}", /uses a private/],
    ["src/engine/a.ts", "interface Inner {\n  _update(now: boolean): void;\n}", /uses a private/],
    ["src/dht/a.ts", "const t = Date.now();", /uses the time of day/],
    ["src/package/a.ts", 'import { connect } from "node:net";', /uses the network/],
    ["src/records/a.ts", "await fetch(`http://${host}/`);", /uses the network/],
    ["src/engine/a.ts", 'import { createSocket } from "node:dgram";', /uses UDP/],
    ["src/host/a.ts", "new DhtManager({});", /uses the engine and the manager/],
    ["src/cli/a.ts", "Deno.exit(1);", /uses the end of the process/],
    ["src/cli/myFile.ts", "", /snake_case/],
    ["src/cli/mod.ts", 'export { a } from "./a.ts";\nconst b = 1;', /more than re-exports/],
    ["src/cli/mod.ts", 'export {} from "./a.ts";', /re-exports no value/],
    ["src/cli/mod.ts", 'export { type A } from "./a.ts";', /re-exports no value/],
    ["src/cli/a.ts", "\n".repeat(MAX_LINES), /has \d+ lines/],
    ["main.ts", 'import { a } from "./src/host/mod.ts";', /imports src\/host/],
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
    ["src/cli/commands/a.ts", 'await import("../../host/mod.ts");'],
    ["src/host/http/a.ts", 'import { a } from "../seeding/mod.ts";'],
    ["src/host/a.ts", 'import { a } from "./seeding/mod.ts";'],
    ["src/engine/libraries/a.ts", "const { _drain } = torrent;\nsocket._tick = 1;"],
    ["src/host/http/a.ts", "class A extends B {\n  override _write(_encoding: string): void {}\n}"],
    ["src/engine/a.ts", "list.map((_value, index) => ({ index }));\nconst f = (_a: A, b: B) => b;"],
    ["src/engine/libraries/webtorrent/a.ts", 'import { a } from "../krpc/mod.ts";'],
    ["src/dht/a.ts", "// Date.now() is for others, and so is the console.\n/** fetch() too */"],
    ["src/cli/mod.ts", 'export { a } from "./a.ts";\nexport * from "./b.ts";'],
  ];
  for (const [path, code] of kept) assert.deepEqual(problemsOf(path, `${face}${code}\n`), [], code);
});
