/**
 * The one way to replace a member of an npm package. {@linkcode replace} describes a replacement
 * and changes nothing. {@linkcode applyAll} checks all replacements of a list, then puts them in
 * place. `engine/libraries/list.ts` has the list.
 *
 * @module
 */

import { createHash } from "node:crypto";

// deno-lint-ignore no-explicit-any
type AnyFunction = (...values: any[]) => unknown;

/** An object of an npm package whose members are replaced or called, usually the prototype of a class. */
export interface Place<T extends object> {
  /** Name of the npm package that defines the object. */
  library: string;
  /** Name of the object in the package's source text, such as `Torrent.prototype`. */
  name: string;
  /** Returns the object whose members are replaced or called. */
  object: () => T;
}

/** The reasons for a replacement, from which `docs/libraries.md` is generated. */
export interface Reasons {
  /** The fault of the package's original member: half a sentence, in Markdown. */
  because: string;
  /** Path of libreseed's report in `docs/upstream/`, or URL of the upstream issue. */
  report: string;
  /**
   * The change of the package that would make the replacement unnecessary: half a sentence, in
   * Markdown.
   */
  until: string;
}

/** Options of {@linkcode replace}. */
export interface ReplaceOptions<F> extends Reasons {
  /** SHA-256 of the original function's source text, in hexadecimal. */
  pinned: string;
  /**
   * Number of parameters of the original function. In bundled code it is compared instead of the
   * source text, which the bundler has reformatted.
   */
  parameters: number;
  /** Returns the new function, which may call the original one. */
  by: (original: F) => F;
}

/** The description of one replacement. */
export interface Replacement extends Reasons {
  library: string;
  /** Name of the object and the member, such as `Torrent.prototype._drain`. */
  member: string;
  pinned: string;
  /**
   * Returns the difference between the installed member and the known one, as a sentence;
   * `undefined` if there is none.
   */
  problem(comparesPin: boolean): string | undefined;
  /** Puts the new function in place of the original one. */
  apply(): void;
}

/** Members of an npm package that are called but not replaced. */
export interface Use {
  library: string;
  /** Name of the object that has the called members, such as `Torrent.prototype`. */
  place: string;
  members: readonly string[];
  problem(): string | undefined;
}

/** Describes the replacement of a function. Nothing is changed until {@linkcode applyAll}. */
export function replace<T extends object, K extends keyof T & string>(
  place: Place<T>,
  member: K,
  options: ReplaceOptions<T[K]>,
): Replacement {
  const { because, report, until, pinned, parameters, by } = options;
  const name = `${place.name}.${member}`;
  const found = () => (place.object() as Record<string, unknown>)[member];
  return {
    library: place.library,
    member: name,
    pinned,
    because,
    report,
    until,
    problem(comparesPin) {
      const original = found();
      if (typeof original !== "function") return `${name} is no function any more`;
      if (original.length !== parameters) {
        return `${name} has ${original.length} parameters instead of ${parameters}`;
      }
      const hash = comparesPin ? sourceHash(original as AnyFunction) : pinned;
      return hash === pinned ? undefined : `${name} has changed: its source has SHA-256 ${hash}`;
    },
    apply() {
      const object = place.object();
      object[member] = by(found() as T[K]);
    },
  };
}

/**
 * Describes functions that are called but not replaced, so that {@linkcode applyAll} can detect a
 * missing one.
 */
export function uses<T extends object>(
  place: Place<T>,
  members: readonly (keyof T & string)[],
): Use {
  return {
    library: place.library,
    place: place.name,
    members,
    problem() {
      const object = place.object() as Record<string, unknown>;
      const missing = members.find((member) => typeof object[member] !== "function");
      return missing && `${place.name}.${missing} is no function any more`;
    },
  };
}

/**
 * Checks all replacements and uses, then puts the replacements in place.
 *
 * @param options `comparesPins`: whether to compare the source texts, which is possible only in
 * unbundled code
 * @throws {Error} if a member is missing, has changed or is replaced twice; in these cases nothing
 * is replaced
 */
export function applyAll(
  replacements: readonly Replacement[],
  used: readonly Use[],
  options: { comparesPins: boolean },
): void {
  const problems = problemsOf(replacements, used, options);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  for (const replacement of replacements) replacement.apply();
}

/**
 * Checks all replacements and uses, before any is applied. Returns one sentence for each problem.
 */
export function problemsOf(
  replacements: readonly Replacement[],
  used: readonly Use[],
  { comparesPins }: { comparesPins: boolean },
): string[] {
  const advice = "see src/engine/libraries, and docs/libraries.md for why it is replaced or called";
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const replacement of replacements) {
    const { library, member } = replacement;
    const problem = seen.has(member) ? `${member} is replaced twice` : undefined;
    seen.add(member);
    const found = problem ?? replacement.problem(comparesPins);
    if (found) problems.push(`npm:${library}: ${found}: ${advice}`);
  }
  for (const use of used) {
    const found = use.problem();
    if (found) problems.push(`npm:${use.library}: ${found}: ${advice}`);
  }
  return problems;
}

/** SHA-256 of a function's source text, in hexadecimal. */
export function sourceHash(original: AnyFunction): string {
  return createHash("sha256").update(Function.prototype.toString.call(original)).digest("hex");
}
