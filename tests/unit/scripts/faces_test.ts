/** Tests what `scripts/faces.ts` makes of imports of a `mod.ts`. */

import assert from "node:assert/strict";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { replacing } from "../../../scripts/compile.ts";
import { readSources, withoutFaces } from "../../../scripts/faces.ts";

/** The face of the tested room, as the commands name it. */
const face = "../../store/mod.ts";

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
function changed(text: string, path = "src/cli/commands/a.ts") {
  const sources = new Map(Object.entries({ ...rooms, [path]: text }));
  const result = withoutFaces(sources, {
    face: (path) => path === "src/store/mod.ts",
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
