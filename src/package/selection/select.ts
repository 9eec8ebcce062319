/**
 * Chooses the files of a directory that go into its package. Nothing is written, and nobody's contents
 * are read; `pack.ts` does that with what was chosen here.
 *
 * @module
 */

import { PackageError, unreadable } from "../errors.ts";
import { type Metadata, readMetadata, validateName, validateVersion } from "../manifest/mod.ts";
import { type ArchiveLimits, defaultArchiveLimits } from "../paths/mod.ts";
import { isAlwaysOut, isFirstVersionControl } from "./always.ts";
import { directoriesOf } from "./ignore_files.ts";
import { readLists } from "./lists.ts";
import { type Outputs, outputTest } from "./outputs.ts";
import { Places } from "./places.ts";
import { everything, IgnoreRules, type SelectionRules } from "./rules.ts";
import { type Scan, scanDirectory } from "./scan.ts";

/**
 * How much of a directory is left out: by the `rules` of the package and those that always hold;
 * `version-control`, as before there were rules; or `nothing`.
 */
export type LeaveOut = "rules" | "version-control" | "nothing";

/** Options of {@linkcode selectDirectory}. */
export interface SelectOptions {
  /** The directory to pack. */
  dir: string;
  /** Instead of the name in `package.json` or `deno.json`. */
  name?: string;
  /** Instead of the version in `package.json` or `deno.json`. */
  version?: string;
  /** `rules` unless given. What {@linkcode SelectOptions.neverPack} names is out in any case. */
  leaveOut?: LeaveOut;
  /** Directories that no package holds: the home and the seed directory in use. */
  neverPack?: readonly string[];
  limits?: ArchiveLimits;
  signal?: AbortSignal;
}

/** The files that go into a package. */
export interface Selection extends Scan {
  /** Real path of the directory. */
  dir: string;
  name: string;
  version: string;
  /** What the directory says of itself. */
  metadata: Metadata;
  /** The file or field whose rules decided; `undefined` if there are none. */
  decider: string | undefined;
  /** An ignore file of ours at the root that does not count, because a list decides. */
  unusedIgnoreFile: string | undefined;
  /** Whether a list says that nothing but what describes the package goes in. */
  mayBeEmpty: boolean;
  /** Whether the rules would take a file of this path, were it there. */
  takes(path: string): boolean;
}

/** A directory that says what package it is. */
export interface NamedDirectory {
  dir: string;
  name: string;
  version: string;
  metadata: Metadata;
}

/**
 * Finds out which package a directory is.
 *
 * @throws {PackageError} `DIRECTORY_NOT_FOUND`, `DIRECTORY_INVALID`, `METADATA_INVALID`,
 * `NAME_MISSING`, `VERSION_MISSING`, `NAME_INVALID`, `VERSION_INVALID`
 */
export async function nameDirectory(options: SelectOptions): Promise<NamedDirectory> {
  const dir = await openDirectory(options.dir);
  const metadata = await readMetadata(dir);
  const name = options.name ?? metadata.name;
  const version = options.version ?? metadata.version;
  if (name === undefined) throw missing("NAME_MISSING", "name", dir);
  if (version === undefined) throw missing("VERSION_MISSING", "version", dir);
  validateName(name);
  validateVersion(version);
  return { dir, name, version, metadata };
}

/**
 * Chooses the files that go into the package of a directory. That there are none is no error here:
 * `refuseUnpackable` makes it one.
 *
 * @param outputs of the packing that is to follow, if they are known
 * @throws {PackageError} what {@linkcode nameDirectory} and `scanDirectory` throw
 */
export async function selectDirectory(
  options: SelectOptions,
  named?: NamedDirectory,
  outputs?: Outputs,
): Promise<Selection> {
  const { dir, name, version, metadata } = named ?? await nameDirectory(options);
  const leaveOut = options.leaveOut ?? "rules";
  const rules = leaveOut === "rules" ? await rulesOf(dir) : everything;
  const isOut = {
    rules: isAlwaysOut,
    "version-control": isFirstVersionControl,
    nothing: () => false,
  }[leaveOut];
  const scan = await scanDirectory(dir, {
    limits: options.limits ?? defaultArchiveLimits,
    rules,
    isAlwaysOut: isOut,
    isOutput: outputTest(dir, name, outputs),
    places: await Places.find(options.neverPack ?? [], dir),
    signal: options.signal,
  });
  const takes = (path: string) =>
    !path.split("/").some(isOut) && directoriesOf(path).every((one) =>
      rules.entersDirectory(one)
    ) &&
    rules.takesFile(path);
  return {
    dir,
    name,
    version,
    metadata,
    decider: rules.decider,
    unusedIgnoreFile: rules.unusedIgnoreFile,
    mayBeEmpty: rules.mayBeEmpty ?? false,
    takes,
    files: scan.files,
    skipped: scan.skipped,
    ruledOut: scan.ruledOut,
    totalBytes: scan.totalBytes,
  };
}

/** The rules of a directory: the first of its lists, else its ignore files. */
async function rulesOf(dir: string): Promise<SelectionRules> {
  const lists = await readLists(dir);
  if (lists.files !== undefined) {
    const { NpmFiles } = await import("./npm_files.ts");
    return new NpmFiles(dir, lists.files, lists.entryPoints);
  }
  if (lists.publish !== undefined) {
    const { DenoPublish } = await import("./deno_publish.ts");
    return new DenoPublish(dir, { ...lists, publish: lists.publish });
  }
  return new IgnoreRules(dir, [...lists.describedBy, ...lists.entryPoints]);
}

async function openDirectory(dir: string): Promise<string> {
  try {
    const path = await Deno.realPath(dir);
    if ((await Deno.stat(path)).isDirectory) return path;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      const message = `There is no directory ${dir}.`;
      throw new PackageError("not-found", "DIRECTORY_NOT_FOUND", message, {
        cause,
        detail: { path: dir },
      });
    }
    throw unreadable(dir, cause);
  }
  const message = `${dir} is not a directory.`;
  throw new PackageError("usage", "DIRECTORY_INVALID", message, { detail: { path: dir } });
}

function missing(code: string, what: string, dir: string): PackageError {
  const message = `The package has no ${what}. Give one, or write it in ${dir}/package.json.`;
  return new PackageError("usage", code, message);
}
