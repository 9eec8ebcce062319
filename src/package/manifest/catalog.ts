/**
 * A catalog: all minimal manifests that one of a publisher's keys has signed, one per line. An announce
 * record points to a catalog when the list of packages does not fit into the record. If the flags of the
 * packages do not fit either, the catalog has them, too, one line per package (`catalog_flags.ts`).
 *
 * @module
 */

import {
  equalBytes,
  type FlagsByName,
  fromUtf8,
  inTurns,
  messageOf,
  type PackageFlags,
  toHex,
} from "../../base/mod.ts";
import { formatPublicKey } from "../../identity/mod.ts";
import { PackageError } from "../errors.ts";
import { isFlagLine, parseFlagLine, serializeFlagLine } from "./catalog_flags.ts";
import {
  MAX_MINIMAL_MANIFEST_BYTES,
  type MinimalManifest,
  parseMinimal,
  serializeMinimal,
  verifyMinimalSignature,
} from "./minimal_manifest.ts";
import { signingKeyOf } from "./signer_field.ts";

/** Maximum length of a catalog in bytes: enough for 150,000 packages. */
export const MAX_CATALOG_BYTES = 64 << 20;
/** Maximum number of lines in a catalog: packages, and names with flags. */
export const MAX_CATALOG_LINES = 100_000;

const LINE_FEED = 0x0a;

/** The result of reading a catalog: the valid manifests, and messages about invalid lines. */
export interface Catalog {
  manifests: MinimalManifest[];
  /** Flags of the packages, by package name; empty if no line has flags. */
  flags: Map<string, PackageFlags>;
  /** Messages for users about the invalid lines, each with the line number and the reason. */
  dropped: string[];
}

/** File name of a publisher's catalog: `catalog-` and the key's first 16 hexadecimal digits. */
export function catalogFileName(publicKey: Uint8Array): string {
  return `catalog-${toHex(publicKey.subarray(0, 8))}.jsonl`;
}

/** Writes a catalog: canonical lines, sorted by {@linkcode catalogKey} in UTF-16 order. */
export function serializeCatalog(
  manifests: readonly MinimalManifest[],
  flags: FlagsByName = new Map(),
): string {
  const lines = new Map(manifests.map((one) => [catalogKey(one), serializeMinimal(one)]));
  for (const [name, line] of flagLines(flags)) lines.set(name, line);
  return [...lines].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, line]) => line).join("");
}

/**
 * Returns the lines of flags by their keys, `NAME@`. So the flags of a package precede its versions.
 */
export function flagLines(flags: FlagsByName): Map<string, string> {
  return new Map([...flags].map(([name, of]) => [
    catalogKey({ name, version: "" }),
    serializeFlagLine(name, of),
  ]));
}

/**
 * Returns the key of a catalog line, `NAME@VERSION`. A catalog has at most one line for each key. The
 * version of a line of flags is empty.
 */
export function catalogKey({ name, version }: { name: string; version: string }): string {
  return `${name}@${version}`;
}

/**
 * Number of lines read between two yields to the event loop. Reading so many lines takes some
 * hundredths of a second.
 */
const LINES_AT_ONCE = 500;

/**
 * Reads a catalog. A line that is neither a minimal manifest signed by this publisher nor a line of
 * flags is left out, and the other lines are kept.
 *
 * @param publicKey the key that signed the lines, 32 bytes
 * @throws {PackageError} `CATALOG_TOO_LARGE`, `CATALOG_INVALID` (kind `verification`)
 */
export function parseCatalog(bytes: Uint8Array, publicKey: Uint8Array): Catalog {
  const catalog: Catalog = { manifests: [], flags: new Map(), dropped: [] };
  for (const _ of readLines(bytes, publicKey, catalog)) { /* without a pause */ }
  return catalog;
}

/**
 * Reads a catalog like {@linkcode parseCatalog}, but yields to the event loop regularly, because a
 * long catalog takes ten seconds.
 *
 * @throws {PackageError} as `parseCatalog`
 * @throws the signal's reason if it is aborted
 */
export async function parseCatalogInTurns(
  bytes: Uint8Array,
  publicKey: Uint8Array,
  signal?: AbortSignal,
): Promise<Catalog> {
  const catalog: Catalog = { manifests: [], flags: new Map(), dropped: [] };
  await inTurns(readLines(bytes, publicKey, catalog), signal);
  return catalog;
}

/**
 * Parses the lines of a catalog into `catalog`, and yields after every {@linkcode LINES_AT_ONCE}
 * lines.
 */
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
  const count = linesIn(bytes, MAX_CATALOG_LINES + 1);
  if (count > MAX_CATALOG_LINES) {
    throw refuse("CATALOG_TOO_LARGE", `has more than ${MAX_CATALOG_LINES} lines`);
  }
  let text: string;
  try {
    text = fromUtf8(bytes);
  } catch (cause) {
    throw refuse("CATALOG_INVALID", "is not UTF-8", cause);
  }
  const lines = text.split("\n");
  if (lines.pop() !== "") throw refuse("CATALOG_INVALID", "ends in the middle of a line");
  for (const [index, line] of lines.entries()) {
    try {
      if (isFlagLine(line)) {
        const { name, flags } = parseFlagLine(line);
        catalog.flags.set(name, flags);
        continue;
      }
      if (line.length > MAX_MINIMAL_MANIFEST_BYTES) throw new Error("it is too long");
      const manifest = parseMinimal(`${line}\n`);
      if (!equalBytes(signingKeyOf(manifest), publicKey)) throw new Error("another key signed it");
      if (!verifyMinimalSignature(manifest)) throw new Error("its signature does not hold");
      catalog.manifests.push(manifest);
    } catch (error) {
      catalog.dropped.push(`line ${index + 1}: ${messageOf(error)}`);
    } finally {
      if ((index + 1) % LINES_AT_ONCE === 0) yield;
    }
  }
}

/**
 * Counts line feeds, and stops when the number reaches `most`. Counting before splitting bounds the
 * memory: a catalog of line feeds alone would split into a gigabyte of strings.
 */
function linesIn(bytes: Uint8Array, most: number): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1 && count < most; count++) {
    at = bytes.indexOf(LINE_FEED, at + 1);
  }
  return count;
}
