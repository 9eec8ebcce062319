/**
 * Copies the sources for the program file, with imports of a room's `mod.ts` replaced by imports of
 * the files or inner rooms that the names come from. `compile.ts` bundles the copy, and so loads for a
 * command what the command uses, and not all that its rooms export.
 *
 * A `mod.ts` holds nothing but re-exports, which `tests/unit/layout_test.ts` checks. So an import past
 * it gives the same values. Modules that nobody uses are not evaluated.
 */

import { createHash } from "node:crypto";
import { dirname, join, posix } from "node:path";

/** Texts of source files, by their paths relative to the checkout, with `/`. */
export type Sources = ReadonlyMap<string, string>;

/** The imports to replace. */
export interface Replacing {
  /**
   * Whether imports of this `mod.ts` are replaced.
   *
   * @param importer path of the file that imports it; absent if the `mod.ts` of a room imports that of
   * an inner room
   */
  face(path: string, importer?: string): boolean;
  /**
   * Whether the file's `await import()` of a `mod.ts` loads a part of it, with only the names that the
   * file uses. The bundler makes a chunk of each part.
   */
  loadsParts(path: string): boolean;
}

/** A value that a `mod.ts` exports: the file or inner room that has it, and its name there. */
interface Origin {
  path: string;
  name: string;
}

/** A name in braces: `name as alias`, or `name: alias` in a pattern. */
interface Named {
  name: string;
  alias: string;
}

const statement =
  /^(import|export)\s+(type\s+)?(?:\{([^}]*)\}|(\*))\s+from\s+"(\.[^"]+\.tsx?)";$/gm;
const dynamic = /\{([^{}]*)\}\s*=\s*await import\(\s*"(\.[^"]*\/mod\.ts)",?\s*\)/g;
const declaration =
  /^export\s+(?:async\s+|abstract\s+)*(?:const|let|class|enum|function\*?)\s+([\w$]+)/gm;

/**
 * Returns the sources with the imports replaced, and the parts beside their `mod.ts`. An import of a
 * form or a name that is unknown here stays as it is.
 */
export function withoutFaces(sources: Sources, replacing: Replacing): Map<string, string> {
  const faces = new Map<string, ReadonlyMap<string, Origin>>();
  for (const path of sources.keys()) {
    if (isFace(path)) faces.set(path, originsIn(path, sources, replacing));
  }
  const result = new Map(sources);
  for (const [path, text] of sources) {
    if (!path.startsWith("src/") || isFace(path)) continue;
    const directory = posix.dirname(path);
    const replaced = text.replace(statement, (whole, keyword, type, names, _star, from) => {
      const face = posix.join(directory, from);
      const origins = replacing.face(face, path) ? faces.get(face) : undefined;
      if (!origins || type !== undefined || names === undefined) return whole;
      return pastFace(keyword, namesIn(names, " as "), origins, directory) ?? whole;
    });
    if (!replacing.loadsParts(path)) {
      result.set(path, replaced);
      continue;
    }
    result.set(
      path,
      replaced.replace(dynamic, (whole, names: string, from: string) => {
        const face = posix.join(directory, from);
        const origins = replacing.face(face, path) ? faces.get(face) : undefined;
        const part = partOf(face, namesIn(names, ":").map(({ name }) => name), origins);
        if (!part) return whole;
        result.set(part.path, part.text);
        return `{${names}} = await import("${relativeTo(directory, part.path)}")`;
      }),
    );
  }
  return result;
}

/** Reads the source files below some directories of the checkout. */
export async function readSources(
  from: string,
  directories: readonly string[],
): Promise<Map<string, string>> {
  const sources = new Map<string, string>();
  const walk = async (directory: string) => {
    for await (const { name, isDirectory } of Deno.readDir(join(from, directory))) {
      const path = posix.join(directory, name);
      if (isDirectory) await walk(path);
      else if (/\.tsx?$/.test(name)) sources.set(path, await Deno.readTextFile(join(from, path)));
    }
  };
  for (const directory of directories) await walk(directory);
  return sources;
}

/**
 * Copies `deno.json`, `main.ts` and the source files of some directories, with imports replaced by
 * {@linkcode withoutFaces}.
 *
 * @param from the checkout
 * @param to the copy, which is created
 * @param directories relative to the checkout
 */
export async function copyWithoutFaces(
  from: string,
  to: string,
  directories: readonly string[],
  replacing: Replacing,
): Promise<void> {
  const sources = await readSources(from, directories);
  for (const path of ["deno.json", "main.ts"]) {
    sources.set(path, await Deno.readTextFile(join(from, path)));
  }
  for (const [path, text] of withoutFaces(sources, replacing)) {
    const target = join(to, path);
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.writeTextFile(target, text);
  }
}

function isFace(path: string): boolean {
  return path.startsWith("src/") && posix.basename(path) === "mod.ts";
}

/**
 * Returns the values that a file exports. Values of an inner room come from its `mod.ts`, unless that
 * one is replaced, too.
 */
function originsIn(path: string, sources: Sources, replacing: Replacing): Map<string, Origin> {
  const text = sources.get(path) ?? "";
  const found = new Map<string, Origin>();
  for (const [, keyword, type, names, star, from] of text.matchAll(statement)) {
    if (keyword !== "export" || type !== undefined) continue;
    const target = posix.join(posix.dirname(path), from!);
    const origins = originsIn(target, sources, replacing);
    const exported = star === undefined
      ? namesIn(names!, " as ")
      : [...origins.keys()].map((name) => ({ name, alias: name }));
    for (const { name, alias } of exported) {
      const isWhole = isFace(target) && !replacing.face(target);
      const origin = isWhole ? { path: target, name } : origins.get(name);
      if (origin && origins.has(name)) found.set(alias, origin);
    }
  }
  for (const [, name] of text.matchAll(declaration)) found.set(name!, { path, name: name! });
  return found;
}

/** Returns the names of a list in braces, without types. */
function namesIn(list: string, separator: string): Named[] {
  return list.replaceAll(/\/\/.*$/gm, "").split(",").map((one) => one.trim())
    .filter((one) => one !== "" && !one.startsWith("type ")).map((one) => {
      const [name, alias = name] = one.split(separator).map((part) => part.trim());
      return { name: name!, alias: alias! };
    });
}

/** Returns statements that import or export the names past a `mod.ts`; `undefined` if one is unknown. */
function pastFace(
  keyword: string,
  names: readonly Named[],
  origins: ReadonlyMap<string, Origin>,
  directory: string,
): string | undefined {
  const byFile = new Map<string, string[]>();
  for (const { name, alias } of names) {
    const origin = origins.get(name);
    if (!origin) return undefined;
    const list = byFile.get(origin.path) ?? [];
    list.push(origin.name === alias ? alias : `${origin.name} as ${alias}`);
    byFile.set(origin.path, list);
  }
  return [...byFile].map(([path, list]) =>
    `${keyword} { ${list.join(", ")} } from "${relativeTo(directory, path)}";`
  ).join(" ");
}

/** Returns a module beside a `mod.ts` that exports only some of its values. */
function partOf(
  face: string,
  names: readonly string[],
  origins: ReadonlyMap<string, Origin> | undefined,
): { path: string; text: string } | undefined {
  const directory = posix.dirname(face);
  const sorted = [...names].sort();
  const text = origins &&
    pastFace("export", sorted.map((name) => ({ name, alias: name })), origins, directory);
  if (text === undefined) return undefined;
  const hash = createHash("sha256").update(sorted.join(" ")).digest("hex").slice(0, 8);
  return { path: `${directory}/mod_${hash}.ts`, text: `${text}\n` };
}

function relativeTo(directory: string, path: string): string {
  const relative = posix.relative(directory, path);
  return relative.startsWith(".") ? relative : `./${relative}`;
}
