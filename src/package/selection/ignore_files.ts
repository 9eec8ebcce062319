/**
 * The ignore files of a directory tree: in each directory the first of `.libreseedignore`,
 * `.npmignore` and `.gitignore`, with the rules of gitignore(5). Upper and lower case count as equal,
 * as npm has it and git where the file system does.
 *
 * @module
 */

import { join } from "node:path";
import ignore, { type Ignore } from "ignore";
import { unreadable } from "../errors.ts";
import { DEFAULT_RULES, IGNORE_FILE_NAMES } from "./always.ts";

/** The rules that come before those of any ignore file. */
export function defaultRules(): Ignore {
  return ignore().add(DEFAULT_RULES);
}

/** Options of {@linkcode IgnoreFiles}. */
export interface IgnoreFilesOptions {
  /** Do not read the one at the root. */
  withoutRoot?: boolean;
  /** A path that no ignore file above it leaves out; those inside it still count. */
  except?: string;
}

/** The ignore files of a tree, each read when a path below it is asked about. */
export class IgnoreFiles {
  readonly #root: string;
  readonly #options: IgnoreFilesOptions;
  /** By path of a directory: the rules for what lies in it, those of the directories above first. */
  readonly #rules = new Map<string, Ignore>();
  /** Names of the ignore files by path of their directory. */
  readonly #names = new Map<string, string | undefined>();

  /** @param root real path of the tree */
  constructor(root: string, options: IgnoreFilesOptions = {}) {
    this.#root = root;
    this.#options = options;
  }

  /** Tells which names a directory has, so that none is looked for in vain. */
  enter(directory: string, names: readonly string[]): void {
    this.#names.set(directory, IGNORE_FILE_NAMES.find((name) => names.includes(name)));
  }

  /**
   * Whether the rules leave a path out, or a directory that it is in.
   *
   * @throws {PackageError} `FILE_UNREADABLE` for an ignore file
   */
  ignores(path: string, isDirectory: boolean): boolean {
    return this.#rulesIn(directoryOf(path)).ignores(isDirectory ? `${path}/` : path);
  }

  /** Name of the ignore file at the root, if there is one. */
  get rootFile(): string | undefined {
    return this.#options.withoutRoot ? undefined : this.#nameIn("");
  }

  #rulesIn(directory: string): Ignore {
    const known = this.#rules.get(directory);
    if (known !== undefined) return known;
    const above = directory === "" ? defaultRules() : this.#rulesIn(directoryOf(directory));
    const own = this.#ownRules(directory);
    // Most directories have no rules of their own.
    const rules = own.length === 0 ? above : ignore().add(above).add(own);
    this.#rules.set(directory, rules);
    return rules;
  }

  /** The rules of the ignore file in a directory, as seen from the root. */
  #ownRules(directory: string): string[] {
    const { withoutRoot, except } = this.#options;
    const name = directory === "" && withoutRoot ? undefined : this.#nameIn(directory);
    const rules = name === undefined ? [] : this.#read(directory, name);
    if (except !== undefined && isAbove(directory, except)) rules.push(...unignoring(except));
    return rules;
  }

  #nameIn(directory: string): string | undefined {
    if (!this.#names.has(directory)) {
      const names: string[] = [];
      try {
        for (const { name } of Deno.readDirSync(join(this.#root, directory))) names.push(name);
      } catch {
        // Nothing is taken from a directory that cannot be read; taking says so.
      }
      this.enter(directory, names);
    }
    return this.#names.get(directory);
  }

  #read(directory: string, name: string): string[] {
    const path = join(this.#root, directory, name);
    try {
      if (!Deno.statSync(path).isFile) return [];
      const text = Deno.readTextFileSync(path).replace(/^\ufeff/, "");
      return text.split(/\r?\n/).flatMap((line) => seenFromRoot(line, directory));
    } catch (cause) {
      throw unreadable(path, cause);
    }
  }
}

/** The directory that a path is in; empty for the root. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Whether a path is, or lies in, a directory. */
export function isWithin(path: string, directory: string): boolean {
  return directory === "" || path === directory || path.startsWith(`${directory}/`);
}

/** The directories that a path is in, the outermost first, without the root. */
export function directoriesOf(path: string): string[] {
  const found: string[] = [];
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
    found.push(path.slice(0, at));
  }
  return found;
}

/**
 * A line of an ignore file as if it stood in the one at the root. A pattern with a slash before its end
 * is anchored to the directory of its file; another one matches at any depth below.
 */
function seenFromRoot(line: string, directory: string): string[] {
  if (line.trim() === "" || line.startsWith("#")) return [];
  if (directory === "") return [line];
  const [, not, pattern] = /^(!?)(.*)$/s.exec(line)!;
  const bare = pattern!.replace(/(?<!\\) +$/, "");
  const isAnchored = /\/./.test(bare);
  const from = `${not}/${escaped(directory)}/`;
  return [isAnchored ? from + pattern!.replace(/^\//, "") : `${from}**/${pattern!}`];
}

function isAbove(directory: string, path: string): boolean {
  return path !== directory && isWithin(path, directory);
}

/** Rules that take back a path, and the directories on the way to it. */
function unignoring(path: string): string[] {
  return [...directoriesOf(path), path].map((one) => `!/${escaped(one)}`);
}

/** A path as a pattern that matches it alone. */
function escaped(path: string): string {
  return path.replace(/[\\*?[\]]| $/g, "\\$&");
}
