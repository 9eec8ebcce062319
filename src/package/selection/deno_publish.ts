/**
 * Selection rules from `publish.include` and `publish.exclude` of `deno.json`, interpreted as `deno
 * publish` does. Ignore files apply too, except to a path that `include` names or that an entry
 * with `!` includes again.
 *
 * @module
 */

import { Minimatch } from "minimatch";
import { IgnoreFiles, isWithin } from "./ignore_files.ts";
import { type Lists, normalPath } from "./lists.ts";
import { isDescription } from "./always.ts";
import type { SelectionRules } from "./rules.ts";

/**
 * An entry of `include` or `exclude`: a path, which covers everything below it, or a glob pattern.
 */
interface Entry {
  /** Whether the entry began with an exclamation mark, which reverses the effect of the entry. */
  negated: boolean;
  path?: string;
  pattern?: Minimatch;
}

/** Selection rules from `publish.include` and `publish.exclude` of `deno.json`. */
export class DenoPublish implements SelectionRules {
  readonly decider: string;
  readonly #fileName: string;
  readonly #namesLicense: boolean;
  readonly #ignored: IgnoreFiles;
  readonly #include: Entry[] | undefined;
  readonly #exclude: Entry[];
  /**
   * For each path that `include` names: the ignore files, without the rules that would leave out
   * the path.
   */
  readonly #named = new Map<string, IgnoreFiles>();

  /** @param root real path of the package's directory */
  constructor(root: string, lists: Lists & { publish: NonNullable<Lists["publish"]> }) {
    const { fileName, include, exclude } = lists.publish;
    this.decider = `\`publish\` of ${fileName}`;
    this.#fileName = fileName;
    this.#namesLicense = lists.namesLicense;
    this.#ignored = new IgnoreFiles(root);
    const included = include?.map(parse);
    this.#include = included?.filter(({ negated }) => !negated);
    const notIncluded = included?.filter(({ negated }) => negated) ?? [];
    this.#exclude = [
      ...notIncluded.map((entry) => ({ ...entry, negated: false })),
      ...exclude.map(parse),
    ];
    for (const { path } of this.#include ?? []) {
      if (path) this.#named.set(path, new IgnoreFiles(root, { except: path }));
    }
  }

  enter(directory: string, names: readonly string[]): void {
    this.#ignored.enter(directory, names);
  }

  entersDirectory(path: string): boolean {
    const leads = (entry: Entry) =>
      entry.path === undefined
        ? entry.pattern!.match(path, true)
        : isWithin(path, entry.path) || isWithin(entry.path, path);
    if (this.#include && !this.#include.some(leads)) return false;
    if (this.#exclude.some((entry) => entry.negated && leads(entry))) return true;
    if (this.#verdict(path) === "out") return false;
    return !this.#isIgnored(path, true) ||
      (this.#include ?? []).some((entry) => entry.path !== undefined && leads(entry));
  }

  takesFile(path: string): boolean {
    if (path === this.#fileName) return true;
    const verdict = this.#verdict(path);
    if (verdict === "out") return false;
    // Deno includes the licence file if `deno.json` has no field `license`.
    if (!this.#namesLicense && /^licen[cs]e/i.test(path) && isDescription(path)) return true;
    const isIncluded = !this.#include ||
      this.#include.some((entry) =>
        entry.path === undefined ? entry.pattern!.match(path) : isWithin(path, entry.path)
      );
    return isIncluded && (verdict === "back" || !this.#isIgnored(path, false));
  }

  excludes(path: string, isDirectory: boolean): boolean {
    const verdict = this.#verdict(path);
    return verdict === "out" || verdict === undefined && this.#isIgnored(path, isDirectory);
  }

  /**
   * Returns the verdict of the last entry of `exclude` that matches a path or one of its parent
   * directories.
   */
  #verdict(path: string): "out" | "back" | undefined {
    const entry = this.#exclude.findLast((entry) => {
      if (entry.path !== undefined) return isWithin(path, entry.path);
      for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
        if (entry.pattern!.match(path.slice(0, end))) return true;
      }
      return false;
    });
    return entry && (entry.negated ? "back" : "out");
  }

  #isIgnored(path: string, isDirectory: boolean): boolean {
    const named = [...this.#named].findLast(([name]) => isWithin(path, name));
    if (named?.[0] === path) return false;
    return (named?.[1] ?? this.#ignored).ignores(path, isDirectory);
  }
}

function parse(text: string): Entry {
  const [, mark, rest] = /^(!?)(.*)$/s.exec(text)!;
  const negated = mark === "!";
  const path = normalPath(rest!) ?? (/^(?:\.?\/)*\.?$/.test(rest!) ? "" : undefined);
  // An entry that points outside the package's directory matches nothing.
  if (path === undefined) return { negated, path: ".." };
  if (!/[*?[]/.test(path)) return { negated, path };
  const options = { nobrace: true, noext: true, nonegate: true, nocomment: true };
  return { negated, pattern: new Minimatch(path, options) };
}
