/**
 * One file of declarations from those of many modules, as `tsc` writes them. It has what one module
 * exports, and the statements that this needs, which are not exported.
 */

import { join, posix } from "node:path";

/** A name that another module defines or exports. */
interface Elsewhere {
  path: string;
  name: string;
}

/** A statement of a module, with its comment. */
interface Statement {
  /** The declared name. */
  name: string;
  text: string;
}

interface Module {
  /** Comment at the beginning of the file. */
  head: string;
  statements: Statement[];
  imports: Map<string, Elsewhere>;
  exports: Map<string, Elsewhere>;
  /** Modules of which everything is exported. */
  all: string[];
}

const FROM = /^(import|export) (?:type )?(\{[^}]*\}|\*(?: as \w+)?) from "([^"]+)";/;
const DECLARED =
  /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|const|let|function) ([\w$]+)/;
const COMMENT_AT_END = /\/\*\*(?:(?!\*\/)[^])*\*\/\s*$/;
const INLINE = /import\("([^"]+)"\)\.([\w$]+)/g;

/**
 * Modules whose types no program sees through the library, and packages. What a needed statement takes
 * from one of these is declared as `any`: the schemas in the table of routes are an example.
 */
const UNSEEN: readonly string[] = ["valibot", "src/control/operations.ts"];

/** The declarations in a directory, by the path of their source file in the repository. */
export class DeclaredModules {
  readonly #directory: string;
  readonly #modules = new Map<string, Module>();
  /** Path of the module that defines each kept name. */
  readonly #definedBy = new Map<string, string>();
  readonly #statements: string[] = [];
  /** Names of {@linkcode UNSEEN} modules; a namespace has a member for each of its types. */
  readonly #unseen = new Map<string, Set<string>>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Returns one file with everything that a module exports, and what that needs, which is not exported. */
  fileOf(path: string): string {
    const names = this.#exportedBy(path).sort();
    for (const name of names) {
      const defined = this.#definitionOf(path, name);
      if (!defined) throw new Error(`${path} exports ${name}, which nothing defines`);
      this.#need(defined);
    }
    const parts = [...this.#statements, ...this.#unseenTypes()].map((text) =>
      text.replace(
        /^(?:export )?(?:declare )?(?=(?:abstract )?(?:class|const|function|let)\b)/m,
        "declare ",
      )
        .replace(/^export (?=type|interface)/m, "")
    );
    return `${[this.#moduleOf(path).head, ...parts].join("\n")}\nexport { ${names.join(", ")} };\n`;
  }

  *#unseenTypes(): Generator<string> {
    const any = (name: string) => `type ${name}<A = any, B = any, C = any, D = any> = any;`;
    for (const [name, members] of this.#unseen) {
      const types = [...members].map(any).join(" ");
      yield members.size === 0 ? any(name) : `declare namespace ${name} { ${types} }`;
    }
  }

  #need({ path, name }: Elsewhere): void {
    const other = this.#definedBy.get(name);
    if (other === path) return;
    if (other !== undefined) throw new Error(`${other} and ${path} both define ${name}`);
    this.#definedBy.set(name, path);
    const module = this.#moduleOf(path);
    const statements = module.statements.filter((one) => one.name === name);
    if (statements.length === 0) throw new Error(`${path} does not define ${name}`);
    for (const { text } of statements) {
      const code = withoutComments(text);
      if (/\bDeno\.|\bNodeJS\./.test(code)) {
        throw new Error(`${name} of ${path} is not for browsers`);
      }
      for (const [, specifier, used] of code.matchAll(INLINE)) {
        this.#import(path, { path: specifier!, name: used! });
      }
      for (
        const [whole, used, member] of code.replace(INLINE, "").matchAll(/([\w$]+)(?:\.([\w$]+))?/g)
      ) {
        const imported = module.imports.get(used!);
        if (imported?.name === "*") this.#importMember(imported.path, used!, member ?? whole);
        else if (imported) this.#import(path, imported, used);
        else if (module.statements.some((one) => one.name === used)) {
          this.#need({ path, name: used! });
        }
      }
      this.#statements.push(text.replace(INLINE, (_, _specifier, used) => used));
    }
  }

  #import(path: string, { path: specifier, name }: Elsewhere, as = name): void {
    if (as !== name) throw new Error(`${path} imports ${name} as ${as}, which is not provided for`);
    const found = this.#foundFrom(path, specifier, name);
    if (!UNSEEN.includes(found.path)) this.#need(found);
    else if (!this.#unseen.has(name)) this.#unseen.set(name, new Set());
  }

  #importMember(specifier: string, namespace: string, member: string): void {
    if (!UNSEEN.includes(specifier)) throw new Error(`a declaration needs ${specifier}`);
    this.#unseen.set(namespace, (this.#unseen.get(namespace) ?? new Set()).add(member));
  }

  /** Returns where a name is defined that a module imports. */
  #foundFrom(path: string, specifier: string, name: string): Elsewhere {
    if (!specifier.startsWith(".")) {
      throw new Error(`The declarations of ${path} need ${specifier}`);
    }
    const from = posix.join(posix.dirname(path), specifier);
    const found = this.#definitionOf(from, name);
    if (!found) throw new Error(`${path} imports ${name}, which ${from} does not export`);
    return found;
  }

  /** Follows exports and imports to the module that defines a name. */
  #definitionOf(path: string, name: string): Elsewhere | undefined {
    const module = this.#moduleOf(path);
    const elsewhere = module.exports.get(name) ?? module.imports.get(name);
    if (elsewhere) {
      const from = posix.join(posix.dirname(path), elsewhere.path);
      return this.#definitionOf(from, elsewhere.name);
    }
    if (module.statements.some((one) => one.name === name)) return { path, name };
    for (const specifier of module.all) {
      const found = this.#definitionOf(posix.join(posix.dirname(path), specifier), name);
      if (found) return found;
    }
  }

  #exportedBy(path: string): string[] {
    const { exports, statements, all } = this.#moduleOf(path);
    return [
      ...exports.keys(),
      ...statements.filter(({ text }) => text.includes("export ")).map(({ name }) => name),
      ...all.flatMap((one) => this.#exportedBy(posix.join(posix.dirname(path), one))),
    ];
  }

  #moduleOf(path: string): Module {
    const known = this.#modules.get(path);
    if (known) return known;
    const text = Deno.readTextFileSync(join(this.#directory, path.replace(/\.ts$/, ".d.ts")));
    const module = parse(text);
    this.#modules.set(path, module);
    return module;
  }
}

/**
 * Splits declarations into statements. `tsc` begins each in the first column, with its comment before; a
 * comment inside a statement can begin there too.
 */
function parse(text: string): Module {
  const [imports, exports] = [new Map<string, Elsewhere>(), new Map<string, Elsewhere>()];
  const module: Module = { head: "", statements: [], imports, exports, all: [] };
  const [head = "", ...parts] = text.split(/^(?=(?:export|import|declare|interface|type) )/m);
  let comment = COMMENT_AT_END.exec(head)?.[0] ?? "";
  module.head = head.slice(0, head.length - comment.length).trimEnd();
  if (parts[0] && FROM.test(parts[0])) module.head = head.trimEnd();
  for (const part of parts) {
    const next = COMMENT_AT_END.exec(part)?.[0] ?? "";
    const statement = part.slice(0, part.length - next.length).trimEnd();
    add(module, statement, comment);
    comment = next;
  }
  return module;
}

function add(module: Module, statement: string, comment: string): void {
  const from = FROM.exec(statement);
  if (!from) {
    const name = DECLARED.exec(statement)?.[1];
    if (name !== undefined) module.statements.push({ name, text: comment + statement });
    return;
  }
  const [, verb, names, path] = from;
  if (names!.startsWith("*")) {
    if (verb === "export") module.all.push(path!);
    else module.imports.set(names!.slice("* as ".length), { path: path!, name: "*" });
    return;
  }
  for (const { name, as } of namesIn(names!)) {
    (verb === "import" ? module.imports : module.exports).set(as, { path: path!, name });
  }
}

/** The names of a statement such as `{ a, type b as c }`. */
function namesIn(list: string): { name: string; as: string }[] {
  return list.slice(1, -1).split(",").map((one) => one.trim().replace(/^type /, ""))
    .filter((one) => one !== "")
    .map((one) => {
      const [name, as] = one.split(" as ");
      return { name: name!, as: as ?? name! };
    });
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\//g, "");
}
