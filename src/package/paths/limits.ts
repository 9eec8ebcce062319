/**
 * The limits of archives. They hold for reading and for packing, so that nobody signs an archive that
 * readers refuse. docs/operations.md, "Limits of archives", has the reasons for the values.
 *
 * @module
 */

/** The limits that an archive has to keep. */
export interface ArchiveLimits {
  /** Length of the `.tgz` in bytes. */
  maxArchiveBytes: number;
  /** Length of the tar inside in bytes, headers and padding included. */
  maxUnpackedBytes: number;
  /** Number of files, the manifest not counted. When packing, also of directories. */
  maxFiles: number;
  /** Tar bytes for each archive byte. Applies once the tar exceeds {@linkcode RATIO_FREE_BYTES}. */
  maxRatio: number;
  /** Archive bytes for each file. Applies to more than {@linkcode FREE_FILES} files. */
  minBytesPerFile: number;
  /** Number of distinct directories that hold files, their parents counted too. */
  maxDirectories: number;
  /** Number of directories, one inside the other, that a file may be in. */
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

/** Length of a tar, in bytes, up to which the compression ratio is not limited: it does no harm. */
export const RATIO_FREE_BYTES = 10 * MIB;

/** Number of files up to which {@linkcode ArchiveLimits.minBytesPerFile} does not apply. */
export const FREE_FILES = 10_000;

/** Default limits, for untrusted archives on an ordinary machine. */
export const defaultArchiveLimits: ArchiveLimits = {
  maxArchiveBytes: 16 * GIB,
  maxUnpackedBytes: 64 * GIB,
  maxFiles: 100_000,
  maxRatio: 200,
  // Files that differ take as much for their hashes in the manifest alone.
  minBytesPerFile: 32,
  // More than twice as many as the largest packages of npm have.
  maxDirectories: 20_000,
  maxDepth: 64,
  maxPathBytes: 1024,
  maxPathsBytes: 8 * MIB,
  maxManifestBytes: 16 * MIB,
};

/**
 * Limits of archives from settings, which have the same names; a limit that is no setting keeps its
 * default.
 */
export function archiveLimitsOf(settings: Partial<ArchiveLimits>): ArchiveLimits {
  const limits = { ...defaultArchiveLimits };
  for (const name of Object.keys(limits) as (keyof ArchiveLimits)[]) {
    limits[name] = settings[name] ?? limits[name];
  }
  return limits;
}

/**
 * Maximum length of a path's component in bytes of UTF-8: common file systems hold no longer name.
 */
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
