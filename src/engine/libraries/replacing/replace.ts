/**
 * The one way to replace a member of a package. {@linkcode replace} describes a replacement and changes
 * nothing; {@linkcode applyAll} checks all of a list and then puts them in place. The list itself is in
 * `engine/libraries/list.ts`.
 *
 * @module
 */

import { createHash } from "node:crypto";

// deno-lint-ignore no-explicit-any
type AnyFunction = (...values: any[]) => unknown;

/** An object of a package that has members, as a rule the prototype of a class. */
export interface Place<T extends object> {
  /** Name of the package. */
  library: string;
  /** Name of the object in the package's source, such as `Torrent.prototype`. */
  name: string;
  /** Returns the object. */
  object: () => T;
}

/** The reasons for a replacement, as `docs/libraries.md` tells them. */
export interface Reasons {
  /** The fault of the package's own member: half a sentence, in Markdown. */
  because: string;
  /** Path of our report in `docs/upstream/`, or address of the upstream issue. */
  report: string;
  /** The change of the package that would let the replacement go: half a sentence, in Markdown. */
  until: string;
}

/** Options of {@linkcode replace}. */
export interface ReplaceOptions<F> extends Reasons {
  /** SHA-256, in hexadecimal, of the source text of the function that is replaced. */
  pinned: string;
  /** Number of parameters of that function; bundled code has no source text to compare. */
  parameters: number;
  /** Makes the new function. It may call the package's own. */
  by: (original: F) => F;
}

/** A replacement that was described. */
export interface Replacement extends Reasons {
  library: string;
  /** Object and member, such as `Torrent.prototype._drain`. */
  member: string;
  pinned: string;
  /** Returns what speaks against the replacement, if anything does. */
  problem(comparesPin: boolean): string | undefined;
  /** Puts the new function in place. */
  apply(): void;
}

/** Members of a package that are called or read, and not replaced. */
export interface Use {
  library: string;
  /** Name of the object that has them. */
  place: string;
  members: readonly string[];
  problem(): string | undefined;
}

/** Describes the replacement of a function. */
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

/** Describes functions that are called, so that {@linkcode applyAll} sees whether one is missing. */
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
 * Checks all replacements and uses of a list, then applies the replacements.
 *
 * @param options `comparesPins`: compare source texts, which a bundler prints anew
 * @throws {Error} if a member is missing, has changed or is named twice; nothing is replaced then
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

/** The sentences that tell what is wrong with a list that was not applied yet. */
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
