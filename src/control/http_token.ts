/**
 * The token of the HTTP API, in the file `http.token` of the home. Its holders may change what the daemon
 * does, so only the user of the home may read it.
 *
 * @module
 */

import { homePaths, toBase64 } from "../base/mod.ts";
import { writeFileAtomic } from "../store/mod.ts";
import { ControlError } from "./errors.ts";
import { readPrivateFile } from "./private_file.ts";

/** Random bytes of a token. */
const TOKEN_BYTES = 32;
/** Base64url of {@linkcode TOKEN_BYTES} bytes, without padding (RFC 4648, section 5). */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/**
 * Reads the token of a home.
 *
 * @returns 43 characters of base64url; `undefined` if there is no token yet
 * @throws {ControlError} `HTTP_TOKEN_INVALID` if the file has something else; those of
 * {@linkcode readPrivateFile}
 */
export async function readHttpToken(
  home: string,
  own?: number,
): Promise<string | undefined> {
  const { httpToken: path } = homePaths(home);
  const text = await readPrivateFile(path, "`libreseed token new` makes another one", own);
  if (text === undefined) return undefined;
  const token = text.trim();
  if (TOKEN.test(token)) return token;
  throw new ControlError(
    "failed",
    "HTTP_TOKEN_INVALID",
    `${path} has no token of libreseed in it. \`libreseed token new\` makes one`,
  );
}

/**
 * Makes a new token, and replaces the old one. A running daemon demands the new one from then on.
 *
 * @throws {StoreError} if the file cannot be written
 */
export async function newHttpToken(home: string): Promise<string> {
  const { httpToken, newHttpToken } = homePaths(home);
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  const token = toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  // A process that was killed may have left its file.
  await Deno.remove(newHttpToken).catch(() => {});
  await writeFileAtomic(httpToken, `${token}\n`, { mode: 0o600, temporaryPath: newHttpToken });
  return token;
}

/** Reads the token of a home, and makes one if there is none. Throws as {@linkcode readHttpToken}. */
export async function ensureHttpToken(home: string): Promise<string> {
  return await readHttpToken(home) ?? await newHttpToken(home);
}
