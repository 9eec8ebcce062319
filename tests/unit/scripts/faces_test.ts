/** Tests what `scripts/faces.ts` makes of imports of a `mod.ts`. */

import assert from "node:assert/strict";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { replacing } from "../../../scripts/compile.ts";
import { readSources, withoutFaces } from "../../../scripts/faces.ts";

/** The face of the tested room, as the commands name it. */
const face = "../../store/mod.ts";

/** A static import or re-export: the word `type` if it has one, and the module. */
const imported = /(?<=^|; )(?:import|export)\s+(type\s)?[^;"]*"([^"]+)";/gm;

const rooms: Record<string, string> = {
  "src/store/mod.ts": 'export { first, type Shape } from "./first.ts";\n' +
    'export { Second as Other } from "./second.ts";\n' +
    'export * from "./third.ts";\n' +
    'export type { Fourth } from "./fourth.ts";\n' +
    'export { inmost } from "./inner/mod.ts";\n',
  "src/store/first.ts": "export const first = 1;\nexport interface Shape {}\n",
  "src/store/second.ts": "export class Second {}\n",
  "src/store/third.ts": "export async function third() {}\nfunction hidden() {}\n",
  "src/store/fourth.ts": "export interface Fourth {}\n",
  "src/store/inner/mod.ts": 'export { inmost } from "./inmost.ts";\n',
  "src/store/inner/inmost.ts": "export const inmost = 5;\n",
};

/** Returns what becomes of a file of commands, and the parts that are made for it. */
function changed(
  text: string,
  path = "src/cli/commands/a.ts",
  faces: readonly string[] = ["src/store/mod.ts"],
) {
  const sources = new Map(Object.entries({ ...rooms, [path]: text }));
  const result = withoutFaces(sources, {
    face: (path) => faces.includes(path),
    loadsParts: (path) => path.startsWith("src/cli/"),
  });
  const parts = [...result].filter(([path]) => !sources.has(path));
  return { text: result.get(path)!, parts };
}

Deno.test("an import of a face becomes imports of the files, without types", () => {
  const { text, parts } = changed(
    'import {\n  first,\n  type Shape,\n  Other as Mine,\n  third,\n} from "../../store/mod.ts";\nfirst;\n',
  );
  assert.equal(
    text,
    'import { first } from "../../store/first.ts"; import { Second as Mine } from "../../store/second.ts"; ' +
      'import { third } from "../../store/third.ts";\nfirst;\n',
  );
  assert.deepEqual(parts, []);
});

Deno.test("the values of an inner room come from the inner room's face", () => {
  const { text } = changed('export { inmost } from "../../store/mod.ts";\n');
  assert.equal(text, 'export { inmost } from "../../store/inner/mod.ts";\n');
});

Deno.test("the values of an inner room whose face is replaced, too, come from its files", () => {
  const faces = ["src/store/mod.ts", "src/store/inner/mod.ts"];
  const { text } = changed('export { inmost } from "../../store/mod.ts";\n', undefined, faces);
  assert.equal(text, 'export { inmost } from "../../store/inner/inmost.ts";\n');
});

Deno.test("an import may be replaced for one importer and not for another", () => {
  const quick = "src/cli/quick.ts";
  const text = 'import { first } from "../store/mod.ts";\n';
  const sources = new Map(Object.entries({ ...rooms, [quick]: text, "src/cli/run.ts": text }));
  const result = withoutFaces(sources, {
    face: (_path, importer) => importer === quick,
    loadsParts: () => false,
  });
  assert.equal(result.get(quick), 'import { first } from "../store/first.ts";\n');
  assert.equal(result.get("src/cli/run.ts"), text);
});

Deno.test("a dynamic import loads a part, which is the same for the same names", () => {
  const { text, parts } = changed(
    `const { first, Other: Mine } = await import("${face}");\n` +
      `const { Other, first: one } = await import(\n  "${face}"\n);\n`,
  );
  assert.equal(parts.length, 1);
  const [[path, part]] = parts as [[string, string]];
  assert.match(path, /^src\/store\/mod_[0-9a-f]{8}\.ts$/);
  assert.equal(
    part,
    'export { Second as Other } from "./second.ts"; export { first } from "./first.ts";\n',
  );
  const specifier = `"../../store/${path.split("/").at(-1)}"`;
  assert.equal(
    text,
    `const { first, Other: Mine } = await import(${specifier});\n` +
      `const { Other, first: one } = await import(${specifier});\n`,
  );
});

Deno.test("imports of other forms, of unknown names and of other faces stay as they are", () => {
  for (
    const text of [
      'import type { Shape } from "../../store/mod.ts";\n',
      'import * as store from "../../store/mod.ts";\n',
      'import { first, unknown } from "../../store/mod.ts";\n',
      'import { inmost } from "../../store/inner/mod.ts";\n',
      `const { hidden } = await import("${face}");\n`,
      `const store = await import("${face}");\n`,
      'import { semver } from "semver";\n',
    ]
  ) {
    assert.deepEqual(changed(text), { text, parts: [] });
  }
});

Deno.test("only some files load parts, and files outside of src stay as they are", () => {
  const dynamic = `const { first } = await import("${face.slice("../".length)}");\n`;
  assert.deepEqual(changed(dynamic, "src/host/a.ts"), { text: dynamic, parts: [] });
  const outside = 'import { first } from "./src/store/mod.ts";\n';
  assert.deepEqual(changed(outside, "main.ts"), { text: outside, parts: [] });
});

Deno.test("no command loads all of a room that is taken apart", async () => {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const sources = withoutFaces(await readSources(root, ["src"]), replacing);
  const whole: string[] = [];
  for (const [path, text] of sources) {
    if (!replacing.loadsParts(path)) continue;
    for (const [, specifier] of text.matchAll(/\bimport\(\s*"([^"]+\/mod\.ts)"/g)) {
      const room = posix.join(posix.dirname(path), specifier!);
      if (replacing.face(room)) whole.push(`${path} loads ${room}`);
    }
  }
  assert.deepEqual(whole, []);
});

/** Returns the modules that a file of commands loads together with a value of another room. */
async function loadedWith(value: string, path: string): Promise<Set<string>> {
  const root = fileURLToPath(new URL("../../../", import.meta.url));
  const sources = withoutFaces(await readSources(root, ["src"]), replacing);
  const part = new RegExp(`\\b${value}\\b[^}]*\\} = await import\\(\\s*"([^"]+)"`).exec(
    sources.get(path)!,
  )![1]!;
  const loaded = new Set<string>();
  const load = (path: string) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const [, type, specifier] of (sources.get(path) ?? "").matchAll(imported)) {
      if (type !== undefined) continue;
      load(specifier!.startsWith(".") ? posix.join(posix.dirname(path), specifier!) : specifier!);
    }
  };
  load(posix.join(posix.dirname(path), part));
  return loaded;
}

for (
  const [value, path, file] of [
    ["verifyArchive", "src/cli/commands/verify.ts", "src/package/verifying/verify.ts"],
    ["Trust", "src/cli/running/known_keys.ts", "src/trust/trust.ts"],
    ["LazyState", "src/cli/run_command.ts", "src/store/state/state_database.ts"],
  ] as const
) {
  Deno.test(`${value} loads neither tar-stream nor Node's files`, async () => {
    const loaded = await loadedWith(value, path);
    assert(loaded.has(file));
    for (const name of ["tar-stream", "node:fs", "node:fs/promises"]) {
      assert(!loaded.has(name), `${name} is loaded`);
    }
  });
}
