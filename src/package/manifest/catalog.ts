/**
 * A publisher's catalog: every minimal manifest, one a line. It is what an announce record points to
 * once the list of packages does not fit into the record.
 *
 * @module
 */

import { fromUtf8, inTurns } from "../../base/mod.ts";
import { formatPublicKey } from "../../identity/mod.ts";
import { messageOf, PackageError } from "./errors.ts";
import {
  MAX_MINIMAL_MANIFEST_BYTES,
  type MinimalManifest,
  parseMinimal,
  serializeMinimal,
  verifyMinimalSignature,
} from "./minimal_manifest.ts";

/** A catalog may be this long, bytes: some 150,000 packages. */
export const MAX_CATALOG_BYTES = 64 << 20;
/** A catalog may list this many packages. */
const MAX_CATALOG_PACKAGES = 100_000;

const LINE_FEED = 0x0a;

/** A catalog as it was read. */
export interface Catalog {
  manifests: MinimalManifest[];
  /** Lines that were left out, and why. */
  dropped: string[];
}

/** File name of a publisher's catalog: `catalog-` and the key's first 16 hexadecimal digits. */
export function catalogFileName(publicKey: Uint8Array): string {
  const hex = Array.from(publicKey.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0"));
  return `catalog-${hex.join("")}.jsonl`;
}

/** The catalog of these manifests: canonical lines, sorted by name and version in UTF-16 order. */
export function serializeCatalog(manifests: readonly MinimalManifest[]): string {
  const lines = new Map(manifests.map((one) => [catalogKey(one), serializeMinimal(one)]));
  return [...lines].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, line]) => line).join("");
}

/** What a catalog has at most one line of: `NAME@VERSION`. */
export function catalogKey({ name, version }: { name: string; version: string }): string {
  return `${name}@${version}`;
}

/** Lines that are read before others have their turn: a few hundredths of a second. */
const LINES_AT_ONCE = 500;

/**
 * Reads a catalog. A line that is no minimal manifest of this publisher, with a signature that holds,
 * is left out and does not spoil the others.
 *
 * @param publicKey the publisher's, 32 bytes
 * @throws {PackageError} `CATALOG_TOO_LARGE`, `CATALOG_INVALID` (kind `verification`)
 */
export function parseCatalog(bytes: Uint8Array, publicKey: Uint8Array): Catalog {
  const catalog: Catalog = { manifests: [], dropped: [] };
  for (const _ of readLines(bytes, publicKey, catalog)) { /* at one go */ }
  return catalog;
}

/**
 * Reads a catalog as {@linkcode parseCatalog} does, and lets others have their turn meanwhile: a long
 * catalog takes ten seconds.
 *
 * @throws {PackageError} as `parseCatalog`; whatever aborted the signal
 */
export async function parseCatalogInTurns(
  bytes: Uint8Array,
  publicKey: Uint8Array,
  signal?: AbortSignal,
): Promise<Catalog> {
  const catalog: Catalog = { manifests: [], dropped: [] };
  await inTurns(readLines(bytes, publicKey, catalog), signal);
  return catalog;
}

/** Reads line by line into `catalog`, and yields now and then. */
function* readLines(
  bytes: Uint8Array,
  publicKey: Uint8Array,
  catalog: Catalog,
): Generator<void, void> {
  const refuse = (code: string, why: string, cause?: unknown) =>
    new PackageError(
      "verification",
      code,
      `The catalog of ${formatPublicKey(publicKey)} ${why}`,
      { cause },
    );
  if (bytes.length > MAX_CATALOG_BYTES) {
    throw refuse("CATALOG_TOO_LARGE", `has ${bytes.length} bytes, more than ${MAX_CATALOG_BYTES}`);
  }
  const count = linesIn(bytes, MAX_CATALOG_PACKAGES + 1);
  if (count > MAX_CATALOG_PACKAGES) {
    throw refuse("CATALOG_TOO_LARGE", `lists more than ${MAX_CATALOG_PACKAGES} packages`);
  }
  let text: string;
  try {
    text = fromUtf8(bytes);
  } catch (cause) {
    throw refuse("CATALOG_INVALID", "is not UTF-8", cause);
  }
  const publisher = formatPublicKey(publicKey);
  const lines = text.split("\n");
  if (lines.pop() !== "") throw refuse("CATALOG_INVALID", "ends in the middle of a line");
  for (const [index, line] of lines.entries()) {
    try {
      if (line.length > MAX_MINIMAL_MANIFEST_BYTES) throw new Error("it is too long");
      const manifest = parseMinimal(`${line}\n`);
      if (manifest.pubkey !== publisher) throw new Error("it is of another publisher");
      if (!verifyMinimalSignature(manifest)) throw new Error("its signature does not hold");
      catalog.manifests.push(manifest);
    } catch (error) {
      catalog.dropped.push(`line ${index + 1}: ${messageOf(error)}`);
    }
    if ((index + 1) % LINES_AT_ONCE === 0) yield;
  }
}

/**
 * How many line feeds there are, counted up to `most`. A text is not split before that is known: one of
 * nothing but line feeds would take a gigabyte.
 */
function linesIn(bytes: Uint8Array, most: number): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1 && count < most; count++) {
    at = bytes.indexOf(LINE_FEED, at + 1);
  }
  return count;
}
