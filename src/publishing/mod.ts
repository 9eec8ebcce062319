/**
 * Publishes packages, and adds archives of other publishers. This code runs in the command's thread. The
 * launcher, which alone opens the private key, signs for it, and the host gets signed records only.
 *
 * Start reading at `publish` (`publish.ts`). It has six steps:
 *
 * 1. `prepare` (`prepare.ts`) packs a directory, or verifies and copies a ready archive. The result is
 *    `Ready`. This step needs no network, so it runs in parallel with the start of the engine.
 * 2. `putPublisherRecord` (`publisher_record.ts`) puts the record with the keys of this home's identity.
 *    `itemToPut` (`put_manifest.ts`) looks up the manifest record of the version. If the version is already
 *    published with other contents, publishing fails.
 * 3. The archive is moved into the seed directory, and `storeManifest` puts its manifest record into the
 *    DHT.
 * 4. `updateAnnounceRecord` (`announce_record.ts`) adds the package to the publisher's list, from which
 *    readers resolve version ranges. The list is in the announce record, or in a catalog that the record
 *    names. `ListedPackages` (`listed_packages.ts`) stores which packages are listed.
 * 5. `updateNameIndex` (`name_index_entry.ts`) adds the publisher to the index of the package's name.
 * 6. `readBack` (`read_back.ts`) looks the package up like a reader, and warns of missing records.
 *
 * Without the DHT, records are signed and kept. `libreseed announce` puts them into the DHT later.
 *
 * `signAgain` (`sign_again.ts`) signs the packages of this home again after its key was replaced.
 * `changeFlags` (`flags.ts`) yanks, deprecates and tags versions that were published before.
 *
 * `addArchive` (`add.ts`) seeds an archive of another publisher. `contentsOf` (`contents.ts`) lists the
 * files that `publish --dry-run` shows.
 *
 * Other folders pack and verify archives (`src/package`), and keep and renew records (`src/host`).
 *
 * @module
 */

export { addArchive, checkArchive } from "./add.ts";
export { contentsOf } from "./contents.ts";
export { ListedPackages } from "./listed_packages.ts";
export { nothingToPublish, prepare, type Ready } from "./prepare.ts";
export {
  type ChangedFlags,
  changeFlags,
  checkTag,
  deprecating,
  type FlagChange,
  type OtherKeys,
  removingTag,
  settingTag,
  unyanking,
  yanking,
} from "./flags.ts";
export { changeOf, publish, type PublishContext, type Published } from "./publish.ts";
export { signAgain, type SignedAgain } from "./sign_again.ts";
export { updateAnnounceRecord } from "./announce_record.ts";
export { putPublisherRecord } from "./publisher_record.ts";
export { putManifest } from "./put_manifest.ts";
export { unfinished } from "./unfinished.ts";
