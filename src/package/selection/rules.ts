/**
 * The interface of selection rules, and the rules for a package without a list of files: all files,
 * or all except those that ignore files leave out. `npm_files.ts` and `deno_publish.ts` have the
 * rules for lists.
 *
 * @module
 */

import { isDescription } from "./always.ts";
import { directoriesOf, directoryOf, IgnoreFiles } from "./ignore_files.ts";

/**
 * Rules that select among the paths of a tree. A directory is tested before the paths below it. If
 * a directory is not entered, nothing below it is selected.
 */
export interface SelectionRules {
  /** The file or field that provides the rules, for people; `undefined` if nothing is left out. */
  readonly decider: string | undefined;
  /**
   * Whether the package lists its files and may thus consist of only `package.json`, readme and
   * licence.
   */
  readonly mayBeEmpty?: boolean;
  /**
   * A `.libreseedignore` in the root directory that has no effect, because `package.json` or
   * `deno.json` lists the package's files.
   */
  readonly unusedIgnoreFile?: string;
  /** Receives the names in a directory. Called before any path in the directory is tested. */
  enter(directory: string, names: readonly string[]): void;
  entersDirectory(path: string): boolean;
  takesFile(path: string): boolean;
  /**
   * Whether a rule explicitly leaves out the path. A path that is merely missing from a list is not
   * excluded. A link to an excluded path is left out too.
   */
  excludes(path: string, isDirectory: boolean): boolean;
}

/** Selection rules under which every file goes into the package. */
export const everything: SelectionRules = {
  decider: undefined,
  enter() {},
  entersDirectory: () => true,
  takesFile: () => true,
  excludes: () => false,
};

/**
 * Paths that are selected under any rules. To reach such a path, a directory that the other rules
 * leave out is entered, but nothing else in it is selected.
 */
export class RequiredPaths {
  readonly #paths: ReadonlySet<string>;
  readonly #directories: ReadonlySet<string>;
  readonly #enteredForRequired = new Set<string>();

  constructor(paths: readonly string[]) {
    this.#paths = new Set(paths);
    this.#directories = new Set(paths.flatMap(directoriesOf));
  }

  /**
   * Whether to enter a directory: if the other rules enter the directory, or if a required path is
   * in it.
   *
   * @param others the answer of the other rules
   */
  entersDirectory(path: string, others: () => boolean): boolean {
    const isOpen = !this.#enteredForRequired.has(directoryOf(path));
    if (isOpen && others()) return true;
    if (!this.#directories.has(path)) return false;
    this.#enteredForRequired.add(path);
    return true;
  }

  /**
   * Whether to select a file: if the file is required, or if the other rules select it.
   *
   * @param others the answer of the other rules
   */
  takesFile(path: string, others: () => boolean): boolean {
    return this.#paths.has(path) || !this.#enteredForRequired.has(directoryOf(path)) && others();
  }
}

/** Rules from ignore files. Readme, licence and required paths are always selected. */
export class IgnoreRules implements SelectionRules {
  readonly #ignored: IgnoreFiles;
  readonly #required: RequiredPaths;

  /** @param required paths that are always selected */
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
