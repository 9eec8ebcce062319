/**
 * Fake secrets, assembled when a test runs, so that no literal in the sources looks like a
 * credential.
 *
 * @module
 */

import { createHash, generateKeyPairSync } from "node:crypto";

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const DIGITS = "0123456789";

/** Makes random-looking characters, the same in each run. */
export function made(length: number, alphabet: string): string {
  let text = "";
  for (let block = 0; text.length < length; block++) {
    for (const byte of createHash("sha256").update(`${alphabet} ${length} ${block}`).digest()) {
      text += alphabet[byte % alphabet.length];
    }
  }
  return text.slice(0, length);
}

export const alnum = (length: number) => made(length, LOWER + UPPER + DIGITS);
export const letters = (length: number) => made(length, LOWER + UPPER);
export const hex = (length: number) => made(length, "0123456789abcdef");
export const base64 = (length: number) => made(length, LOWER + UPPER + DIGITS + "+/");
export const urlSafe = (length: number) => made(length, LOWER + UPPER + DIGITS + "-_");
export const base32 = (length: number) => made(length, UPPER + "234567");
export const upper = (length: number) => made(length, UPPER + DIGITS);
export const lower = (length: number) => made(length, LOWER + DIGITS);
export const digits = (length: number) => made(length, DIGITS);
export const uuid = () => [hex(8), hex(4), "4" + hex(3), "a" + made(3, DIGITS), hex(12)].join("-");

/** Generates a private key in PEM. */
export function pem(
  type: "rsa" | "ec" | "ed25519",
  options: { format?: "pkcs1" | "sec1" | "pkcs8"; passphrase?: string } = {},
): string {
  const { format = "pkcs8", passphrase } = options;
  return keyOf(type).export({
    type: format as "pkcs8",
    format: "pem",
    ...(passphrase !== undefined && { cipher: "aes-256-cbc", passphrase }),
  }) as string;
}

/** Generates a private key in DER. */
export function der(
  type: "rsa" | "ec" | "ed25519",
  format: "pkcs1" | "sec1" | "pkcs8",
): Uint8Array {
  return new Uint8Array(keyOf(type).export({ type: format as "pkcs8", format: "der" }) as Buffer);
}

/** Generates the public half of a new key in PEM. */
export function publicPem(): string {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return publicKey.export({ type: "spki", format: "pem" }) as string;
}

function keyOf(type: "rsa" | "ec" | "ed25519") {
  if (type === "rsa") return generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
  if (type === "ec") return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  return generateKeyPairSync("ed25519").privateKey;
}

/** Makes an armoured key: base64 between a first and a last line. */
export function armour(label: string, headers: string[] = [], dashes = "-----"): string {
  const body = base64(400).match(/.{1,64}/g)!;
  const head = headers.length > 0 ? [...headers, ""] : [];
  return [
    `${dashes}BEGIN ${label}${dashes}`,
    ...head,
    ...body,
    `${dashes}END ${label}${dashes}`,
    "",
  ]
    .join("\n");
}

/** Makes a JSON Web Token from claims. */
export function jwt(claims: Record<string, unknown>): string {
  const part = (value: unknown) => btoa(JSON.stringify(value)).replace(/=+$/, "");
  return `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}.${urlSafe(43)}`;
}
