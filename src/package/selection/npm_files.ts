/**
 * Selection rules from `files` of `package.json`, interpreted as npm does (after npm-packlist): the
 * patterns, the files that npm always adds, and the files that patterns cannot add. Ignore files
 * apply below the root directory.
 *
 * @module
 */

import { join } from "node:path";
import { Minimatch } from "minimatch";
import { isDescription, LOCK_FILES, OWN_IGNORE_FILE } from "./always.ts";
import { directoryOf, IgnoreFiles } from "./ignore_files.ts";
import { normalPath } from "./lists.ts";
import { RequiredPaths, type SelectionRules } from "./rules.ts";

/**
 * A pattern from `files` of package.json. `takes` is false if the pattern began with an odd number
 * of exclamation marks: matching paths are left out.
 */
interface Rule {
  takes: boolean;
  pattern: Minimatch;
  /** Whether the pattern begins with a slash, so that it matches only from the root directory. */
  isAnchored: boolean;
  /** Whether the pattern ended with a slash, so that it matches only directories. */
  isForDirectories: boolean;
}

/** Selection rules from the list of files, directories and patterns in `files` of package.json. */
export class NpmFiles implements SelectionRules {
  readonly decider = "`files` of package.json";
  readonly mayBeEmpty: boolean;
  readonly #ignored: IgnoreFiles;
  readonly #required: RequiredPaths;
  readonly #rules: Rule[] = [];
  #unusedIgnoreFile: string | undefined;
  readonly #refused = new Set<string>();

  /**
   * @param root real path of the package's directory
   * @param entryPoints paths of files without which the package does not work
   */
  constructor(root: string, files: readonly string[], entryPoints: readonly string[]) {
    this.mayBeEmpty = files.length === 0;
    this.#ignored = new IgnoreFiles(root, { withoutRoot: true });
    const required = ["package.json", ...entryPoints];
    for (const entry of files) {
      const [, marks, text] = /^(!*)(.*)$/s.exec(entry)!;
      const takes = marks!.length % 2 === 0;
      const path = normalPath(text!);
      const kind = path === undefined ? undefined : kindOf(join(root, path));
      if (kind === "file" && !text!.endsWith("/")) {
        // An entry that is a file's exact path overrides every pattern and ignore file.
        if (takes) required.push(path!);
        else this.#refused.add(path!);
      } else if (kind === "directory") {
        // As in npm, `!test` excludes every directory named `test`, at any depth.
        const from = takes || /^\.?\//.test(text!) ? `/${path!}` : path!;
        this.#add(takes, from, `${from}/**`);
      } else this.#add(takes, text!.replace(/^\.?\//, "/").replace(/\/\*$/, "/**"));
    }
    this.#required = new RequiredPaths(required);
  }

  get unusedIgnoreFile(): string | undefined {
    return this.#unusedIgnoreFile;
  }

  enter(directory: string, names: readonly string[]): void {
    // Only `.libreseedignore` is reported as unused: its author expects an effect, whereas the other
    // ignore files are meant for npm and git.
    if (directory === "") this.#unusedIgnoreFile = names.find((name) => name === OWN_IGNORE_FILE);
    this.#ignored.enter(directory, names);
  }

  entersDirectory(path: string): boolean {
    return this.#required.entersDirectory(
      path,
      () => this.#lists(path, true) && !this.#ignored.ignores(path, true),
    );
  }

  takesFile(path: string): boolean {
    if (isDescription(path)) return true;
    return this.#required.takesFile(
      path,
      () =>
        this.#lists(path, false) && !this.#refused.has(path) && !LOCK_FILES.includes(path) &&
        !this.#ignored.ignores(path, false),
    );
  }

  excludes(path: string, isDirectory: boolean): boolean {
    return directoryOf(path) !== "" && this.#ignored.ignores(path, isDirectory);
  }

  #add(takes: boolean, ...texts: string[]): void {
    for (const text of texts) {
      // As in npm, a pattern without a slash matches the last component at any depth.
      const options = { matchBase: true, dot: true, nocase: true, nonegate: true, nocomment: true };
      const pattern = new Minimatch(text.replace(/\/+$/, ""), options);
      const isAnchored = text.startsWith("/");
      this.#rules.push({ takes, pattern, isAnchored, isForDirectories: text.endsWith("/") });
    }
  }

  /**
   * Whether the list includes a path: the last matching pattern decides. A directory also counts as
   * included if a pattern could match a path in it.
   */
  #lists(path: string, isDirectory: boolean): boolean {
    let listed = false;
    for (const { takes, pattern, isAnchored, isForDirectories } of this.#rules) {
      if (takes === listed || isForDirectories && !isDirectory) continue;
      const asked = isAnchored ? `/${path}` : path;
      const matches = pattern.match(asked) || isDirectory && takes && pattern.match(asked, true);
      if (matches) listed = takes;
    }
    return listed;
  }
}

function kindOf(path: string): "file" | "directory" | undefined {
  try {
    const { isFile, isDirectory } = Deno.statSync(path);
    return isFile ? "file" : isDirectory ? "directory" : undefined;
  } catch {
    // No file or directory has this path, so the entry is a pattern.
    return undefined;
  }
}
