/**
 * The bytes of an archive: a tar in canonical form (docs/protocol.md section 4), compressed as a
 * sequence of gzip members. Writes, reads and hashes archives, and writes files to the disk.
 *
 * - Writing: `tarOf` (`tar_writer.ts`) makes the tar, {@linkcode MemberWriter} splits it into gzip
 *   members, {@linkcode Compressor} compresses several members at a time in threads (`threads.ts`).
 * - Members: `member_list.ts` writes and reads the list of the gzip members, by which a reader finds
 *   members in archives that it has.
 * - Reading: `readTar` (`tar_reader.ts`) yields the entries of untrusted bytes. `inflated.ts`
 *   inflates them within the limits, `tar_header.ts` refuses any header that libreseed does not
 *   write.
 * - Hashing: {@linkcode ArchivePass} reads an archive once for SHA-256, SHA-1 of the pieces and a
 *   copy, in two threads if the archive is long and the caller hands in how to start them.
 * - Files: `openArchive`, {@linkcode FileWriter} and {@linkcode Staging} read and write files.
 *   A change during a read is detected, and a new file appears complete or not at all.
 *   {@linkcode SmallFiles} writes many small files, in threads.
 *
 * `../selection` chooses the files of an archive. `../verifying` checks an archive against its
 * publisher's signature. To start, read `tar_header.ts` and `tar_reader.ts`.
 *
 * @module
 */

export { chunksOfArchive, type OpenArchive, openArchive, pieceBytesOf } from "./archive_file.ts";
export { Compressor } from "./compressor.ts";
export { type DiskNeed, namingFullDisk } from "./disk_full.ts";
export { writeSmallFile } from "./file_batch.ts";
export { fileChanged, isSameFile } from "./file_mark.ts";
export { FileWriter, writeNewFile } from "./file_writer.ts";
export { explainForeign, foreignArchive, refuseForeign } from "./foreign_archive.ts";
export { MEMBER_HASH_BYTES, release } from "./gzip_member.ts";
export {
  encodeMemberList,
  type FilePlace,
  hasMemberList,
  headBytes,
  type ListedMember,
  type MemberList,
  placeOfFile,
  type ReadMemberList,
  readMemberList,
} from "./member_list.ts";
export { FILE_CUTS, MANIFEST_CUTS } from "./member_cuts.ts";
export { BATCH_BYTES, MemberWriter } from "./member_writer.ts";
export { ArchivePass } from "./pass.ts";
export { CHUNK_BYTES, readChunks } from "./read_chunks.ts";
export { SMALL_FILE_BYTES, SmallFiles } from "./small_files.ts";
export { isZero } from "./tar_header.ts";
export { readTar, type TarEntry } from "./tar_reader.ts";
export { TAR_HEADER_BYTES, tarEntry, tarEntryBytes, type TarFile, tarOf } from "./tar_writer.ts";
export {
  isNotGranted,
  isStagingName,
  moveIntoPlace,
  newStagingPath,
  Staging,
  syncDirectoryOf,
  writeFailed,
} from "./temporaries.ts";
export { type StartThread, usefulThreads } from "./threads.ts";
