/**
 * The interface of selection rules, and the rules without a list: everything, or everything except what
 * ignore files leave out. `npm_files.ts` and `deno_publish.ts` have the rules by lists.
 *
 * @module
 */

import { isDescription } from "./always.ts";
import { directoriesOf, directoryOf, IgnoreFiles } from "./ignore_files.ts";

/**
 * Rules that choose among the paths of a tree. A directory is tested before the paths below it. Nothing
 * below a directory that is not entered is taken.
 */
export interface SelectionRules {
  /** The file or field that decides, for people; `undefined` if nothing is left out. */
  readonly decider: string | undefined;
  /** Whether a list allows a package of nothing but its description. */
  readonly mayBeEmpty?: boolean;
  /** A `.libreseedignore` at the root that has no effect, because a list decides. */
  readonly unusedIgnoreFile?: string;
  /** Announces the names in a directory, before any path in it is tested. */
  enter(directory: string, names: readonly string[]): void;
  entersDirectory(path: string): boolean;
  takesFile(path: string): boolean;
  /**
   * Whether a rule leaves the path out. A path that a list merely does not name is not excluded. A link
   * to an excluded path is left out too.
   */
  excludes(path: string, isDirectory: boolean): boolean;
}

/** Rules that take everything. */
export const everything: SelectionRules = {
  decider: undefined,
  enter() {},
  entersDirectory: () => true,
  takesFile: () => true,
  excludes: () => false,
};

/**
 * Paths that are taken under any rules. A directory that the other rules leave out is entered to reach
 * such a path, and then nothing else in it is taken.
 */
export class RequiredPaths {
  readonly #paths: ReadonlySet<string>;
  readonly #directories: ReadonlySet<string>;
  readonly #enteredForRequired = new Set<string>();

  constructor(paths: readonly string[]) {
    this.#paths = new Set(paths);
    this.#directories = new Set(paths.flatMap(directoriesOf));
  }

  /** Answers `entersDirectory`. @param others the answer of the other rules */
  entersDirectory(path: string, others: () => boolean): boolean {
    const isOpen = !this.#enteredForRequired.has(directoryOf(path));
    if (isOpen && others()) return true;
    if (!this.#directories.has(path)) return false;
    this.#enteredForRequired.add(path);
    return true;
  }

  /** Answers `takesFile`. @param others the answer of the other rules */
  takesFile(path: string, others: () => boolean): boolean {
    return this.#paths.has(path) || !this.#enteredForRequired.has(directoryOf(path)) && others();
  }
}

/** Rules by ignore files. Readme, licence and required paths are taken in any case. */
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
