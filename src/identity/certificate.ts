/**
 * Certificates: a publisher's root key states that another key, the signing key, signs for it. The
 * root key is the publisher's identity and stays off the machine; signing keys can be replaced.
 *
 * The signature of a certificate is Ed25519 by the root key over `libreseed:certificate:v2`, a line
 * feed, and the bencoded dictionary of `f` from, `k` signing key, `n` names (optional), `r` root key,
 * `u` until (optional). Manifests and the key file's directory hold certificates as JSON, DHT records
 * as bencoded dictionaries; `src/records` encodes the latter.
 *
 * This file does not know revocations: a certificate stays valid for ever, and `src/trust` decides
 * whether its key is still accepted.
 *
 * @module
 */

import { fromBase64, toBase64 } from "../base/mod.ts";
import { IdentityError } from "./errors.ts";
import { PUBLIC_KEY_BYTES, type PublicKey, SIGNATURE_BYTES, verifySignature } from "./key_pair.ts";
import { formatPublicKey } from "./public_key_text.ts";
import { areNamePatterns, matchesName } from "./name_patterns.ts";
import { type CertificateStatement, statementBytes } from "./statement.ts";

/**
 * Tolerance for clocks that differ (ms): a time counts as covered by a certificate up to 10 minutes
 * before its beginning and after its end.
 */
export const CLOCK_TOLERANCE_MS = 10 * 60_000;

/** A signed statement that a key signs for an identity. */
export interface Certificate {
  /** The identity: Ed25519 public key of the root, 32 bytes. */
  root: PublicKey;
  /** The certified signing key: Ed25519 public key, 32 bytes. */
  key: PublicKey;
  /** Beginning of the time in which the key may sign, Unix milliseconds. */
  fromMs: number;
  /** End of the time in which the key may sign, Unix milliseconds; absent for no end. */
  untilMs?: number;
  /** Patterns of the package names that the key may sign; absent for all names. */
  names?: readonly string[];
  /** Signature by the root key, 64 bytes. */
  signature: Uint8Array;
}

/** The JSON form of a certificate, without the root key, which stands beside it. */
export interface CertificateJson {
  /** As {@linkcode Certificate.fromMs}. */
  from: number;
  /** The signing key: `ed25519:` and 44 characters of base64. */
  key: string;
  /** As {@linkcode Certificate.names}. */
  names?: string[];
  /** `ed25519:` and 88 characters of base64. */
  signature: string;
  /** As {@linkcode Certificate.untilMs}. */
  until?: number;
}

const SIGNATURE_PREFIX = "ed25519:";
const JSON_KEYS = new Set(["from", "key", "names", "signature", "until"]);

/** Whether the root key signed the certificate, and its fields keep their rules. Never throws. */
export function verifyCertificate(certificate: Certificate): boolean {
  const { root, signature } = certificate;
  try {
    return verifySignature(root, statementBytes(statementOf(certificate), root), signature);
  } catch {
    // No root key signs a statement with such a field, so the signature is invalid.
    return false;
  }
}

/** Whether the certified key may sign packages of this name. */
export function coversName({ names }: Pick<Certificate, "names">, name: string): boolean {
  return names === undefined || names.some((pattern) => matchesName(pattern, name));
}

/**
 * Whether a time lies within the certificate's, give or take {@linkcode CLOCK_TOLERANCE_MS}.
 *
 * @param atMs time that something claims to have been signed at, Unix milliseconds
 */
export function coversTime(
  { fromMs, untilMs = Infinity }: Pick<Certificate, "fromMs" | "untilMs">,
  atMs: number,
): boolean {
  return fromMs - CLOCK_TOLERANCE_MS <= atMs && atMs <= untilMs + CLOCK_TOLERANCE_MS;
}

/** Returns the statement that the root key signs for a certificate. */
export function statementOf(
  { key, fromMs, untilMs, names }: Omit<Certificate, "root" | "signature">,
): CertificateStatement {
  return {
    kind: "certificate",
    key,
    fromMs,
    ...(untilMs !== undefined && { untilMs }),
    ...(names && { names }),
  };
}

/** Converts a certificate to its JSON form. */
export function certificateToJson(
  { key, fromMs, untilMs, names, signature }: Certificate,
): CertificateJson {
  return {
    from: fromMs,
    key: formatPublicKey(key),
    ...(names && { names: [...names] }),
    signature: SIGNATURE_PREFIX + toBase64(signature),
    ...(untilMs !== undefined && { until: untilMs }),
  };
}

/**
 * Reads the JSON form of a certificate. Does not verify the signature.
 *
 * @param value untrusted
 * @param root the root key that stands beside the certificate, 32 bytes
 * @throws {IdentityError} `CERTIFICATE_INVALID` (kind verification) with the wrong field in the message
 */
export function certificateFromJson(value: unknown, root: PublicKey): Certificate {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidCertificate("it is no object");
  }
  const unknown = Object.keys(value).find((key) => !JSON_KEYS.has(key));
  if (unknown !== undefined) throw invalidCertificate("it has an unknown field");
  const { from, key, names, signature, until } = value as Record<string, unknown>;
  if (!isTime(from)) throw invalidCertificate("from is no time in Unix milliseconds");
  if (until !== undefined && !(isTime(until) && until >= from)) {
    throw invalidCertificate("until is no time that follows from");
  }
  if (names !== undefined && !areNamePatterns(names)) {
    throw invalidCertificate("names is no sorted list of 1 to 8 name patterns");
  }
  return {
    root,
    key: readBytes(key, PUBLIC_KEY_BYTES, "key"),
    fromMs: from,
    ...(until !== undefined && { untilMs: until }),
    ...(names && { names }),
    signature: readBytes(signature, SIGNATURE_BYTES, "signature"),
  };
}

/** Reads `ed25519:` and base64, in the one form that is written. */
function readBytes(text: unknown, lengthBytes: number, field: string): Uint8Array {
  if (typeof text === "string" && text.startsWith(SIGNATURE_PREFIX)) {
    const base64 = text.slice(SIGNATURE_PREFIX.length);
    const bytes = fromBase64(base64);
    if (bytes?.length === lengthBytes && toBase64(bytes) === base64) return bytes;
  }
  throw invalidCertificate(`${field} is not ed25519: and ${lengthBytes} bytes in base64`);
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
}

/** Creates the error `CERTIFICATE_INVALID`. */
export function invalidCertificate(why: string): IdentityError {
  return new IdentityError(
    "verification",
    "CERTIFICATE_INVALID",
    `The certificate is not valid: ${why}`,
  );
}
