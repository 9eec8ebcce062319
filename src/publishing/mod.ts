/**
 * Publishing a package, and adding another publisher's archive. Runs in the command's process, which has
 * the private key; the owner of the engine gets signed bytes only.
 *
 * `publish` (`publish.ts`) is the place to start reading. Its steps:
 *
 * 1. `prepare` (`prepare.ts`): pack a directory, or verify and copy a ready archive. Needs no network, so
 *    a command starts it while the engine starts. The result is `Ready`.
 * 2. `itemToPut` (`put_manifest.ts`): look the manifest record up, and refuse a version that is published
 *    with other bytes.
 * 3. The archive enters the seed directory, and `storeManifest` puts its record.
 * 4. `updateAnnounceRecord` adds the package to the publisher's list, which resolves ranges: the announce
 *    record itself, or a catalog that it names. `ListedPackages` (`listed_packages.ts`) knows the listed packages,
 *    so that adding one does not read all others.
 * 5. `updateNameIndex` adds the publisher to the index of the name.
 * 6. `readBack` (`read_back.ts`) looks the package up as a reader would, and warns of what is missing.
 *
 * Without the DHT every record is signed and kept, and `libreseed announce` puts it later.
 *
 * `addArchive` (`add.ts`) seeds an archive of another publisher. `contentsOf` (`contents.ts`) lists the
 * files that `publish --dry-run` shows.
 *
 * Left to others: the archive (`src/package`), keeping and renewing records (`src/host`).
 *
 * @module
 */

export { addArchive, checkArchive } from "./add.ts";
export { contentsOf } from "./contents.ts";
export { ListedPackages } from "./listed_packages.ts";
export { nothingToPublish, prepare, type Ready } from "./prepare.ts";
export { publish, type PublishContext, type Published } from "./publish.ts";
export { updateAnnounceRecord } from "./announce_record.ts";
export { putManifest } from "./put_manifest.ts";
