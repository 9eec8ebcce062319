/**
 * The entries of a `.tgz`, from bytes that may be a stranger's: bounded in every direction, refusing
 * all that `pack` does not write. What the entries should be is `verify.ts`'s business.
 *
 * @module
 */

import { quote, verificationError } from "./errors.ts";
import { damaged, Inflated, type TarSource } from "./inflated.ts";
import {
  BLOCK_BYTES,
  checkPaxPair,
  isZero,
  maxPaxBytes,
  readHeader,
  readPax,
  type TarHeader,
} from "./tar_header.ts";

/** A regular file in a tar. */
export interface TarEntry {
  /** As it is in the tar: a stranger's. */
  path: string;
  sizeBytes: number;
  /** Whether everybody may execute it. */
  executable: boolean;
  /** All of its bytes, if they are in memory already. */
  whole: Uint8Array | undefined;
  /** Exactly `sizeBytes`. Has to be read to its end before the next entry is asked for. */
  contents: () => AsyncIterable<Uint8Array>;
}

/**
 * Reads a `.tgz`. The gzip file has to fill the archive to its last byte, and the tar the gzip file.
 *
 * @returns by way of the generator's return value, the bytes of tar
 * @throws {PackageError} kind `verification`, step `archive-limits`: `ARCHIVE_DAMAGED`,
 * `FILE_TYPE_REFUSED`, `HEADER_REFUSED`, `PATH_REFUSED`, `PATH_TOO_LONG`, `UNPACKED_TOO_LARGE`,
 * `RATIO_TOO_HIGH`; whatever `chunks` throws, or aborted the signal
 */
export async function* readTar(source: TarSource): AsyncGenerator<TarEntry, number> {
  await using tar = new Inflated(source);
  for (;;) {
    source.signal?.throwIfAborted();
    const block = tar.takeNow(BLOCK_BYTES) ?? await tar.take(BLOCK_BYTES);
    if (block[0] === 0 && isZero(block)) break;
    const { path, header } = await readPath(tar, readHeader(block), source);
    const { sizeBytes, executable } = header;
    const whole = tar.takeNow(sizeBytes);
    let left = whole === undefined ? sizeBytes : 0;
    const contents = async function* (): AsyncGenerator<Uint8Array> {
      if (whole !== undefined) yield whole;
      while (left > 0) {
        const part = await tar.takeSome(left);
        left -= part.length;
        yield part;
      }
    };
    yield { path, sizeBytes, executable, whole, contents };
    if (left > 0) throw new Error(`${path} was not read to its end`);
    await skipPadding(tar, sizeBytes);
  }
  if (!isZero(await tar.take(BLOCK_BYTES))) throw damaged("one block of zeros ends no tar");
  await tar.end();
  return tar.tarBytes;
}

/** The path of a file and its own header, where the first one may be of pax. */
async function readPath(tar: Inflated, first: TarHeader, { limits }: TarSource) {
  if (first.type === "file") return { path: first.path, header: first };
  if (first.sizeBytes > maxPaxBytes(limits.maxPathBytes)) {
    const message = `A path in the archive is longer than ${limits.maxPathBytes} bytes.`;
    throw verificationError("archive-limits", "PATH_TOO_LONG", message);
  }
  const path = readPax(await tar.take(first.sizeBytes));
  await skipPadding(tar, first.sizeBytes);
  const block = await tar.take(BLOCK_BYTES);
  if (isZero(block)) throw damaged(`the file ${quote(path)} is missing after its pax header`);
  const header = readHeader(block);
  checkPaxPair(first, header, path);
  return { path, header };
}

/** Contents end with a block, and zeros fill it. */
async function skipPadding(tar: Inflated, sizeBytes: number): Promise<void> {
  const length = -sizeBytes & (BLOCK_BYTES - 1);
  if (length === 0) return;
  const padding = tar.takeNow(length) ?? await tar.take(length);
  if (!isZero(padding)) throw damaged("something else than zeros follows the contents of a file");
}
