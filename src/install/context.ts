/**
 * The context and the outcome of an installation. `installation.ts` has the steps between them.
 *
 * @module
 */

import type { PackageFlags } from "../base/mod.ts";
import type { RangeKind, Requirement, SkippedVersion, VersionFlags } from "../fetching/mod.ts";
import type { PublisherChoice, ResolvedByName } from "../names/mod.ts";
import type { ArchiveLimits, MinimalManifest, StartThread } from "../package/mod.ts";
import type { PackageName, PackageStore } from "../store/mod.ts";
import type { Graph } from "./dependency_graph.ts";

/** The store, limits and functions that an installation works with, passed in by the caller. */
export interface InstallContext {
  store: PackageStore;
  limits: ArchiveLimits;
  /** Starts a thread that writes files. Default: the calling thread writes them. */
  startThread?: StartThread;
  signal?: AbortSignal;
  /**
   * Finds a package in the DHT. If `wanted` names no publisher, the trust policy chooses one.
   *
   * @param without versions known to be unavailable, which are skipped
   */
  resolve: (
    wanted: Requirement,
    signal: AbortSignal,
    without: ReadonlySet<string>,
  ) => Promise<FoundPackage>;
  /** Returns a package's archive. Fetches the archive unless this home has it. */
  fetch: (minimal: MinimalManifest, signal: AbortSignal) => Promise<Fetched>;
  /**
   * Throws if a package is not to be accepted, because its key is revoked. Called with each package before
   * it is loaded, also with those of a lock file and of the store.
   */
  accept?: (minimal: MinimalManifest, signal: AbortSignal) => Promise<void>;
  /** The signed manifest of a package; `undefined` if the seed directory lacks its archive. */
  held?: (name: PackageName) => Promise<MinimalManifest | undefined>;
  /** The publisher (`ed25519:BASE64`) of a bare name, if the user's pins alone determine it. */
  pinned?: (name: string) => string | undefined;
  /** Throws the error of `checkPin` if the user pinned the bare name to another publisher. */
  checkPublisher?: (name: string, publisher: string) => void;
  /** Returns the flags of a package that was not looked up by its name, as far as they are known. */
  flagsOf?: (minimal: MinimalManifest, signal?: AbortSignal) => Promise<PackageFlags>;
  /** Called for each package that is yanked or deprecated, with a message for the user. */
  onFlagged?: (message: string) => void;
  /** Called for each step of the installation, with a message for the user. */
  onStep?: (message: string) => void;
  /** Called for each unavailable version that was skipped, with a message for the user. */
  onSkipped?: (message: string) => void;
}

/** An archive that is on the disk. */
export interface Fetched {
  archivePath: string;
  /** Numbers of bytes that were copied from other archives, and fetched. Default: none. */
  counts?: Pick<InstalledPackage, "reusedBytes" | "fetchedBytes">;
}

/** A package found in the DHT. `skipped` lists higher versions that were unavailable. */
export type FoundPackage = Pick<ResolvedByName, "minimal" | "skipped" | "chosen" | "flags">;

/** A package in the store, after the installation. */
export interface InstalledPackage {
  minimal: MinimalManifest;
  /** Absolute path of the unpacked package. */
  path: string;
  /** Whether the package was in the store before the installation. */
  present: boolean;
  /** Number of bytes of its archive that were copied from other archives, and not fetched. */
  reusedBytes: number;
  /** Number of bytes of its archive that were fetched from peers and web seeds. */
  fetchedBytes: number;
  /** Number of direct dependencies of the package. */
  dependencies: number;
  /** Kind of the requested version range; `exact` also for a package found without the DHT. */
  asked: RangeKind;
  /** Higher versions that satisfy the range but were unavailable. */
  skipped: SkippedVersion[];
  /** How the publisher was chosen; present only if several publishers use the name. */
  chosen?: PublisherChoice;
  /** Flags of the installed version, as far as they are known. */
  flags: VersionFlags;
}

/** The outcome of an installation: installed packages and their dependency graph. */
export interface Installed {
  /** The requested packages, in the order of the request. */
  direct: InstalledPackage[];
  /** All installed packages: the requested packages and their dependencies. */
  packages: InstalledPackage[];
  graph: Graph;
}
