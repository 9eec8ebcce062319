/**
 * The signature of webhooks, by the specification Standard Webhooks 1.0.0: HMAC-SHA-256 (RFC 2104) over id,
 * timestamp and body, with a secret that sender and receiver share.
 *
 * @module
 */

import { createHmac } from "node:crypto";
import { readPrivateFile } from "../../control/mod.ts";
import { HostError } from "../errors.ts";

/** Length of a new secret, bytes. */
const SECRET_BYTES = 32;
/** Text form of a secret: a prefix, and 24 to 64 bytes in Base64 (RFC 4648, section 4). */
const SECRET = /^whsec_([A-Za-z0-9+/]{32,86}={0,2})\s*$/;

/** The parts of a webhook that are signed. */
export interface Signed {
  /** Id of the message; the same in each attempt to deliver it. Has no full stop. */
  id: string;
  /** Time of the attempt, Unix seconds. */
  timestampS: number;
  body: Uint8Array;
}

/** Returns the fields of the request's head that let a receiver check a message. */
export function signedFields(
  secret: Uint8Array,
  { id, timestampS, body }: Signed,
): Record<string, string> {
  const mac = createHmac("sha256", secret).update(`${id}.${timestampS}.`).update(body);
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestampS),
    "webhook-signature": `v1,${mac.digest("base64")}`,
  };
}

/**
 * Returns the bytes of a secret.
 *
 * @throws {HostError} `WEBHOOK_SECRET_INVALID` (kind `failed`)
 */
export function parseSecret(text: string, path: string): Uint8Array {
  const [, base64] = SECRET.exec(text) ?? [];
  try {
    if (base64 !== undefined) return Uint8Array.fromBase64(base64);
  } catch {
    // The text has a length that no Base64 has.
  }
  throw new HostError(
    "failed",
    "WEBHOOK_SECRET_INVALID",
    `${path} has no secret: it must be whsec_ and 24 to 64 bytes in Base64. Delete the file, and a new secret is made`,
  );
}

/**
 * Reads the secret of a home. Makes a random one at the first call, in a file that only its owner may read.
 *
 * @param path absolute path of the file
 * @throws {HostError} `WEBHOOK_SECRET_INVALID`
 * @throws {ControlError} as {@linkcode readPrivateFile}
 */
export async function readSecret(path: string): Promise<Uint8Array> {
  const known = await readPrivateFile(
    path,
    "`chmod 600` it if nobody else has read it; once it is deleted, the next start makes another one",
  );
  // A process that was killed as it made the file has left it empty.
  if (known) return parseSecret(known, path);
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  await Deno.writeTextFile(path, `whsec_${bytes.toBase64()}\n`, { mode: 0o600 });
  return bytes;
}
