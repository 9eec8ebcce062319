/**
 * The files beside the key file of a home's signing key, which are no secret: its certificate, and the
 * publisher record that the root key has signed.
 *
 * @module
 */

import { equalBytes, messageOf } from "../base/mod.ts";
import {
  type Certificate,
  certificateFromJson,
  certificateToJson,
  invalidCertificate,
  verifyCertificate,
} from "./certificate.ts";
import { IdentityError } from "./errors.ts";
import type { PublicKey } from "./key_pair.ts";
import { formatPublicKey, parsePublicKey } from "./public_key_text.ts";

/**
 * Reads the certificate of a key. Returns `undefined` if there is no file: the key is its own identity.
 *
 * @throws {IdentityError} `CERTIFICATE_INVALID`, also if the certificate is for another key;
 * `CERTIFICATE_UNREADABLE`
 */
export async function readCertificate(
  path: string,
  publicKey: Uint8Array,
): Promise<Certificate | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw unreadable(`The certificate ${path} of this home's key`, path, cause);
  }
  const certificate = parseCertificateFile(text);
  if (equalBytes(certificate.key, publicKey)) return certificate;
  throw new IdentityError(
    "verification",
    "CERTIFICATE_INVALID",
    `The certificate ${path} is for another key than ${
      formatPublicKey(publicKey)
    }, which signs here. Have ` +
      `the root key certify this one: \`libreseed key certify ${formatPublicKey(publicKey)}\``,
    { detail: { path } },
  );
}

/** Maximum length of a publisher record's file, bytes; `src/records` has the form of its content. */
const MAX_RECORD_FILE_BYTES = 2048;

/**
 * Reads the file with a publisher record. Returns its bytes unchecked; `undefined` if there is no file.
 *
 * @throws {IdentityError} `CERTIFICATE_UNREADABLE`, also for a file of more than 2,048 bytes
 */
export async function readPublisherRecord(path: string): Promise<Uint8Array | undefined> {
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_RECORD_FILE_BYTES) throw new Error(`it has ${size} bytes`);
    return await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw unreadable(`The publisher record ${path}`, path, cause);
  }
}

function unreadable(what: string, path: string, cause: unknown): IdentityError {
  return new IdentityError(
    "failed",
    "CERTIFICATE_UNREADABLE",
    `${what} cannot be read: ${messageOf(cause)}`,
    { cause, detail: { path } },
  );
}

/**
 * Reads the certificate file of a home: one JSON object of at most 4,096 bytes with the fields of
 * {@linkcode CertificateJson} and `root`, the identity. Verifies the signature.
 *
 * @throws {IdentityError} `CERTIFICATE_INVALID`
 */
export function parseCertificateFile(text: string): Certificate {
  if (text.length > 4096) throw invalidCertificate("its file has more than 4,096 bytes");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidCertificate("its file is not JSON");
  }
  const { root, ...fields } = (value ?? {}) as Record<string, unknown>;
  const certificate = certificateFromJson(fields, parseRoot(root));
  if (verifyCertificate(certificate)) return certificate;
  throw invalidCertificate(`it is not signed by ${formatPublicKey(certificate.root)}`);
}

/** Writes a certificate as {@linkcode parseCertificateFile} reads it, with a line feed at the end. */
export function formatCertificateFile(certificate: Certificate): string {
  const json = { root: formatPublicKey(certificate.root), ...certificateToJson(certificate) };
  return JSON.stringify(json, undefined, 2) + "\n";
}

function parseRoot(text: unknown): PublicKey {
  try {
    if (typeof text === "string") return parsePublicKey(text);
  } catch {
    // The error below names the field.
  }
  throw invalidCertificate("root is not ed25519: and a key in base64");
}
