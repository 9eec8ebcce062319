/**
 * Reads the entries of a `.tgz` from untrusted bytes. All sizes are bounded, and any tar that
 * `pack` would not write is refused. `../verifying` compares the entries with the manifest.
 *
 * @module
 */

import { quote, verificationError } from "../errors.ts";
import { damaged, Inflated, type TarSource } from "./inflated.ts";
import {
  BLOCK_BYTES,
  checkPaxPair,
  isZero,
  maxPaxBytes,
  pathOfPax,
  PAX_NAME,
  readHeader,
  type TarHeader,
} from "./tar_header.ts";

/** A regular file in a tar. */
export interface TarEntry {
  /** The path in the tar, which is untrusted. */
  path: string;
  sizeBytes: number;
  /** Whether the mode is 0755 rather than 0644. */
  executable: boolean;
  /** All bytes of the file, if all are already in memory. */
  whole: Uint8Array | undefined;
  /** Yields exactly `sizeBytes` bytes. They have to be read before the next entry is requested. */
  contents(): AsyncIterable<Uint8Array>;
}

/**
 * Reads the entries of a `.tgz`. The gzip stream has to end at the archive's last byte, and the tar
 * has to end at the gzip stream's last byte.
 *
 * @returns the length of the tar in bytes, as the generator's return value
 * @throws {PackageError} kind `verification`, step `archive-limits`: `ARCHIVE_DAMAGED`,
 * `FILE_TYPE_REFUSED`, `HEADER_REFUSED`, `PATH_REFUSED`, `PATH_TOO_LONG`, `UNPACKED_TOO_LARGE`,
 * `RATIO_TOO_HIGH`
 * @throws any error of `chunks`, and the signal's reason if it is aborted
 */
export async function* readTar(source: TarSource): AsyncGenerator<TarEntry, number> {
  await using tar = new Inflated(source);
  await tar.skip(source.skippedBytes ?? 0);
  for (;;) {
    source.signal?.throwIfAborted();
    const block = tar.takeNow(BLOCK_BYTES) ?? await tar.take(BLOCK_BYTES);
    if (block[0] === 0 && isZero(block)) break;
    const expected = source.nextPath?.();
    const first = readHeader(block, expected);
    const isPax = first.type === "pax";
    const { path, header } = isPax
      ? await readPax(tar, first, source, expected)
      : { path: first.path, header: first };
    const entry = new Entry(tar, path, header);
    yield entry;
    if (entry.leftBytes > 0) throw new Error(`${path} was not read to its end`);
    const padding = paddingOf(header.sizeBytes);
    if (padding > 0) checkPadding(tar.takeNow(padding) ?? await tar.take(padding));
  }
  if (!isZero(await tar.take(BLOCK_BYTES))) {
    throw damaged("its tar ends with one block of zeros instead of two");
  }
  await tar.end();
  return tar.tarBytes;
}

/** The current tar entry, whose contents are read next. */
class Entry implements TarEntry {
  readonly path: string;
  readonly sizeBytes: number;
  readonly executable: boolean;
  readonly whole: Uint8Array | undefined;
  /** Number of bytes of the current entry's contents that have not been read yet. */
  leftBytes: number;
  readonly #tar: Inflated;

  constructor(tar: Inflated, path: string, { sizeBytes, executable }: TarHeader) {
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.executable = executable;
    this.whole = tar.takeNow(sizeBytes);
    this.leftBytes = this.whole === undefined ? sizeBytes : 0;
    this.#tar = tar;
  }

  // A method rather than a closure: the bundler defines the property `name` for each closure, which
  // would take a tenth of a verification's time.
  async *contents(): AsyncGenerator<Uint8Array> {
    if (this.whole !== undefined) yield this.whole;
    while (this.leftBytes > 0) {
      const part = await this.#tar.takeSome(this.leftBytes);
      this.leftBytes -= part.length;
      yield part;
    }
  }
}

/** Reads the path from a pax header, and the header of the file after it. */
async function readPax(
  tar: Inflated,
  pax: TarHeader,
  { limits }: TarSource,
  expected: string | undefined,
) {
  if (pax.sizeBytes > maxPaxBytes(limits.maxPathBytes)) {
    const message = `A path in the archive is longer than ${limits.maxPathBytes} bytes.`;
    throw verificationError("archive-limits", "PATH_TOO_LONG", message);
  }
  const path = pathOfPax(tar.takeNow(pax.sizeBytes) ?? await tar.take(pax.sizeBytes), expected);
  const padding = paddingOf(pax.sizeBytes);
  checkPadding(tar.takeNow(padding) ?? await tar.take(padding));
  const block = tar.takeNow(BLOCK_BYTES) ?? await tar.take(BLOCK_BYTES);
  if (isZero(block)) throw damaged(`the file ${quote(path)} is missing after its pax header`);
  const header = readHeader(block, PAX_NAME);
  checkPaxPair(pax, header, path);
  return { path, header };
}

/** Returns the number of padding bytes between contents and the next block. */
function paddingOf(sizeBytes: number): number {
  return -sizeBytes & (BLOCK_BYTES - 1);
}

function checkPadding(padding: Uint8Array): void {
  if (!isZero(padding)) throw damaged("the padding after a file has bytes other than zero");
}
