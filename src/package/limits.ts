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
  /** Length of a path in bytes of UTF-8. */
  maxPathBytes: number;
  /** Length of `manifest.json` in bytes. */
  maxManifestBytes: number;
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** Tar bytes below which the ratio does not matter: so little does no harm. */
export const RATIO_FREE_BYTES = 10 * MIB;

/** Limits for archives of strangers on an ordinary machine. */
export const defaultArchiveLimits: ArchiveLimits = {
  maxArchiveBytes: 16 * GIB,
  maxUnpackedBytes: 64 * GIB,
  maxFiles: 100_000,
  maxRatio: 200,
  maxPathBytes: 1024,
  maxManifestBytes: 32 * MIB,
};

/** Length of a component of a path in bytes of UTF-8: what common file systems can hold. */
export const MAX_COMPONENT_BYTES = 255;
