/**
 * SHA-256 as manifests write it, and the one hash over all files.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { fromHex, toHex } from "../base/mod.ts";
import { comparePaths } from "./paths.ts";

const PREFIX = "sha256:";

/** `sha256:` and 64 lower-case hexadecimal digits. */
export function formatSha256(digest: Uint8Array): string {
  return PREFIX + toHex(digest);
}

/** The 32 bytes of `sha256:…`; `undefined` unless the text is what {@linkcode formatSha256} writes. */
export function parseSha256(text: string): Uint8Array | undefined {
  return isSha256(text) ? fromHex(text.slice(PREFIX.length)) : undefined;
}

/** Whether the text is what {@linkcode formatSha256} writes. */
export function isSha256(text: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/**
 * `sha256:` and the hexadecimal SHA-256 of the concatenated `sha256:…` strings of all files, in the
 * order of their paths (by UTF-16 code unit), as LibreSeed 1.3 defines it. It binds neither paths nor
 * name and version: the manifest's signature does.
 */
export function contentHash(files: Readonly<Record<string, string>>): string {
  const hash = new ContentHash();
  for (const path of Object.keys(files).sort(comparePaths)) hash.add(files[path]!);
  return hash.digest();
}

/** {@linkcode contentHash} of files that come one by one, in the order of their paths. */
export class ContentHash {
  readonly #hash = createHash("sha256");
  /** Not hashed yet: one call for many takes less time. */
  #pending: string[] = [];

  /** @param sha256 a file's `sha256:…` */
  add(sha256: string): void {
    if (this.#pending.push(sha256) === 1000) this.#flush();
  }

  digest(): string {
    this.#flush();
    return formatSha256(this.#hash.digest());
  }

  #flush(): void {
    this.#hash.update(this.#pending.join(""));
    this.#pending = [];
  }
}
