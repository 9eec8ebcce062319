/**
 * Chooses the files of a directory that go into its package. `../packing` reads and packs them.
 *
 * @module
 */

import { describePath } from "../../base/mod.ts";
import { PackageError, unreadable } from "../errors.ts";
import {
  type Metadata,
  readMetadata,
  unreadDependencies,
  validateName,
  validateVersion,
} from "../manifest/mod.ts";
import { type ArchiveLimits, defaultArchiveLimits } from "../paths/mod.ts";
import { isAlwaysOut, isFirstVersionControl } from "./always.ts";
import { directoriesOf } from "./ignore_files.ts";
import { readLists } from "./lists.ts";
import { type Outputs, outputTest } from "./outputs.ts";
import { Places } from "./places.ts";
import { everything, IgnoreRules, type SelectionRules } from "./rules.ts";
import { type Scan, scanDirectory } from "./scan.ts";

/**
 * The rules for leaving out files: `rules` (the package's own rules and the fixed rules),
 * `version-control` (only version control directories), or `nothing`.
 */
export type LeaveOut = "rules" | "version-control" | "nothing";

/** Options of {@linkcode selectDirectory}, which chooses the files of a package. */
export interface SelectOptions {
  /** The directory to pack. */
  dir: string;
  /** Overrides the name in `package.json` or `deno.json`. */
  name?: string;
  /** Overrides the version in `package.json` or `deno.json`. */
  version?: string;
  /**
   * The rules for leaving out files. Default: `rules`. {@linkcode SelectOptions.neverPack} is left
   * out in any case.
   */
  leaveOut?: LeaveOut;
  /** Directories that never go into a package: the home and the seed directory in use. */
  neverPack?: readonly string[];
  /**
   * Describes a directory of {@linkcode SelectOptions.neverPack}, which the calling thread may not
   * open. Default: {@linkcode describePath}.
   */
  describe?: typeof describePath;
  limits?: ArchiveLimits;
  signal?: AbortSignal;
}

/** The files that go into a package, and the rules that selected them. */
export interface Selection extends Scan {
  /** Real path of the package's directory. */
  dir: string;
  name: string;
  version: string;
  /** Metadata from `package.json` and `deno.json`. */
  metadata: Metadata;
  /** The file or field that provided the rules, for people; `undefined` if there are no rules. */
  decider: string | undefined;
  /**
   * A `.libreseedignore` in the root directory that has no effect, because `package.json` or
   * `deno.json` lists the package's files.
   */
  unusedIgnoreFile: string | undefined;
  /** Names of the dependencies of npm in `package.json`, which are not read. */
  unreadDependencies: string[];
  /**
   * Whether the package lists its files and may thus consist of only `package.json`, readme and
   * licence.
   */
  mayBeEmpty: boolean;
  /** Whether the rules would select a file with this path. The file need not exist. */
  takes(path: string): boolean;
}

/** A directory with the name and version of its package. */
export interface NamedDirectory {
  dir: string;
  name: string;
  version: string;
  metadata: Metadata;
}

/**
 * Determines name and version of a directory's package.
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
 * Selects the files of a directory that go into its package. An empty selection is not an error
 * here: `refuseUnpackable` refuses empty selections.
 *
 * @param outputs output files of the packing that uses the selection, if known
 * @throws {PackageError} the errors of {@linkcode nameDirectory} and `scanDirectory`
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
    places: await Places.find(options.neverPack ?? [], dir, options.describe ?? describePath),
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
    unreadDependencies: await unreadDependencies(dir),
    mayBeEmpty: rules.mayBeEmpty ?? false,
    takes,
    files: scan.files,
    skipped: scan.skipped,
    ruledOut: scan.ruledOut,
    totalBytes: scan.totalBytes,
  };
}

/** Returns the rules of a directory: the first list of files found, or its ignore files. */
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
      const message = `There is no directory ${dir}. Check the path.`;
      throw new PackageError("not-found", "DIRECTORY_NOT_FOUND", message, {
        cause,
        detail: { path: dir },
      });
    }
    throw unreadable(dir, cause);
  }
  const message = `${dir} is not a directory. Name the directory to pack.`;
  throw new PackageError("usage", "DIRECTORY_INVALID", message, { detail: { path: dir } });
}

function missing(code: string, what: string, dir: string): PackageError {
  const message =
    `The package has no ${what}. Give one with --${what}, or write it in ${dir}/package.json.`;
  return new PackageError("usage", code, message);
}
