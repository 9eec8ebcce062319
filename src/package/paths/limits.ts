/**
 * The limits of archives. The same limits apply to reading and to packing, so that no publisher
 * signs an archive that readers refuse. docs/operations.md, "Limits of archives", explains the
 * values.
 *
 * @module
 */

/** The limits that an archive must not exceed. */
export interface ArchiveLimits {
  /** Maximum length of the `.tgz` in bytes. */
  maxArchiveBytes: number;
  /** Maximum length of the uncompressed tar in bytes, including headers and padding. */
  maxUnpackedBytes: number;
  /**
   * Maximum number of files, without the manifest. When packing, also the maximum number of
   * directories.
   */
  maxFiles: number;
  /**
   * Maximum compression ratio: bytes of tar per byte of archive. Applies to a tar longer than
   * {@linkcode RATIO_FREE_BYTES}.
   */
  maxRatio: number;
  /**
   * Minimum number of archive bytes per file. Applies to archives of more than {@linkcode
   * FREE_FILES} files.
   */
  minBytesPerFile: number;
  /** Maximum number of distinct directories that contain files, including parent directories. */
  maxDirectories: number;
  /** Maximum nesting depth of the directories in a file's path. */
  maxDepth: number;
  /** Maximum length of a path in bytes of UTF-8. */
  maxPathBytes: number;
  /**
   * Maximum total length of all paths in bytes of UTF-8. Paths that are not plain ASCII may take
   * the share {@linkcode MAX_UNICODE_SHARE} of this length.
   */
  maxPathsBytes: number;
  /** Maximum length of `manifest.json` in bytes. */
  maxManifestBytes: number;
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/**
 * Length of a tar in bytes up to which any compression ratio is accepted, because so short a tar
 * does no harm.
 */
export const RATIO_FREE_BYTES = 10 * MIB;

/** Number of files up to which {@linkcode ArchiveLimits.minBytesPerFile} does not apply. */
export const FREE_FILES = 10_000;

/** Default limits, for untrusted archives on an ordinary machine. */
export const defaultArchiveLimits: ArchiveLimits = {
  maxArchiveBytes: 16 * GIB,
  maxUnpackedBytes: 64 * GIB,
  maxFiles: 100_000,
  maxRatio: 200,
  // Each distinct file needs at least 32 incompressible bytes for its hash in the manifest.
  minBytesPerFile: 32,
  // The limit is more than twice the number of directories in the largest npm packages.
  maxDirectories: 20_000,
  maxDepth: 64,
  maxPathBytes: 1024,
  maxPathsBytes: 8 * MIB,
  maxManifestBytes: 16 * MIB,
};

/**
 * Makes the limits of archives from settings. Settings and limits have the same names. A limit without
 * a setting keeps its default.
 */
export function archiveLimitsOf(settings: Partial<ArchiveLimits>): ArchiveLimits {
  const limits = { ...defaultArchiveLimits };
  for (const name of Object.keys(limits) as (keyof ArchiveLimits)[]) {
    limits[name] = settings[name] ?? limits[name];
  }
  return limits;
}

/**
 * Maximum length of a path component in bytes of UTF-8. Common file systems hold no longer file
 * name.
 */
export const MAX_COMPONENT_BYTES = 255;

/**
 * Share of {@linkcode ArchiveLimits.maxPathsBytes} that paths beyond plain ASCII may take together.
 * Normalizing and folding such a path costs up to ten times as much as an ASCII path.
 */
export const MAX_UNICODE_SHARE = 1 / 4;

/**
 * Whether an archive has too many files for its length, see
 * {@linkcode ArchiveLimits.minBytesPerFile}.
 */
export function isTooDense(files: number, lengthBytes: number, limits: ArchiveLimits): boolean {
  return files > FREE_FILES && lengthBytes < files * limits.minBytesPerFile;
}
