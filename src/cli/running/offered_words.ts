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

/** A package with its publisher as `ed25519:BASE64`. */
interface OfPublisher {
  publisher: string;
  name: string;
  version?: string;
}

/** Maximum number of versions that are offered for a name. */
const MAX_VERSIONS = 1_000;
/** Maximum number of packages and versions that are offered for a key. */
const MAX_OF_KEY = 10_000;
/** Length of a key as text: `ed25519:` and 44 characters of base64. */
const KEY_LENGTH = 52;

/**
 * Lists the words of a kind that begin with `prefix`, sorted. Packages are listed as `NAME`, or as
 * `NAME@VERSION` if the prefix has an `@` behind a name. A prefix that begins with a key, or a part
 * of one, lists them as `KEY/NAME` and `KEY/NAME@VERSION`. A missing home has no words, and is not
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
    : prefix.startsWith("ed25519:")
    ? await ofPublishers(kind, prefix, given)
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

/**
 * Lists packages as `KEY/NAME`, and with their versions if the prefix has an `@` behind a name. The
 * name begins behind the key: base64 has slashes of its own, and a scope has an `@`.
 */
async function ofPublishers(kind: WordKind, prefix: string, given: Given): Promise<string[]> {
  const wantsVersions = prefix.indexOf("@", KEY_LENGTH + 2) !== -1;
  const found = kind === "installed"
    ? await installed(given)
    : await knownOf(kind, prefix.slice(0, KEY_LENGTH), given);
  return found.flatMap(({ publisher, name, version }) => {
    if (!wantsVersions) return [`${publisher}/${name}`];
    return version === undefined ? [] : [`${publisher}/${name}@${version}`];
  });
}

/** Lists the packages of the publishers whose keys begin with a text. */
async function knownOf(kind: WordKind, key: string, given: Given): Promise<OfPublisher[]> {
  const { parsePublicKey } = await import("../../identity/mod.ts");
  const state = await openState(given);
  const keys = new Set((await publishers(given)).filter((one) => one.startsWith(key)));
  return [...keys].flatMap((publisher) =>
    (state?.packagesOf(parsePublicKey(publisher), MAX_OF_KEY) ?? [])
      .filter(({ isSeeded }) => isSeeded || kind !== "seeded")
      .map(({ name, version }) => ({ publisher, name, version }))
  );
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

async function installed({ settings, io }: Given): Promise<Required<OfPublisher>[]> {
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
