/**
 * Writes the type declarations of the library: `tsc` declares every module, and what `mod.ts` leads to is
 * kept. A declaration that names a type of another module is led past the faces of the rooms in between,
 * so that a program gets no more than the types of what it can call.
 */

import { dirname, join, posix } from "node:path";

const root = join(import.meta.dirname!, "..", "..");
const STATEMENT = /^(import|export) (type )?(\{[^}]*\}|\*) from "(\.[^"]+)";$/gm;

/** A name that a statement imports or exports. */
interface Named {
  name: string;
  as: string;
}

/**
 * Writes `mod.d.ts`, and the declarations that it needs, to a directory.
 *
 * @returns their paths in the directory, sorted
 */
export async function writeDeclarations(directory: string): Promise<string[]> {
  const all = await Deno.makeTempDir({ prefix: "declarations-" });
  try {
    await declareAll(all);
    const modules = new Modules(all);
    const written = new Set<string>();
    const waiting = ["mod.ts"];
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (written.has(path)) continue;
      written.add(path);
      const { text, needs } = await modules.declarationOf(path);
      const target = join(directory, declared(path));
      await Deno.mkdir(dirname(target), { recursive: true });
      await Deno.writeTextFile(target, text);
      waiting.push(...needs);
    }
    return [...written].map(declared).sort();
  } finally {
    await Deno.remove(all, { recursive: true });
  }
}

/** Has `tsc` declare all modules that `mod.ts` imports. */
async function declareAll(outDir: string): Promise<void> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "-A", "--node-modules-dir=manual", "npm:typescript@7.0.2/tsc", "mod.ts"],
      ...["--ignoreConfig", "--declaration", "--emitDeclarationOnly", "--noCheck"],
      ...["--stripInternal", "--allowImportingTsExtensions", "--skipLibCheck"],
      ...["--target", "esnext", "--module", "esnext", "--moduleResolution", "bundler"],
      ...["--types", "", "--resolveJsonModule", "--rootDir", root, "--outDir", outDir],
    ],
    cwd: root,
    stderr: "inherit",
  }).output();
  if (code !== 0) throw new Error(`tsc failed:\n${new TextDecoder().decode(stdout)}`);
}

/** The path of a module's declarations. */
function declared(path: string): string {
  return path.replace(/\.ts$/, ".d.ts");
}

/** The declarations of all modules, by path in the repository. */
class Modules {
  readonly #directory: string;
  readonly #texts = new Map<string, string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Returns the declarations of a module, with imports from the modules that define each name. */
  async declarationOf(path: string): Promise<{ text: string; needs: string[] }> {
    const text = await this.#textOf(path);
    const needs = new Set<string>();
    let result = text;
    for (const [statement, verb, type = "", names, specifier] of text.matchAll(STATEMENT)) {
      const from = posix.join(posix.dirname(path), specifier!);
      const lines = names === "*"
        ? [[from, "*"] as const]
        : await this.#definitions(from, namesIn(names!));
      const written = lines.map(([file, what]) => {
        needs.add(file);
        const relative = posix.relative(posix.dirname(path), file).replace(/\.ts$/, ".js");
        return `${verb} ${type}${what} from "${relative.startsWith(".") ? "" : "./"}${relative}";`;
      });
      result = result.replace(statement, () => written.join("\n"));
    }
    const code = result.replace(/\/\*[^]*?\*\//g, "");
    const outside = /from "([^."][^"]*)"|import\("([^"]*)"\)|\bDeno\./.exec(code);
    if (outside) throw new Error(`The declarations of ${path} need ${outside[0]}`);
    return { text: result, needs: [...needs] };
  }

  /** Groups names by the module that defines each. */
  async #definitions(from: string, names: Named[]): Promise<(readonly [string, string])[]> {
    const byFile = new Map<string, string[]>();
    for (const { name, as } of names) {
      const [file, defined] = await this.#definitionOf(from, name);
      const what = defined === as ? as : `${defined} as ${as}`;
      byFile.set(file, [...byFile.get(file) ?? [], what]);
    }
    return [...byFile].map(([file, each]) => [file, `{ ${each.join(", ")} }`] as const);
  }

  /** Follows the exports of faces to the module that defines a name. */
  async #definitionOf(from: string, name: string): Promise<[string, string]> {
    const text = await this.#textOf(from);
    for (const [, verb, , names, specifier] of text.matchAll(STATEMENT)) {
      if (verb !== "export") continue;
      const next = posix.join(posix.dirname(from), specifier!);
      if (names === "*") {
        const found = await this.#definitionOf(next, name).catch(() => undefined);
        if (found) return found;
        continue;
      }
      const named = namesIn(names!).find(({ as }) => as === name);
      if (named) return await this.#definitionOf(next, named.name);
    }
    const isDefined = new RegExp(
      `^export (declare )?(abstract )?(class|interface|type|const|let|function|enum) ${name}\\b`,
      "m",
    );
    if (isDefined.test(text)) return [from, name];
    throw new Error(`${from} does not export ${name}`);
  }

  async #textOf(path: string): Promise<string> {
    const known = this.#texts.get(path);
    if (known !== undefined) return known;
    const text = await Deno.readTextFile(join(this.#directory, declared(path)));
    this.#texts.set(path, text);
    return text;
  }
}

/** The names of a statement such as `{ a, type b as c }`. */
function namesIn(list: string): Named[] {
  return list.slice(1, -1).split(",").map((one) => one.trim().replace(/^type /, ""))
    .filter((one) => one !== "")
    .map((one) => {
      const [name, as] = one.split(" as ");
      return { name: name!, as: as ?? name! };
    });
}
