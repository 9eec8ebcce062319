/**
 * The index of a catalog: the same content in a form of which a reader needs only a few pieces. It has
 * three parts:
 *
 * - the **head**: the certificates of the catalog's lines, and for each piece of the lists the first name
 *   that begins in it;
 * - the **lists**: a line for each package, with its versions and its flags;
 * - the **manifests**: what a minimal manifest has besides its name, its version and its certificate, in
 *   {@linkcode INDEX_ENTRY_BYTES} bytes each, in the order of the lists.
 *
 * The index follows from the bytes of the catalog alone. So each holder of the catalog can make and seed the
 * index, and old programs go on reading the catalog. `catalog_index_reader.ts` reads an index.
 *
 * @module
 */

import canonicalize from "canonicalize";
import {
  concatBytes,
  fromBase64,
  fromHex,
  fromUtf8,
  inTurns,
  toHex,
  utf8,
} from "../../base/mod.ts";
import { formatPublicKey } from "../../identity/mod.ts";
import { PackageError } from "../errors.ts";
import { isFlagLine, parseFlagLine } from "./catalog_flags.ts";
import { MAX_MINIMAL_MANIFEST_BYTES, parseMinimal } from "./minimal_manifest.ts";
import { isValidName, isValidVersion } from "./names.ts";

/** Length of a piece of an index's torrent, and of the units into which its lists are divided (bytes). */
export const INDEX_PIECE_BYTES: number = 16 << 10;
/** Length of a manifest in an index (bytes). */
export const INDEX_ENTRY_BYTES = 133;
/** Begins the first line of an index. */
export const INDEX_MAGIC = "libreseed-index:1";
/** Maximum number of certificates in an index. */
export const MAX_INDEX_CERTIFICATES = 254;
/** Number of a certificate that says: the key is its own identity. */
export const NO_CERTIFICATE = 0;
/** Number of a certificate that says: the manifest is in the whole catalog only. */
export const NOT_IN_INDEX = 255;

/** File name of the index of a publisher's catalog: `index-` and the key's first 16 hexadecimal digits. */
export function indexFileName(publicKey: Uint8Array): string {
  return `index-${toHex(publicKey.subarray(0, 8))}.bin`;
}

const LINE_FEED = 10;

/** A package in the lists. */
interface Listed {
  versions: Map<string, Entry>;
  /** Line of flags, as in the catalog. */
  flags?: string;
}

/** Content of a line of the catalog, without name and version. */
interface Entry {
  archiveSha256: string;
  btih: string;
  length: number;
  timestamp: number;
  /** Signature in base64. */
  signature: string;
  /** Certificate as canonical JSON of `pubkey` and `signer`; absent without one. */
  certificate?: string;
  /** Whether the manifest has fields that an entry of the index does not hold. */
  isOther?: true;
}

/**
 * Number of lines read between two yields to the event loop. Reading so many lines takes a few
 * milliseconds.
 */
const LINES_AT_ONCE = 2_000;

/**
 * Makes the index of a catalog. Leaves out lines that a reader of the catalog leaves out for their form,
 * and lines of another key; does not verify signatures, because a reader of the index does. Yields to the
 * event loop regularly, because a long catalog takes a second.
 *
 * @param catalog bytes of a catalog
 * @param publicKey the key that signed its lines, 32 bytes
 * @returns `undefined` if the catalog has more than {@linkcode MAX_INDEX_CERTIFICATES} certificates
 * @throws the signal's reason if it is aborted
 */
export async function buildIndex(
  catalog: Uint8Array,
  publicKey: Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  const byName = new Map<string, Listed>();
  await inTurns(readLines(catalog, formatPublicKey(publicKey), byName), signal);
  const listed = sorted(byName);
  const certificates = [...certificatesOf(byName)].sort();
  if (certificates.length > MAX_INDEX_CERTIFICATES) return undefined;
  const numbers = new Map(certificates.map((one, index) => [one, index + 1]));
  const lines: Uint8Array[] = [];
  let count = 0;
  for (const [, { versions }] of listed) count += versions.size;
  const entries = new Uint8Array(count * INDEX_ENTRY_BYTES);
  let at = 0;
  for (const [name, { versions, flags }] of listed) {
    const all = sorted(versions);
    const parts = [name, `${at}`, ...all.map(([version]) => version), ...flags ? [flags] : []];
    lines.push(utf8(`${parts.join(" ")}\n`));
    for (const [, entry] of all) writeEntry(entries, at++ * INDEX_ENTRY_BYTES, entry, numbers);
  }
  const lists = concatBytes(...lines);
  const counts = [lists.length, certificates.length, count];
  const names = listed.map(([name]) => name);
  const head = headOf(counts, [...certificates, ...firstLines(names, lines)]);
  return concatBytes(head, lists, entries);
}

/** Reads the lines of a catalog into `byName`, and yields after every {@linkcode LINES_AT_ONCE} lines. */
function* readLines(
  catalog: Uint8Array,
  key: string,
  byName: Map<string, Listed>,
): Generator<void, void> {
  const of = (name: string) => {
    const one: Listed = byName.get(name) ?? { versions: new Map() };
    byName.set(name, one);
    return one;
  };
  const signers = new Map<string, string | undefined>();
  let count = 0;
  for (const line of fromUtf8(catalog).split("\n")) {
    if (++count % LINES_AT_ONCE === 0) yield;
    try {
      if (line === "") continue;
      if (isFlagLine(line)) of(parseFlagLine(line).name).flags = line;
      else {
        const read = quickly(line, key, signers) ?? slowly(line, key);
        if (read) of(read.name).versions.set(read.version, read.entry);
      }
    } catch (error) {
      if (!(error instanceof PackageError)) throw error;
      // Readers of the catalog leave the line out, too.
    }
  }
}

/** A line of a catalog with its name and version. */
interface ReadLine {
  name: string;
  version: string;
  entry: Entry;
}

/** The form of nearly all lines: the canonical JSON of a minimal manifest without `ext`. */
const LINE = new RegExp(
  '^\\{"archiveSha256":"sha256:([0-9a-f]{64})","btih":"([0-9a-f]{40})","length":([1-9]\\d{0,14}),' +
    '"name":"([^"]{1,129})",("protocol":"libreseed/[12]","pubkey":"[^"]*"),' +
    '"signature":"ed25519:([A-Za-z0-9+/]{85}[AQgw])==",(?:("signer":\\{[^{}]*\\}),)?' +
    '"timestamp":(0|[1-9]\\d{0,14}),"version":"([^"]{1,64})"\\}$',
);

/**
 * Reads a line of the usual form, a fifth as long as {@linkcode slowly} takes. The fields that say who
 * signed are checked once for all lines that have the same.
 *
 * @param signers for the texts of these fields, the certificate; `undefined` if there is none
 * @returns `undefined` if the line has to be read slowly
 */
function quickly(
  line: string,
  key: string,
  signers: Map<string, string | undefined>,
): ReadLine | undefined {
  const found = line.length < MAX_MINIMAL_MANIFEST_BYTES ? LINE.exec(line) : null;
  if (!found) return undefined;
  const [, archiveSha256, btih, length, name, pubkey, signature, signer, timestamp, version] =
    found as unknown as string[];
  if (!isValidName(name!) || !isValidVersion(version!)) return undefined;
  const who = `${pubkey},${signer ?? ""}`;
  if (!signers.has(who)) {
    const read = slowly(line, key);
    if (read) signers.set(who, read.entry.certificate);
    return read;
  }
  const certificate = signers.get(who);
  return {
    name: name!,
    version: version!,
    entry: {
      ...{ archiveSha256: archiveSha256!, btih: btih!, signature: `${signature}==` },
      ...{ length: Number(length), timestamp: Number(timestamp) },
      ...(certificate !== undefined && { certificate }),
    },
  };
}

/**
 * Reads a line as a reader of the catalog does, but for the signature.
 *
 * @returns `undefined` for a line of another key
 * @throws {PackageError} `MANIFEST_INVALID`, `MANIFEST_TOO_LARGE`
 */
function slowly(line: string, key: string): ReadLine | undefined {
  const manifest = parseMinimal(`${line}\n`);
  const { name, version, pubkey, signer, ext, btih, length, timestamp } = manifest;
  if ((signer?.key ?? pubkey) !== key) return undefined;
  return {
    name,
    version,
    entry: {
      ...{ btih, length, timestamp },
      archiveSha256: manifest.archiveSha256.slice("sha256:".length),
      signature: manifest.signature.slice("ed25519:".length),
      ...(signer && !ext && { certificate: canonicalize({ pubkey, signer })! }),
      ...(ext && { isOther: true }),
    },
  };
}

function sorted<T>(entries: Iterable<[string, T]>): [string, T][] {
  return [...entries].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
}

function certificatesOf(byName: ReadonlyMap<string, Listed>): Set<string> {
  const texts = new Set<string>();
  for (const { versions } of byName.values()) {
    for (const { certificate } of versions.values()) if (certificate) texts.add(certificate);
  }
  return texts;
}

/**
 * Writes an entry: SHA-256 of the archive (32 bytes), infohash (20), length and timestamp (8 each,
 * big-endian), signature (64), number of the certificate (1).
 */
function writeEntry(
  target: Uint8Array,
  at: number,
  { archiveSha256, btih, length, timestamp, signature, certificate, isOther }: Entry,
  numbers: ReadonlyMap<string, number>,
): void {
  const number = at + INDEX_ENTRY_BYTES - 1;
  if (isOther) {
    target[number] = NOT_IN_INDEX;
    return;
  }
  target.set(fromHex(archiveSha256)!, at);
  target.set(fromHex(btih)!, at + 32);
  const view = new DataView(target.buffer);
  view.setBigUint64(at + 52, BigInt(length));
  view.setBigUint64(at + 60, BigInt(timestamp));
  target.set(fromBase64(signature)!, at + 68);
  target[number] = certificate === undefined ? NO_CERTIFICATE : numbers.get(certificate)!;
}

/**
 * Returns for each piece of the lists the place in it where the first line begins, and the name of this
 * line; an empty text for a piece in which no line begins.
 */
function firstLines(names: readonly string[], lines: readonly Uint8Array[]): string[] {
  const first: string[] = [];
  let at = 0;
  for (const [index, line] of lines.entries()) {
    const piece = Math.floor(at / INDEX_PIECE_BYTES);
    first[piece] ??= `${at % INDEX_PIECE_BYTES} ${names[index]}`;
    at += line.length;
  }
  return Array.from(
    { length: Math.ceil(at / INDEX_PIECE_BYTES) },
    (_, piece) => first[piece] ?? "",
  );
}

/** Encodes the head: its lines, and line feeds up to a multiple of {@linkcode INDEX_PIECE_BYTES}. */
function headOf(counts: readonly number[], lines: readonly string[]): Uint8Array {
  const rest = utf8(lines.map((line) => `${line}\n`).join(""));
  for (let headBytes = INDEX_PIECE_BYTES;; headBytes += INDEX_PIECE_BYTES) {
    const first = utf8(`${[INDEX_MAGIC, headBytes, ...counts].join(" ")}\n`);
    if (first.length + rest.length > headBytes) continue;
    const head = new Uint8Array(headBytes).fill(LINE_FEED);
    head.set(first, 0);
    head.set(rest, first.length);
    return head;
  }
}
