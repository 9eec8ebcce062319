/**
 * The text form of SHA-256 in manifests, and the content hash: one hash over all files.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { fromHex, toHex } from "../../base/mod.ts";
import { comparePaths } from "../paths/mod.ts";

const PREFIX = "sha256:";

/** Writes a SHA-256 as `sha256:` and 64 lower-case hexadecimal digits. */
export function formatSha256(digest: Uint8Array): string {
  return PREFIX + toHex(digest);
}

/**
 * Parses `sha256:…` and returns the 32 bytes of the hash; `undefined` if the text is not in the
 * form of {@linkcode formatSha256}.
 */
export function parseSha256(text: string): Uint8Array | undefined {
  return isSha256(text) ? fromHex(text.slice(PREFIX.length)) : undefined;
}

/** Whether the text has the form that {@linkcode formatSha256} writes. */
export function isSha256(text: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/**
 * Computes the content hash: `sha256:` and the hexadecimal SHA-256 of the concatenated `sha256:…`
 * strings of all files, in the order of their paths (by UTF-16 code unit), as LibreSeed 1.3 defines
 * it. The content hash does not cover paths, name or version; the manifest's signature does.
 */
export function contentHash(files: Readonly<Record<string, string>>): string {
  const hash = new ContentHash();
  hash.add(Object.keys(files).sort(comparePaths).map((path) => files[path]!).join(""));
  return hash.digest();
}

/** Computes {@linkcode contentHash} incrementally, from files in the order of their paths. */
export class ContentHash {
  readonly #hash = createHash("sha256");

  /**
   * @param sha256 the `sha256:…` of one file, or several concatenated. One call for many files is
   * faster
   */
  add(sha256: string): void {
    this.#hash.update(sha256);
  }

  digest(): string {
    return formatSha256(this.#hash.digest());
  }
}
