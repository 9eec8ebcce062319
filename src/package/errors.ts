/**
 * The error class of `src/package`, and helpers for its messages. The error codes are part of the
 * API. Where the last column names only a limit, such as `maxDepth`, the error means that the limit
 * is exceeded. In the kind column, "by side" means `failed` when a directory is packed and
 * `verification` when an archive is read. When a full manifest is read, a problem with the files
 * that it lists is `MANIFEST_INVALID`.
 *
 * | code | kind | when |
 * | --- | --- | --- |
 * | `NAME_INVALID` | usage | a package name breaks the rule |
 * | `VERSION_INVALID` | usage | a version is not strict semver |
 * | `FLAGS_TOO_LARGE` | usage | the flags of a package do not fit into a catalog's line |
 * | `SPEC_INVALID` | usage | text is not `[KEY/]NAME[@RANGE]` |
 * | `NAME_MISSING`, `VERSION_MISSING` | usage | neither the caller nor a file in the directory gives it |
 * | `METADATA_INVALID` | usage | package.json or deno.json cannot be used |
 * | `OUTPUT_INVALID` | usage | an output path that cannot be written as asked |
 * | `DIRECTORY_NOT_FOUND` | not-found | the directory to pack does not exist |
 * | `DIRECTORY_INVALID` | usage | the path to pack is not a directory, is the home in use, or has no files |
 * | `PACKAGE_EMPTY` | failed | the rules leave out all files but those that describe the package |
 * | `SECRET_FOUND` | failed | a file holds a private key or a credential |
 * | `ARCHIVE_NOT_FOUND` | not-found | the archive does not exist |
 * | `ARCHIVE_UNREADABLE` | failed | the system refuses to read the archive, or it is no regular file |
 * | `ARCHIVE_FOREIGN` | failed | a tarball of npm or of another program, where a libreseed archive is needed |
 * | `PATH_UNUSABLE` | failed | Windows cannot hold a path of the package that is unpacked there |
 * | `FILE_CHANGED` | failed | a file was altered while it was read |
 * | `FILE_NOT_IN_PACKAGE` | not-found | the manifest lists no file of this path |
 * | `FILE_UNREADABLE` | failed | the system refuses to read a file or directory |
 * | `FILE_TYPE_REFUSED` | by side | a socket, device, FIFO; in an archive also links and directories |
 * | `LINK_REFUSED` | failed | a link that dangles, leaves the tree or leads in a circle |
 * | `PATH_REFUSED` | by side | a path that is absolute, has `..`, control characters and the like |
 * | `PATH_COLLISION` | by side | two paths are equal after NFC and case folding |
 * | `PATH_TOO_LONG` | by side | `maxPathBytes` |
 * | `PATH_TOO_DEEP` | by side | `maxDepth` |
 * | `PATHS_TOO_LONG` | by side | `maxPathsBytes`, or a quarter of it for the paths that are not plain ASCII |
 * | `TOO_MANY_DIRECTORIES` | by side | `maxDirectories` |
 * | `TOO_MANY_FILES` | by side | `maxFiles`, or fewer than `minBytesPerFile` for each |
 * | `ARCHIVE_TOO_LARGE` | by side | `maxArchiveBytes` |
 * | `UNPACKED_TOO_LARGE` | by side | `maxUnpackedBytes` |
 * | `RATIO_TOO_HIGH` | by side | `maxRatio` |
 * | `KEY_NOT_CERTIFIED` | failed | the certificate of this home's key does not cover the package |
 * | `NEWER_FORMAT` | failed | a manifest has a format that only newer programs know |
 * | `MANIFEST_TOO_LARGE` | by side | `maxManifestBytes`, or a minimal manifest beyond its bound |
 * | `MANIFEST_INVALID` | usage, verification | a manifest breaks its schema or is not in canonical form |
 * | `MANIFEST_MISSING` | verification | the first entry of an archive is not its manifest |
 * | `MANIFEST_MISMATCH` | verification | the full and the minimal manifest name different packages |
 * | `PUBLISHER_MISMATCH` | verification | signed, but by another key than the one asked for |
 * | `SIGNATURE_INVALID` | verification | a manifest's signature does not hold |
 * | `LENGTH_MISMATCH` | verification | the archive is not as long as the minimal manifest says |
 * | `HASH_MISMATCH` | verification | the SHA-256 of the archive, or of a file in it, differs |
 * | `CONTENT_HASH_MISMATCH` | verification | `contentHash` does not follow from `files` |
 * | `FILE_MISSING`, `FILE_EXTRA` | verification | archive and manifest list different files, or in another order |
 * | `ARCHIVE_DAMAGED` | verification | not gzip or not tar, cut short, or followed by other bytes |
 * | `HEADER_REFUSED` | verification | a header in the tar that `pack` does not write |
 * | `CATALOG_TOO_LARGE` | verification | a catalog exceeds the limit for its bytes or for its packages |
 * | `CATALOG_INVALID` | verification | a catalog is not UTF-8 or is cut short |
 * | `TARGET_EXISTS` | usage | the directory to unpack to exists and is not empty |
 * | `WRITE_FAILED` | failed | the system refuses to write an output |
 * | `DISK_FULL` | failed | no space left for an output, or the user's quota is used up |
 * | `THREAD_DIED` | failed | a thread that compresses or hashes came to an end |
 *
 * With kind `verification`, `detail.step` names the step of the chain ({@linkcode VerificationStep}).
 *
 * @module
 */

import { LibreseedError, messageOf } from "../base/mod.ts";

/** An error about a package, a manifest or an archive. The head of this file lists the codes. */
export class PackageError extends LibreseedError {
  override name = "PackageError";
}

/**
 * The steps of the verification chain, in their order:
 *
 * 1. `minimal-signature`: the minimal manifest is valid, and signed by the expected key
 * 2. `archive-length`: the archive has the length given in the minimal manifest
 * 3. `archive-hash`: the archive has the SHA-256 given in the minimal manifest
 * 4. `archive-limits`: the archive is gzip and tar, of allowed entries, within the limits
 * 5. `full-manifest`: the first entry is a valid full manifest of the same key, name and version
 * 6. `full-signature`: the signature of the full manifest is valid
 * 7. `content-hash`: the content hash in the full manifest follows from its list of files
 * 8. `files`: every file has the hash given in the full manifest; no file is missing or extra
 */
export type VerificationStep =
  | "minimal-signature"
  | "archive-length"
  | "archive-hash"
  | "archive-limits"
  | "full-manifest"
  | "full-signature"
  | "content-hash"
  | "files";

/** Makes the error for a failed step of the verification chain. */
export function verificationError(
  step: VerificationStep,
  code: string,
  message: string,
  options: { cause?: unknown; detail?: Record<string, unknown> } = {},
): PackageError {
  const detail = { step, ...options.detail };
  return new PackageError("verification", code, message, { cause: options.cause, detail });
}

/**
 * Quotes untrusted text for an error message: returns at most 200 characters, and escapes every
 * character that could control a terminal.
 */
export function quote(text: string): string {
  const cut = text.length > 200 ? text.slice(0, 200) + "…" : text;
  return JSON.stringify(cut).replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
}

/** Makes the `FILE_UNREADABLE` error for a file or directory that cannot be read during packing. */
export function unreadable(source: string, cause: unknown): PackageError {
  const message = `${source} cannot be read: ${messageOf(cause)}`;
  return new PackageError("failed", "FILE_UNREADABLE", message, {
    cause,
    detail: { path: source },
  });
}
