/**
 * Recognizes archives of other programs by their first entry, to give advice in the error message.
 * Verifying libreseed's own archives is the task of `../verifying`.
 *
 * @module
 */

import { constants, gunzipSync } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { PackageError, verificationError } from "../errors.ts";
import { MANIFEST_PATH } from "../paths/mod.ts";

/**
 * Number of leading bytes of an archive that are inflated to find its first entry. They inflate to
 * at most 4 MB.
 */
const HEAD_BYTES = 4096;
/** Number of bytes of the inflated tar that are parsed to find the first entry. */
const HEAD_TAR_BYTES = 64 * 1024;

/**
 * Describes a gzipped tar of another program for people, with advice.
 *
 * @returns `undefined` for any other file, and for a missing file
 */
export async function foreignArchive(path: string): Promise<string | undefined> {
  const first = await firstEntry(path);
  if (first === undefined || first === MANIFEST_PATH) return undefined;
  // npm puts all entries of its tarballs into the directory `package`.
  const what = first.startsWith("package/") || first === "package"
    ? "a tarball of npm"
    : "a tarball without a manifest";
  return `${path} is ${what}, not an archive of libreseed: unpack it, then publish the directory.`;
}

/**
 * Throws if the archive was made by another program.
 *
 * @throws {PackageError} `ARCHIVE_FOREIGN`
 */
export async function refuseForeign(path: string): Promise<void> {
  const message = await foreignArchive(path);
  if (message === undefined) return;
  throw new PackageError("failed", "ARCHIVE_FOREIGN", message, { detail: { path } });
}

/**
 * Replaces the error for an archive without a manifest by a clearer error, if another program made
 * the archive.
 *
 * @param error the verification error, returned unchanged in all other cases
 */
export async function explainForeign(path: string, error: unknown): Promise<unknown> {
  const message = await foreignArchive(path);
  if (message === undefined) return error;
  return verificationError("full-manifest", "MANIFEST_MISSING", message, { cause: error });
}

/** Returns the path of the first entry; `undefined` if the leading bytes contain no entry. */
async function firstEntry(path: string): Promise<string | undefined> {
  const head = await readHead(path);
  if (head === undefined) return undefined;
  const tar = extract();
  try {
    // With Z_SYNC_FLUSH, zlib inflates the available bytes although the file is truncated.
    const inflated = gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
    return await new Promise<string | undefined>((resolve) => {
      tar.on("entry", ({ name }: Header, contents) => {
        // The entry's contents raise an error, because they are truncated. The error is ignored:
        // only the name of the entry is needed.
        contents.on("error", () => {});
        resolve(name);
      });
      tar.on("error", () => resolve(undefined));
      tar.on("close", () => resolve(undefined));
      tar.end(inflated.subarray(0, HEAD_TAR_BYTES));
    });
  } catch {
    // The file is not gzip, so it has no first entry.
    return undefined;
  } finally {
    tar.destroy();
  }
}

async function readHead(path: string): Promise<Uint8Array | undefined> {
  try {
    if (!(await Deno.stat(path)).isFile) return undefined;
    using file = await Deno.open(path);
    const head = new Uint8Array(HEAD_BYTES);
    return head.subarray(0, await file.read(head) ?? 0);
  } catch {
    // Ignore the error here: the caller reads the archive later and reports the error at that time.
    return undefined;
  }
}
