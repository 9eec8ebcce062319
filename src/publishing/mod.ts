/**
 * Packing, signing, putting: what `publish`, `add`, `remove` do. Runs in the command's process, where the
 * key is.
 *
 * @module
 */

export { addArchive, checkArchive } from "./add.ts";
export { contentsOf } from "./contents.ts";
export { ListedPackages } from "./listed.ts";
export { nothingToPublish, prepare, type Ready } from "./prepare.ts";
export { publish, type PublishContext, type Published } from "./publish.ts";
export { updateAnnounceRecord } from "./publisher_records.ts";
export { putManifest } from "./put_manifest.ts";
