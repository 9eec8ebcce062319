/**
 * Reads the index of a catalog (`catalog_index.ts`) in part. The caller fetches the ranges of bytes that
 * these functions name, and verifies them against the infohash in the publisher's signed record. The
 * publisher may be hostile all the same, so every number and name is checked before it is used.
 *
 * @module
 */

import {
  messageOf,
  NO_FLAGS,
  type PackageFlags,
  toBase64,
  toHex,
  tryFromUtf8,
} from "../../base/mod.ts";
import { formatPublicKey } from "../../identity/mod.ts";
import { PackageError } from "../errors.ts";
import { MAX_CATALOG_BYTES, MAX_CATALOG_LINES } from "./catalog.ts";
import { MAX_FLAG_LINE, parseFlagLine } from "./catalog_flags.ts";
import {
  INDEX_ENTRY_BYTES,
  INDEX_MAGIC,
  INDEX_PIECE_BYTES,
  MAX_INDEX_CERTIFICATES,
  NO_CERTIFICATE,
  NOT_IN_INDEX,
} from "./catalog_index.ts";
import {
  type MinimalManifest,
  parseMinimal,
  serializeMinimal,
  verifyMinimalSignature,
} from "./minimal_manifest.ts";
import { isValidName, isValidVersion } from "./names.ts";
import { CERTIFIED_PROTOCOL, PROTOCOL, type SignerFields, signingKeyOf } from "./signer_field.ts";

/** Maximum length of the head of an index (bytes); 4,096 pieces of names of 20 characters take 120 kB. */
const MAX_INDEX_HEAD_BYTES: number = 1 << 20;
/** Maximum length of the line of one package (bytes); 100,000 versions of 64 characters fit. */
const MAX_INDEX_LINE_BYTES: number = 8 << 20;

const LINE_FEED = 10;

/** A range of bytes in the index: `start` is in it, `end` is not. */
export interface IndexRange {
  start: number;
  end: number;
}

/** The first numbers of an index. */
export interface IndexSizes {
  headBytes: number;
  listBytes: number;
  certificates: number;
  entries: number;
}

/** Entry of an index about one package. */
export interface IndexedPackage {
  /** Versions in UTF-16 order; empty if the package has flags only. */
  versions: string[];
  flags: PackageFlags;
  /** Number of the first version's manifest. */
  firstEntry: number;
}

/** The first line that begins in a piece of the lists. */
interface FirstLine {
  /** Position in the index. */
  start: number;
  name: string;
}

/**
 * Reads the sizes in the first line of an index.
 *
 * @param beginning the first {@linkcode INDEX_PIECE_BYTES} bytes
 * @param lengthBytes length of the whole index
 * @throws {PackageError} `CATALOG_INVALID` (kind `verification`)
 */
export function indexSizes(beginning: Uint8Array, lengthBytes: number): IndexSizes {
  const line = tryFromUtf8(beginning.subarray(0, Math.max(beginning.indexOf(LINE_FEED), 0))) ?? "";
  const [magic, ...numbers] = line.split(" ");
  if (magic !== INDEX_MAGIC) throw invalid("does not begin as an index does");
  if (numbers.length !== 4 || !numbers.every((one) => /^(?:0|[1-9]\d{0,8})$/.test(one))) {
    throw invalid("has no four sizes");
  }
  const [headBytes, listBytes, certificates, entries] = numbers.map(Number) as [
    number,
    number,
    number,
    number,
  ];
  if (headBytes === 0 || headBytes % INDEX_PIECE_BYTES !== 0) {
    throw invalid("has a head of no piece");
  }
  if (headBytes > MAX_INDEX_HEAD_BYTES) throw invalid(`has a head of ${headBytes} bytes`);
  if (certificates > MAX_INDEX_CERTIFICATES) throw invalid(`has ${certificates} certificates`);
  if (entries > MAX_CATALOG_LINES) throw invalid(`has ${entries} manifests`);
  if (lengthBytes > MAX_CATALOG_BYTES) throw invalid(`has ${lengthBytes} bytes`);
  if (headBytes + listBytes + entries * INDEX_ENTRY_BYTES !== lengthBytes) {
    throw invalid(`has ${lengthBytes} bytes, and its sizes say otherwise`);
  }
  return { headBytes, listBytes, certificates, entries };
}

/** The head of an index: it leads from a name to the bytes of its line, and to its manifests. */
export class IndexHead {
  readonly #publicKey: Uint8Array;
  readonly #sizes: IndexSizes;
  readonly #certificates: SignerFields[];
  /** For each piece of the lists; `undefined` if no line begins in it. */
  readonly #first: (FirstLine | undefined)[];

  /**
   * Reads a head.
   *
   * @param bytes the head, without the lists
   * @param publicKey the key that signed the catalog, 32 bytes
   * @throws {PackageError} `CATALOG_INVALID` (kind `verification`)
   */
  constructor(bytes: Uint8Array, sizes: IndexSizes, publicKey: Uint8Array) {
    const { headBytes, listBytes, certificates } = sizes;
    this.#publicKey = publicKey;
    this.#sizes = sizes;
    const text = tryFromUtf8(bytes.subarray(0, headBytes));
    if (text === undefined || bytes.length < headBytes) throw invalid("has no whole head of UTF-8");
    const pieces = Math.ceil(listBytes / INDEX_PIECE_BYTES);
    // One more part than lines is kept: the filling, which is not split into millions of lines.
    const lines = text.split("\n", 1 + certificates + pieces + 1);
    if (lines.length < 1 + certificates + pieces + 1) throw invalid("has too short a head");
    this.#certificates = lines.slice(1, 1 + certificates).map((line) => signerOf(line, publicKey));
    this.#first = lines.slice(1 + certificates, 1 + certificates + pieces)
      .map((line, index) => firstLine(line, headBytes + index * INDEX_PIECE_BYTES));
    let before = "";
    for (const first of this.#first) {
      if (first && first.name <= before) {
        throw invalid("has names in its head that are not in order");
      }
      if (first && first.start >= headBytes + listBytes) {
        throw invalid("names a line beyond its lists");
      }
      before = first?.name ?? before;
    }
    if (pieces > 0 && this.#first[0]?.start !== headBytes) {
      throw invalid("has no line at the beginning of its lists");
    }
  }

  /**
   * Returns the bytes that hold a package's line, if the index has the package: the lines that begin in
   * one piece. `undefined` if the index does not have the package.
   */
  rangeOf(name: string): IndexRange | undefined {
    let [found, next] = [-1, this.#first.length];
    for (const [index, first] of this.#first.entries()) {
      if (!first) continue;
      if (first.name > name) {
        next = index;
        break;
      }
      found = index;
    }
    const { headBytes, listBytes } = this.#sizes;
    if (found === -1) return undefined;
    return {
      start: this.#first[found]!.start,
      end: this.#first[next]?.start ?? headBytes + listBytes,
    };
  }

  /**
   * Reads a package's line in the bytes of {@linkcode rangeOf}, or in the first of them.
   *
   * @returns `undefined` if the index does not have the package; `more` if that needs the rest of the bytes
   * @throws {PackageError} `CATALOG_INVALID` (kind `verification`)
   */
  read(bytes: Uint8Array, name: string): IndexedPackage | "more" | undefined {
    const range = this.rangeOf(name);
    if (!range) return undefined;
    const isWhole = bytes.length === range.end - range.start;
    let before = "";
    for (let at = 0; at < bytes.length;) {
      const end = bytes.indexOf(LINE_FEED, at);
      if (end === -1) {
        if (isWhole) throw invalid("has a line without an end");
        return "more";
      }
      const space = bytes.indexOf(0x20, at);
      const here = space === -1 || space > end ? undefined : tryFromUtf8(bytes.subarray(at, space));
      if (here === undefined || !isValidName(here)) throw invalid("has a line without a name");
      if (here <= before) throw invalid("has lines that are not in order");
      const isExpected = at > 0 ||
        this.#first.some((one) => one?.start === range.start && one.name === here);
      if (!isExpected) throw invalid(`has ${here} where its head names another package`);
      if (here === name) return this.#packageOf(bytes.subarray(space + 1, end), name);
      if (here > name) return undefined;
      before = here;
      at = end + 1;
    }
    return isWhole ? undefined : "more";
  }

  #packageOf(line: Uint8Array, name: string): IndexedPackage {
    if (line.length > MAX_INDEX_LINE_BYTES) throw invalid(`has a line of ${line.length} bytes`);
    const text = tryFromUtf8(line);
    if (text === undefined) throw invalid("is not UTF-8");
    const brace = text.indexOf(" {");
    const [first, ...versions] = (brace === -1 ? text : text.slice(0, brace)).split(" ");
    if (!/^(?:0|[1-9]\d{0,8})$/.test(first!)) {
      throw invalid(`says not where the manifests of ${name} are`);
    }
    const firstEntry = Number(first);
    if (firstEntry + versions.length > this.#sizes.entries) {
      throw invalid(`has more versions of ${name} than manifests`);
    }
    for (const [index, version] of versions.entries()) {
      if (!isValidVersion(version)) throw invalid(`has a version of ${name} that is none`);
      if (index > 0 && version <= versions[index - 1]!) {
        throw invalid(`has versions of ${name} that are not in order`);
      }
    }
    return {
      versions,
      firstEntry,
      flags: brace === -1 ? NO_FLAGS : flagsOf(text.slice(brace + 1), name),
    };
  }

  /** Returns the bytes that hold the manifest of a version; `undefined` if the package has no such version. */
  entryRange(of: IndexedPackage, version: string): IndexRange | undefined {
    const index = of.versions.indexOf(version);
    if (index === -1) return undefined;
    const { headBytes, listBytes } = this.#sizes;
    const start = headBytes + listBytes + (of.firstEntry + index) * INDEX_ENTRY_BYTES;
    return { start, end: start + INDEX_ENTRY_BYTES };
  }

  /**
   * Rebuilds a minimal manifest, and verifies its signature.
   *
   * @param entry the bytes of {@linkcode entryRange}
   * @returns `undefined` if the manifest is in the whole catalog only
   * @throws {PackageError} `CATALOG_INVALID` (kind `verification`)
   */
  manifestOf(entry: Uint8Array, name: string, version: string): MinimalManifest | undefined {
    if (entry.length !== INDEX_ENTRY_BYTES) throw invalid("ends in the middle of a manifest");
    const number = entry[INDEX_ENTRY_BYTES - 1]!;
    if (number === NOT_IN_INDEX) return undefined;
    const signer = number === NO_CERTIFICATE
      ? { protocol: PROTOCOL, pubkey: formatPublicKey(this.#publicKey) } as const
      : this.#certificates[number - 1];
    const what = `the manifest of ${name}@${version}`;
    if (!signer) throw invalid(`names a certificate for ${what} that it does not have`);
    const view = new DataView(entry.buffer, entry.byteOffset, entry.byteLength);
    let manifest: MinimalManifest;
    try {
      manifest = parseMinimal(serializeMinimal({
        ...signer,
        name,
        version,
        archiveSha256: `sha256:${toHex(entry.subarray(0, 32))}`,
        btih: toHex(entry.subarray(32, 52)),
        length: Number(view.getBigUint64(52)),
        timestamp: Number(view.getBigUint64(60)),
        signature: `ed25519:${toBase64(entry.subarray(68, 132))}`,
      }));
    } catch (cause) {
      throw invalid(`has no ${what}: ${messageOf(cause)}`, cause);
    }
    if (!verifyMinimalSignature(manifest)) {
      throw invalid(`has a signature in ${what} that does not hold`);
    }
    return manifest;
  }
}

function signerOf(line: string, publicKey: Uint8Array): SignerFields {
  let signer: SignerFields;
  try {
    const { pubkey, signer: certificate, ...rest } = JSON.parse(line);
    if (Object.keys(rest).length > 0) throw new Error("it has unknown fields");
    signer = { protocol: CERTIFIED_PROTOCOL, pubkey, signer: certificate };
    if (formatPublicKey(signingKeyOf(signer)) !== formatPublicKey(publicKey)) {
      throw new Error("it is of another key");
    }
  } catch (cause) {
    throw invalid(`has a certificate that cannot be read: ${messageOf(cause)}`, cause);
  }
  return signer;
}

function firstLine(line: string, pieceStart: number): FirstLine | undefined {
  if (line === "") return undefined;
  const found = /^(0|[1-9]\d{0,4}) (\S+)$/.exec(line);
  const offset = Number(found?.[1]);
  if (!found || offset >= INDEX_PIECE_BYTES || !isValidName(found[2]!)) {
    throw invalid("has a line in its head that is no place and name");
  }
  return { start: pieceStart + offset, name: found[2]! };
}

function flagsOf(text: string, name: string): PackageFlags {
  if (text.length > MAX_FLAG_LINE) throw invalid(`has flags of ${text.length} characters`);
  const read = parseFlagLine(text);
  if (read.name !== name) throw invalid(`has flags of ${read.name} in the line of ${name}`);
  return read.flags;
}

function invalid(why: string, cause?: unknown): PackageError {
  return new PackageError(
    "verification",
    "CATALOG_INVALID",
    `The index of the publisher's catalog ${why}`,
    { cause },
  );
}
