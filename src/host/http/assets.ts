/**
 * The files of the dashboard: the page at `/`, its script and its style sheet. They lie in a module that
 * `scripts/dashboard.ts` makes, and that is loaded with the first request for one of them. `page.ts` sends
 * them.
 *
 * @module
 */

import { brotliDecompressSync, gzipSync } from "node:zlib";
import { HostError } from "../errors.ts";
import { acceptsGzip } from "./answer.ts";

/** A file of the dashboard, as it is sent. */
export interface Asset {
  bytes: Uint8Array;
  /** Value of the header `content-type`. */
  contentType: string;
  /** Value of the header `etag`, with its quotes. It differs between encodings (RFC 9110, section 8.8.3). */
  etag: string;
  /** Value of the header `content-encoding`; absent if the bytes are the file itself. */
  encoding?: "gzip";
}

/** A file in the module that `scripts/dashboard.ts` makes. */
interface PackedFile {
  contentType: string;
  /** First 16 bytes of the file's SHA-256, hexadecimal. */
  hash: string;
  /** The file, compressed with brotli (RFC 7932). */
  brotli: Uint8Array;
}

/**
 * Returns the file at a path of the HTTP server, or `undefined` if the dashboard has none there.
 *
 * @param path the path of the request, without its query; `/` is the page itself
 * @param accepted the header `accept-encoding` of the request; without `gzip` in it, the file is sent
 * uncompressed
 * @throws {HostError} `DASHBOARD_MISSING`, in a checkout that is not bundled
 */
export async function assetOf(path: string, accepted = ""): Promise<Asset | undefined> {
  const files = await packedFiles();
  const file = Object.hasOwn(files, path) ? files[path] : undefined;
  if (file === undefined) return undefined;
  const { contentType, hash, brotli } = file;
  // Brotli keeps the program small. Browsers accept it only over TLS, so that gzip is sent.
  const bytes = new Uint8Array(brotliDecompressSync(brotli));
  return acceptsGzip(accepted)
    ? {
      ...{ bytes: new Uint8Array(gzipSync(bytes)), contentType },
      ...{ etag: `"${hash}-gzip"`, encoding: "gzip" },
    }
    : { bytes, contentType, etag: `"${hash}"` };
}

async function packedFiles(): Promise<Record<string, PackedFile>> {
  try {
    // Only the bundling makes the module, and a checkout without it passes the type check: `String` hides
    // the path from the compiler. `scripts/compile.ts` writes a literal in its place, because the program
    // file contains only modules that are named by literals.
    return (await import(String("../../../dist/dashboard/assets.js"))).files;
  } catch (cause) {
    throw new HostError(
      "failed",
      "DASHBOARD_MISSING",
      "The page at / cannot be loaded; run deno task bundle, if this is a checkout",
      { cause },
    );
  }
}
