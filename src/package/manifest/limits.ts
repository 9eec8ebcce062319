/**
 * How much an archive may hold. The same limits hold when one is packed, so that nobody signs what
 * others would refuse.
 *
 * @module
 */

/** What an archive may not exceed. */
export interface ArchiveLimits {
  /** Length of the `.tgz` in bytes. */
  maxArchiveBytes: number;
  /** Length of the tar inside in bytes, headers and padding included. */
  maxUnpackedBytes: number;
  /** Number of files, the manifest not counted. When packing, also of directories. */
  maxFiles: number;
  /** Bytes of tar for each byte of archive. Looked at once the tar is beyond {@linkcode RATIO_FREE_BYTES}. */
  maxRatio: number;
  /** Archive bytes for each file. Looked at once there are more than {@linkcode FREE_FILES}. */
  minBytesPerFile: number;
  /** Number of distinct directories that the files are in, those above them counted. */
  maxDirectories: number;
  /** Number of directories that a file may be in, one inside the other. */
  maxDepth: number;
  /** Length of a path in bytes of UTF-8. */
  maxPathBytes: number;
  /**
   * Length of all paths together in bytes of UTF-8. The paths that are not plain ASCII may take
   * {@linkcode MAX_UNICODE_SHARE} of it.
   */
  maxPathsBytes: number;
  /** Length of `manifest.json` in bytes. */
  maxManifestBytes: number;
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** Tar bytes below which the ratio does not matter: so little does no harm. */
export const RATIO_FREE_BYTES = 10 * MIB;

/** Files up to which it does not matter how few bytes of archive there are for each. */
export const FREE_FILES = 10_000;

/**
 * Most bytes of a manifest's fields without its files: three times what the longest texts and 1,000
 * dependencies take.
 */
export const MAX_FIELD_BYTES = MIB;

/** Limits for archives of strangers on an ordinary machine. */
export const defaultArchiveLimits: ArchiveLimits = {
  maxArchiveBytes: 16 * GIB,
  maxUnpackedBytes: 64 * GIB,
  maxFiles: 100_000,
  maxRatio: 200,
  // Files that differ need as much for their hashes in the manifest alone.
  minBytesPerFile: 32,
  // Twice and more what the largest packages of npm have.
  maxDirectories: 20_000,
  maxDepth: 64,
  maxPathBytes: 1024,
  maxPathsBytes: 8 * MIB,
  maxManifestBytes: 16 * MIB,
};

/** Length of a component of a path in bytes of UTF-8: what common file systems can hold. */
export const MAX_COMPONENT_BYTES = 255;

/**
 * Share of {@linkcode ArchiveLimits.maxPathsBytes} that the paths that are not plain ASCII may take
 * together. Normalizing and folding them costs up to ten times as much as an ASCII path.
 */
export const MAX_UNICODE_SHARE = 1 / 4;

/** Whether an archive has more files than its length allows. */
export function isTooDense(files: number, lengthBytes: number, limits: ArchiveLimits): boolean {
  return files > FREE_FILES && lengthBytes < files * limits.minBytesPerFile;
}
