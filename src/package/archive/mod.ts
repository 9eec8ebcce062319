/**
 * The bytes of an archive: a tar in one form (docs/protocol.md section 4), compressed as a chain of
 * gzip members. Writes and reads them, hashes them, and puts files on the disk.
 *
 * - Writing: `tarOf` (`tar_writer.ts`) makes the tar, {@linkcode MemberWriter} cuts it into gzip
 *   members, {@linkcode Compressor} compresses several at a time in threads (`threads.ts`).
 * - Reading: `readTar` (`tar_reader.ts`) yields the entries of untrusted bytes. `inflated.ts` inflates
 *   them within the limits, `tar_header.ts` refuses any header that we do not write.
 * - Hashing: {@linkcode ArchivePass} reads an archive once for SHA-256, SHA-1 of the pieces and a
 *   copy, in two threads if it is long.
 * - Files: `openArchive`, {@linkcode FileWriter} and {@linkcode Temporaries} read and write files so
 *   that a change is noticed and a new file appears complete or not at all.
 *
 * Which files go in is decided in `../selection`; whether an archive is what its publisher signed, in
 * `../verifying`. To start, read `tar_header.ts` and `tar_reader.ts`.
 *
 * @module
 */

export { chunksOfArchive, type OpenArchive, openArchive } from "./archive_file.ts";
export { Compressor } from "./compressor.ts";
export { type DiskNeed, namingFullDisk } from "./disk_full.ts";
export { fileChanged, isSameFile } from "./file_mark.ts";
export { FileWriter, writeNewFile } from "./file_writer.ts";
export { explainForeign, foreignArchive, refuseForeign } from "./foreign_archive.ts";
export { gzipMember, release } from "./gzip_member.ts";
export { MEMBER_BYTES, MemberWriter } from "./member_writer.ts";
export { ArchivePass } from "./pass.ts";
export { CHUNK_BYTES, readChunks } from "./read_chunks.ts";
export { isZero } from "./tar_header.ts";
export { readTar, type TarEntry } from "./tar_reader.ts";
export { TAR_HEADER_BYTES, tarEntry, type TarFile, tarOf } from "./tar_writer.ts";
export { isTemporaryName, syncDirectory, Temporaries, writeFailed } from "./temporaries.ts";
export { usefulThreads } from "./threads.ts";
