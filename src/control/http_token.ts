/**
 * The token of the HTTP API, in the file `http.token` of the home. Its holders may change what the daemon
 * does, so only the user of the home may read it.
 *
 * @module
 */

import { homePaths, toBase64 } from "../base/mod.ts";
import { rootOwnedHint, writeFileAtomic } from "../store/mod.ts";
import { ControlError } from "./errors.ts";
import { isStrangers, ownUid } from "./ownership.ts";

/** Random bytes of a token. */
const TOKEN_BYTES = 32;
/** Base64url of {@linkcode TOKEN_BYTES} bytes, without padding (RFC 4648, section 5). */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;
/** Permission bits of the group and of others. */
const OTHERS = 0o077;

/**
 * Reads the token of a home.
 *
 * @returns 43 characters of base64url; `undefined` if there is no token yet
 * @throws {ControlError} `HTTP_TOKEN_UNSAFE` if another user owns the file or may read it,
 * `HTTP_TOKEN_INVALID` if the file has something else
 */
export async function readHttpToken(
  home: string,
  own: number | undefined = ownUid(),
): Promise<string | undefined> {
  const { httpToken: path } = homePaths(home);
  let text: string;
  try {
    const { isFile, uid, mode } = await Deno.lstat(path);
    if (!isFile) throw unsafe(path, "is not a file", `Delete it`);
    if (isStrangers(uid, own)) {
      throw unsafe(path, `belongs to user ${uid}`, "Delete it if you do not know why");
    }
    if (mode !== null && (mode & OTHERS) !== 0) {
      const advice = `Others may have read it: \`libreseed token new\` makes another`;
      throw unsafe(path, "can be read by other users", advice);
    }
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof ControlError) throw error;
    throw new ControlError(
      "failed",
      "HTTP_TOKEN_UNREADABLE",
      `${path} cannot be read${rootOwnedHint(path) || `: ${(error as Error).message}`}`,
      { cause: error },
    );
  }
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

function unsafe(path: string, what: string, advice: string): ControlError {
  return new ControlError(
    "failed",
    "HTTP_TOKEN_UNSAFE",
    `${path} ${what}, so its token is not used. ${advice}`,
    { detail: { path } },
  );
}
