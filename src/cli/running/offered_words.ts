/**
 * Words that a shell's completion offers for the argument of a command: names of packages, and keys
 * of publishers, as this home knows them.
 *
 * @module
 */

import type { LoadedSettings } from "../../config/mod.ts";
import type { StateDatabase } from "../../store/mod.ts";
import type { WordKind } from "../flags/completed_command.ts";
import type { Io } from "../process/context.ts";
import { knownNames } from "./known_names.ts";

/** Functions that load the settings and the state of the home. */
interface Given {
  settings: () => Promise<LoadedSettings>;
  state: () => Promise<() => StateDatabase>;
  io: Io;
}

/** Maximum number of versions that are offered for a name. */
const MAX_VERSIONS = 1_000;

/**
 * Lists the words of a kind that begin with `prefix`, sorted. Packages are listed as `NAME`, or as
 * `NAME@VERSION` if the prefix has an `@` behind a name. A missing home has no words, and is not
 * created.
 */
export async function offeredWords(
  kind: WordKind,
  prefix: string,
  given: Given,
): Promise<string[]> {
  const at = prefix.indexOf("@", 1);
  const words = kind === "publishers"
    ? await publishers(given)
    : at === -1
    ? await names(kind, prefix, given)
    : (await versions(kind, prefix.slice(0, at), given)).map((version) =>
      `${prefix.slice(0, at)}@${version}`
    );
  return [...new Set(words)].filter((word) => word.startsWith(prefix)).sort();
}

async function publishers(given: Given): Promise<string[]> {
  const { formatPublicKey } = await import("../../identity/mod.ts");
  const state = await openState(given);
  const keys = [...state?.follows.list() ?? [], ...state?.pins.list() ?? []];
  return keys.map(({ publicKey }) => formatPublicKey(publicKey));
}

async function names(kind: WordKind, prefix: string, given: Given): Promise<Iterable<string>> {
  if (kind === "seeded") return (await seeded(given)).map(({ name }) => name);
  if (kind === "installed") return (await installed(given)).map(({ name }) => name);
  return await knownNames(given, prefix);
}

async function versions(kind: WordKind, name: string, given: Given): Promise<string[]> {
  const found = [
    ...kind === "installed" ? [] : await seeded(given),
    ...kind === "seeded" ? [] : await installed(given),
    ...kind === "packages"
      ? (await openState(given))?.follows.search(name, MAX_VERSIONS) ?? []
      : [],
  ];
  return found.filter((one) => one.name === name).map(({ version }) => version);
}

/** Opens the state database; `undefined` if there is none, because opening would create it. */
async function openState({ settings, state }: Given): Promise<StateDatabase | undefined> {
  const { homePaths } = await import("../../base/mod.ts");
  const path = homePaths((await settings()).values.home).state;
  const isThere = await Deno.stat(path).then(({ isFile }) => isFile, () => false);
  return isThere ? (await state())() : undefined;
}

async function installed({ settings, io }: Given): Promise<{ name: string; version: string }[]> {
  const { homePaths } = await import("../../base/mod.ts");
  const { PackageStore } = await import("../../store/mod.ts");
  const path = homePaths((await settings()).values.home).packages;
  const entries = await new PackageStore(path, io.launcher.makeLink, io.clock).list();
  return entries.flatMap((one) => one.problem === undefined ? [one] : []);
}

/**
 * Reads names and versions from the file names of the seed directory alone: to read and verify
 * thousands of manifests would take longer than a user waits for a completion.
 */
async function seeded({ settings }: Given): Promise<{ name: string; version: string }[]> {
  const { SeedDirectory } = await import("../../store/mod.ts");
  return new SeedDirectory((await settings()).values.dir).fileNames().flatMap((fileName) => {
    const match = /^(.+)-(\d+\.\d+\.\d+[^~]*)(?:~.*)?\.tgz$/.exec(fileName);
    // The slash of a scope is a plus sign in the file name.
    return match ? [{ name: match[1]!.replace("+", "/"), version: match[2]! }] : [];
  });
}
