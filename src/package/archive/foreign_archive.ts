/**
 * Tells archives of other programs from our own by their first entry, to say what to do with them.
 * Whether one of our own is sound is `verify.ts`'s business.
 *
 * @module
 */

import { constants, gunzipSync } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { PackageError, verificationError } from "../errors.ts";
import { MANIFEST_PATH } from "../paths/mod.ts";

/** How much of an archive is inflated to find its first entry: at most a thousand times that comes out. */
const HEAD_BYTES = 4096;
/** How much of the tar is read for it. */
const HEAD_TAR_BYTES = 64 * 1024;

/**
 * What a gzipped tar is that was not made by libreseed, with what to do about it; `undefined` for all
 * other files, a missing one too.
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
 * What to say of an archive in which no manifest was found: where it is another program's, that.
 *
 * @param error what verifying it threw
 */
export async function explainForeign(path: string, error: unknown): Promise<unknown> {
  const message = await foreignArchive(path);
  if (message === undefined) return error;
  return verificationError("full-manifest", "MANIFEST_MISSING", message, { cause: error });
}

/** The path of the first entry; `undefined` if there is none within the first bytes. */
async function firstEntry(path: string): Promise<string | undefined> {
  const head = await readHead(path);
  if (head === undefined) return undefined;
  const tar = extract();
  try {
    // What was cut off is not waited for: all that is there is inflated.
    const inflated = gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
    return await new Promise<string | undefined>((resolve) => {
      tar.on("entry", ({ name }: Header, contents) => {
        // They are cut off, which they say too.
        contents.on("error", () => {});
        resolve(name);
      });
      tar.on("error", () => resolve(undefined));
      tar.on("close", () => resolve(undefined));
      tar.end(inflated.subarray(0, HEAD_TAR_BYTES));
    });
  } catch {
    // No gzip.
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
    // Reading it in earnest says what is wrong.
    return undefined;
  }
}
