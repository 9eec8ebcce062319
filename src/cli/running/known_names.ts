/**
 * Suggests a known package name that is similar to a name that was not found. Known names come from
 * the store, the project's lock file, pins, and the catalogs of followed publishers.
 *
 * @module
 */

import { homePaths, LibreseedError } from "../../base/mod.ts";
import { type LoadedSettings, nearest } from "../../config/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";
import type { Io } from "../process/context.ts";
import { CliError } from "../process/errors.ts";

/**
 * Functions that load the settings and the state of the home. The known names are read from both.
 */
interface Known {
  settings: () => Promise<LoadedSettings>;
  state: () => Promise<() => StateDatabase>;
  io: Io;
}

/**
 * Maximum number of known names read from the state; followed publishers may offer 100,000
 * packages.
 */
const MAX_NAMES = 20_000;
/** Minimum length of a name to get a suggestion. Any two shorter names would count as similar. */
const MIN_LETTERS = 3;

/**
 * Adds a suggestion ("Did you mean …?") to an error about an unknown package name (`unknownName` in
 * the error's detail). Returns the error unchanged if it is about something else or no known name
 * is similar. Never creates a home, and never throws.
 */
export async function withNearestName(
  error: unknown,
  given: Known,
): Promise<unknown> {
  if (!(error instanceof LibreseedError) || error.kind !== "not-found") return error;
  const { kind, code, message, detail } = error;
  const { unknownName: name, didYouMean } = detail ?? {};
  if (typeof name !== "string") return error;
  const near = typeof didYouMean === "string" ? didYouMean : await nearestKnown(name, given);
  if (near === undefined) return error;
  const sentence = /[.?!]$/.test(message) ? message : `${message}.`;
  return new CliError(kind, code, `${sentence} Did you mean ${near}?`, {
    cause: error,
    detail: { ...detail, didYouMean: near },
  });
}

async function nearestKnown(
  name: string,
  given: Known,
): Promise<string | undefined> {
  if (name.length < MIN_LETTERS) return undefined;
  try {
    const names = await knownNames(given);
    // A name that this home knows was not mistyped. The error has another reason, so there is no
    // suggestion.
    return names.has(name) ? undefined : nearest(name, names);
  } catch {
    // An error in the search for a suggestion must not replace the original error.
    return undefined;
  }
}

/**
 * Collects the package names that this home knows, as candidates for a suggestion.
 *
 * @param prefix limits the names from the state to those that begin with this text
 */
export async function knownNames(
  { settings, state, io }: Known,
  prefix = "",
): Promise<Set<string>> {
  const { values } = await settings();
  const { LOCK_FILE_NAME, readLockFile } = await import("../../install/mod.ts");
  const { PackageStore } = await import("../../store/mod.ts");
  const { join } = await import("node:path");
  const paths = homePaths(values.home);
  const names = new Set<string>();
  const hasState = await Deno.stat(paths.state).then(({ isFile }) => isFile, () => false);
  if (hasState) {
    for (const name of (await state())().knownNames(MAX_NAMES, prefix)) names.add(name);
  }
  const stored = await new PackageStore(paths.packages, io.launcher.makeLink, io.clock).list()
    .catch(() => []);
  for (const entry of stored) if (entry.problem === undefined) names.add(entry.name);
  const lock = await readLockFile(join(io.cwd, LOCK_FILE_NAME)).catch(() => undefined);
  for (const { minimal } of lock?.packages.values() ?? []) names.add(minimal.name);
  return names;
}
