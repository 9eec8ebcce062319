/**
 * The archive's bytes: tar and gzip, read and written, in threads of their own.
 *
 * @module
 */

export { chunksOfArchive, type OpenArchive, openArchive } from "./archive_file.ts";
export { type DiskNeed, namingFullDisk } from "./disk_full.ts";
export {
  CHUNK_BYTES,
  fileChanged,
  FileWriter,
  isSameFile,
  isTemporaryName,
  readChunks,
  syncDirectory,
  Temporaries,
  writeFailed,
  writeNewFile,
} from "./files.ts";
export { explainForeign, foreignArchive, refuseForeign } from "./foreign_archive.ts";
export { gzipMember, release } from "./gzip_member.ts";
export { ArchivePass } from "./pass.ts";
export { isZero } from "./tar_header.ts";
export { readTar, type TarEntry } from "./tar_reader.ts";
export {
  MEMBER_BYTES,
  MemberWriter,
  TAR_HEADER_BYTES,
  tarEntry,
  type TarFile,
  tarOf,
} from "./tar_writer.ts";
export { Compressor, usefulThreads } from "./threads.ts";
