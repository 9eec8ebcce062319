/**
 * Rows of the table of settings: the limits on archives. Data only.
 *
 * @module
 */

import type { SettingDefinition } from "./types.ts";

const maxSizeBytes = 2 ** 50;

/** Settings of the limits on archives. */
export const archiveRows = [
  {
    key: "max-archive-size",
    property: "maxArchiveBytes",
    takesEffect: "reload",
    type: { kind: "size", minBytes: 1, maxBytes: maxSizeBytes },
    default: "16GiB",
    placeholder: "SIZE",
    brief: "Largest archive",
  },
  {
    key: "max-unpacked-size",
    property: "maxUnpackedBytes",
    takesEffect: "reload",
    type: { kind: "size", minBytes: 1, maxBytes: maxSizeBytes },
    default: "64GiB",
    placeholder: "SIZE",
    brief: "Most that an archive may unpack to",
  },
  {
    key: "max-files",
    property: "maxFiles",
    takesEffect: "reload",
    type: { kind: "integer", min: 1, max: 10_000_000 },
    default: "100000",
    placeholder: "N",
    brief: "Most files in an archive",
  },
  {
    key: "max-directories",
    property: "maxDirectories",
    takesEffect: "reload",
    type: { kind: "integer", min: 0, max: 10_000_000 },
    default: "20000",
    placeholder: "N",
    brief: "Most directories that the files of an archive are in",
  },
  {
    key: "max-depth",
    property: "maxDepth",
    takesEffect: "reload",
    type: { kind: "integer", min: 0, max: 512 },
    default: "64",
    placeholder: "N",
    brief: "Most directories in which a file of an archive is, one inside the other",
  },
  {
    key: "max-paths-size",
    property: "maxPathsBytes",
    takesEffect: "reload",
    type: { kind: "size", minBytes: 1, maxBytes: maxSizeBytes },
    default: "8MiB",
    placeholder: "SIZE",
    brief: "Most that the paths in an archive may take together",
  },
  {
    key: "max-ratio",
    property: "maxRatio",
    takesEffect: "reload",
    type: { kind: "integer", min: 1, max: 1_000_000 },
    default: "200",
    placeholder: "N",
    brief: "Most unpacked bytes for each byte of archive",
  },
] as const satisfies readonly SettingDefinition[];
