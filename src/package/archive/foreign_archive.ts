/**
 * Recognizes archives of other programs by their first entry, to say what to do with them.
 * Verifying our own archives is `../verifying`.
 *
 * @module
 */

import { constants, gunzipSync } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { PackageError, verificationError } from "../errors.ts";
import { MANIFEST_PATH } from "../paths/mod.ts";

/** Bytes of an archive that are inflated to find its first entry. They inflate to 4 MB at most. */
const HEAD_BYTES = 4096;
/** Bytes of the inflated tar that are parsed to find the first entry. */
const HEAD_TAR_BYTES = 64 * 1024;

/**
 * Describes a gzipped tar of another program, and says what to do with it, for people.
 *
 * @returns `undefined` for any other file, and for a missing one
 */
export async function foreignArchive(path: string): Promise<string | undefined> {
  const first = await firstEntry(path);
  if (first === undefined || first === MANIFEST_PATH) return undefined;
  // npm puts all entries of its tarballs below this directory.
  const what = first.startsWith("package/") || first === "package"
    ? "a tarball of npm"
    : "a tarball without a manifest";
  return `${path} is ${what}, not an archive of libreseed: unpack it, then publish the directory.`;
}

/**
 * Refuses an archive of another program.
 *
 * @throws {PackageError} `ARCHIVE_FOREIGN`
 */
export async function refuseForeign(path: string): Promise<void> {
  const message = await foreignArchive(path);
  if (message === undefined) return;
  throw new PackageError("failed", "ARCHIVE_FOREIGN", message, { detail: { path } });
}

/**
 * Returns a better error for an archive without a manifest, if another program made the archive.
 *
 * @param error the error of verifying it, which is returned otherwise
 */
export async function explainForeign(path: string, error: unknown): Promise<unknown> {
  const message = await foreignArchive(path);
  if (message === undefined) return error;
  return verificationError("full-manifest", "MANIFEST_MISSING", message, { cause: error });
}

/** The path of the first entry; `undefined` if the first bytes hold none. */
async function firstEntry(path: string): Promise<string | undefined> {
  const head = await readHead(path);
  if (head === undefined) return undefined;
  const tar = extract();
  try {
    // Z_SYNC_FLUSH: inflate the bytes that are there, although the file is cut off.
    const inflated = gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
    return await new Promise<string | undefined>((resolve) => {
      tar.on("entry", ({ name }: Header, contents) => {
        // The contents are cut off and report an error, which does not matter here.
        contents.on("error", () => {});
        resolve(name);
      });
      tar.on("error", () => resolve(undefined));
      tar.on("close", () => resolve(undefined));
      tar.end(inflated.subarray(0, HEAD_TAR_BYTES));
    });
  } catch {
    // Not gzip.
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
    // The caller reads the archive later and gets the error then.
    return undefined;
  }
}
