/**
 * The main thread's wiring, as the command line uses it. Importing this loads no torrent engine:
 * that lives in the worker's bundle.
 *
 * @module
 */

export { addArchive, checkArchive } from "./add.ts";
export { connectControl } from "./control_client.ts";
export { type DaemonOptions, runDaemon } from "./daemon.ts";
export { type DoctorOptions, examine } from "./doctor.ts";
export type { Check } from "./doctor_check.ts";
export { askDhtClock, describeClock, usedNames } from "./dht_clock.ts";
export { DaemonError } from "./errors.ts";
export { findItem, type FindOptions, type FoundItem } from "./find_item.ts";
export { type FollowContext, refreshFollow } from "./follows.ts";
export { getArchive, type GetContext, type GetRequest, type Got, outsidePath } from "./get.ts";
export { ensureHome, homePaths } from "./home.ts";
export { isHomeFree } from "./home_lock.ts";
export { ListedPackages } from "./listed.ts";
export { magnetOf, manifestItem, minimalOf } from "./manifest_item.ts";
export { type NodeHandle, openNode, type OpenNodeOptions } from "./node.ts";
export {
  type AnnouncedJson,
  type GetJson,
  itemFromJson,
  itemToJson,
  type Operations,
  type PackageJson,
  type PutJson,
  type RecordJson,
  type StatusJson,
} from "./operations.ts";
export { describeEntry } from "./describe_entry.ts";
export { limitsOf } from "./packages.ts";
export { knownManifest, rememberVerified } from "./verified.ts";
export { updateAnnounceRecord } from "./publisher_records.ts";
export { contentsOf } from "./contents.ts";
export { nothingToPublish, prepare, type Ready } from "./prepare.ts";
export { publish, type PublishContext, type Published } from "./publish.ts";
export { putManifest } from "./put_manifest.ts";
export { Offers } from "./offer.ts";
export {
  plainVersion,
  type Resolved,
  resolvePackage,
  type SkippedVersion,
  type Wanted,
} from "./resolve.ts";
export {
  type NamesContext,
  noPublisherFound,
  type PublisherChoice,
  readIndex,
  rememberPublisher,
  resolveByName,
  type ResolvedByName,
  type WantedByName,
} from "./names.ts";
export { checkPin } from "./trust.ts";
export { type Asked, askedAs } from "./version_marks.ts";
export { describeSkipped, haveHighest } from "./version_choice.ts";
export { settledByName } from "./dependency_graph.ts";
export { install, installLocked, type InstallRequest } from "./install.ts";
export type { FoundPackage, InstallContext, Installed, InstalledPackage } from "./installation.ts";
export { type Linked, linkPackage, type LinkRequest } from "./link.ts";
export { LOCK_FILE_NAME, readLockFile } from "./lock_file.ts";
export { packageRef, parseRequirement, type Requirement } from "./requirement.ts";
export {
  listStored,
  type Pruned,
  pruneStore,
  storedLike,
  uninstall,
  type Uninstalled,
} from "./stored.ts";
