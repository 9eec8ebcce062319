/**
 * The rules by which files are chosen where no list names them: everything, or everything but what
 * ignore files leave out. `npm_files.ts` and `deno_publish.ts` have the lists.
 *
 * @module
 */

import { isDescription } from "./always.ts";
import { directoriesOf, directoryOf, IgnoreFiles } from "./ignore_files.ts";

/**
 * Rules that choose among the paths of a tree. A directory is asked about before what lies in it, and
 * what lies in one that is not entered is not taken.
 */
export interface SelectionRules {
  /** The file or field that decides, for people; `undefined` if nothing leaves anything out. */
  readonly decider: string | undefined;
  /** Whether a list says that nothing but what describes the package goes in. */
  readonly mayBeEmpty?: boolean;
  /** An ignore file of ours at the root that does not count, because a list decides. */
  readonly unusedIgnoreFile?: string;
  /** Tells which names a directory has, before anything in it is asked about. */
  enter(directory: string, names: readonly string[]): void;
  entersDirectory(path: string): boolean;
  takesFile(path: string): boolean;
  /**
   * Whether a path is left out, and not only absent from a list of what belongs in: then a link to it
   * is left out too.
   */
  excludes(path: string, isDirectory: boolean): boolean;
}

/** Takes everything. */
export const everything: SelectionRules = {
  decider: undefined,
  enter() {},
  entersDirectory: () => true,
  takesFile: () => true,
  excludes: () => false,
};

/**
 * Paths that are taken whatever the other rules say, and the directories that lead to them. A directory
 * that is entered for one of them alone gives nothing else.
 */
export class RequiredPaths {
  readonly #paths: ReadonlySet<string>;
  readonly #directories: ReadonlySet<string>;
  readonly #enteredForThem = new Set<string>();

  constructor(paths: readonly string[]) {
    this.#paths = new Set(paths);
    this.#directories = new Set(paths.flatMap(directoriesOf));
  }

  /** `entersDirectory` of the rules, given what the other rules say of the directory. */
  entersDirectory(path: string, others: () => boolean): boolean {
    const isOpen = !this.#enteredForThem.has(directoryOf(path));
    if (isOpen && others()) return true;
    if (!this.#directories.has(path)) return false;
    this.#enteredForThem.add(path);
    return true;
  }

  /** `takesFile` of the rules, given what the other rules say of the file. */
  takesFile(path: string, others: () => boolean): boolean {
    return this.#paths.has(path) || !this.#enteredForThem.has(directoryOf(path)) && others();
  }
}

/** Everything but what ignore files leave out, and not without what describes the package. */
export class IgnoreRules implements SelectionRules {
  readonly #ignored: IgnoreFiles;
  readonly #required: RequiredPaths;

  /** @param required paths that are taken in any case */
  constructor(root: string, required: readonly string[]) {
    this.#ignored = new IgnoreFiles(root);
    this.#required = new RequiredPaths(required);
  }

  get decider(): string | undefined {
    return this.#ignored.rootFile;
  }

  enter(directory: string, names: readonly string[]): void {
    this.#ignored.enter(directory, names);
  }

  entersDirectory(path: string): boolean {
    return this.#required.entersDirectory(path, () => !this.#ignored.ignores(path, true));
  }

  takesFile(path: string): boolean {
    if (isDescription(path)) return true;
    return this.#required.takesFile(path, () => !this.#ignored.ignores(path, false));
  }

  excludes(path: string, isDirectory: boolean): boolean {
    return this.#ignored.ignores(path, isDirectory);
  }
}
