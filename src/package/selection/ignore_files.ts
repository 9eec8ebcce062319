/**
 * The ignore files of a directory tree: in each directory the first of `.libreseedignore`,
 * `.npmignore` and `.gitignore`, with the rules of gitignore(5). Matching ignores case, as npm does
 * on all systems and git on case-insensitive file systems.
 *
 * @module
 */

import { join } from "node:path";
import ignore, { type Ignore } from "ignore";
import { unreadable } from "../errors.ts";
import { DEFAULT_RULES, IGNORE_FILE_NAMES } from "./always.ts";

/** Makes the default rules, to which the rules of ignore files are added. */
export function defaultRules(): Ignore {
  return ignore().add(DEFAULT_RULES);
}

/** Options of {@linkcode IgnoreFiles}: the ignore files or rules that do not apply. */
export interface IgnoreFilesOptions {
  /** Whether to skip the ignore file in the root directory. */
  withoutRoot?: boolean;
  /**
   * A path that the ignore files in the directories above it cannot leave out. Ignore files below
   * the path still apply.
   */
  except?: string;
}

/**
 * The ignore files of a directory tree. An ignore file is read when the first path below its
 * directory is tested.
 */
export class IgnoreFiles {
  readonly #root: string;
  readonly #options: IgnoreFilesOptions;
  /**
   * Cache of the effective rules by directory path: the rules of all parent directories, followed
   * by the directory's own.
   */
  readonly #rules = new Map<string, Ignore>();
  /** Cache of the ignore file's name by directory path. */
  readonly #names = new Map<string, string | undefined>();

  /** @param root real path of the root directory */
  constructor(root: string, options: IgnoreFilesOptions = {}) {
    this.#root = root;
    this.#options = options;
  }

  /**
   * Receives the names in a directory that the caller has listed, so that the directory need not be
   * listed again.
   */
  enter(directory: string, names: readonly string[]): void {
    this.#names.set(directory, IGNORE_FILE_NAMES.find((name) => names.includes(name)));
  }

  /**
   * Whether the rules leave out a path or one of its parent directories.
   *
   * @throws {PackageError} `FILE_UNREADABLE` for an ignore file
   */
  ignores(path: string, isDirectory: boolean): boolean {
    return this.#rulesIn(directoryOf(path)).ignores(isDirectory ? `${path}/` : path);
  }

  /** Returns the name of the ignore file in the root directory, if there is one. */
  get rootFile(): string | undefined {
    return this.#options.withoutRoot ? undefined : this.#nameIn("");
  }

  #rulesIn(directory: string): Ignore {
    const known = this.#rules.get(directory);
    if (known !== undefined) return known;
    const above = directory === "" ? defaultRules() : this.#rulesIn(directoryOf(directory));
    const own = this.#ownRules(directory);
    // Fast path: most directories have no ignore file of their own.
    const rules = own.length === 0 ? above : ignore().add(above).add(own);
    this.#rules.set(directory, rules);
    return rules;
  }

  /**
   * Reads the ignore file of a directory, and rewrites its patterns relative to the root directory.
   */
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
        // Ignore the error here: the scan reports a directory that cannot be read.
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

/** Returns the parent directory of a path; empty for a path in the root directory. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Whether a path equals a directory or is below it. */
export function isWithin(path: string, directory: string): boolean {
  return directory === "" || path === directory || path.startsWith(`${directory}/`);
}

/** Returns the parent directories of a path, outermost first, without the root. */
export function directoriesOf(path: string): string[] {
  const found: string[] = [];
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
    found.push(path.slice(0, at));
  }
  return found;
}

/**
 * Rewrites a line of an ignore file so that it works from the root directory. A pattern with a
 * slash before its end is anchored to the ignore file's directory; any other pattern matches at any
 * depth below that directory.
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

/** Makes gitignore rules that include a path and its parent directories again (`!`). */
function unignoring(path: string): string[] {
  return [...directoriesOf(path), path].map((one) => `!/${escaped(one)}`);
}

/** Makes a gitignore pattern that matches only this path, with special characters escaped. */
function escaped(path: string): string {
  return path.replace(/[\\*?[\]]| $/g, "\\$&");
}
