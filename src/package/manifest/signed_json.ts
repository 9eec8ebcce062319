/**
 * Code shared by the full and the minimal manifest: their canonical byte form, and the signature
 * over all fields except `signature`. `full_schema.ts` and `minimal_manifest.ts` define the fields.
 *
 * @module
 */

import canonicalize from "canonicalize";
import * as v from "valibot";
import { fromBase64, fromUtf8, issueMessage, messageOf, toBase64, utf8 } from "../../base/mod.ts";
import {
  formatPublicKey,
  manifestPrefix,
  type ManifestStatement,
  parsePublicKey,
  type Signer,
  verifySignature,
} from "../../identity/mod.ts";
import { PackageError } from "../errors.ts";
import { isSha256 } from "./content_hash.ts";
import { isValidName, isValidVersion } from "./names.ts";
import {
  CERTIFIED_PROTOCOL,
  checkProtocol,
  extSchema,
  problemOfCertificate,
  problemOfSigner,
  PROTOCOL,
  type SignerFields,
  signerFields,
  signerSchema,
  signingKeyOf,
} from "./signer_field.ts";

const SIGNATURE_PREFIX = "ed25519:";
const SIGNATURE_BYTES = 64;

/** The fields that full and minimal manifests have in common. */
interface Signed extends SignerFields {
  name: string;
  signature: string;
}

/** The fields of a manifest before signing. {@linkcode signFields} adds the other fields. */
export type Unsigned<T> = Omit<T, "protocol" | "pubkey" | "signature" | "signer">;

/** A kind of manifest (full or minimal): its name and its schema. */
export interface ManifestKind<T extends Signed> {
  /** Name of the kind in messages, and as the kind of a statement that is signed. */
  label: ManifestStatement["kind"];
  schema: v.GenericSchema<unknown, T>;
  /** Returns the time of signing that a manifest claims, Unix milliseconds, if it claims one. */
  signedAtMs(manifest: T): number | undefined;
}

/** Schemas of the fields that full and minimal manifests have in common. */
export const commonFields = {
  protocol: v.picklist(
    [PROTOCOL, CERTIFIED_PROTOCOL],
    `protocol has to be "${PROTOCOL}" or "${CERTIFIED_PROTOCOL}"`,
  ),
  name: v.pipe(v.string(), v.check(isValidName, "is not a package name")),
  version: v.pipe(v.string(), v.check(isValidVersion, "is not a version")),
  pubkey: v.pipe(v.string(), v.check(isFormattedKey, "is not ed25519: and a key in base64")),
  signer: signerSchema,
  ext: extSchema,
  signature: v.pipe(
    v.string(),
    v.check(
      (text) => decodeSignature(text) !== undefined,
      "is not ed25519: and 64 bytes in base64",
    ),
  ),
};

/** Schema of a hash: `sha256:` and 64 lower-case hexadecimal digits. */
export const sha256Schema = v.pipe(v.string(), v.check(isSha256, "is not sha256: and 64 digits"));

/** Schema of a timestamp: Unix time in milliseconds. */
export const timestampSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/**
 * Serializes a manifest as canonical JSON (RFC 8785) and a line feed, the only form that readers
 * accept.
 */
export function serialize(manifest: object): string {
  return canonicalize(manifest)! + "\n";
}

/** Returns a value as canonical JSON (RFC 8785). */
export function canonicalJson(value: object): string {
  return canonicalize(value)!;
}

/** Signs the fields of a manifest, and validates the result as a reader would. */
export async function signFields<T extends Signed>(
  kind: ManifestKind<T>,
  fields: Unsigned<T>,
  signer: Signer,
): Promise<T> {
  const unsigned = { ...fields, ...signerFields(signer) };
  let json: Uint8Array;
  try {
    json = utf8(canonicalize(unsigned)!);
  } catch (cause) {
    throw invalid(kind, "usage", messageOf(cause), cause);
  }
  const signature = SIGNATURE_PREFIX + toBase64(await signer.sign({ kind: kind.label, json }));
  const manifest = validate(kind, withoutUndefined({ ...unsigned, signature }), "usage");
  const problem = problemOfCertificate(manifest, kind.signedAtMs(manifest));
  if (problem === undefined) return manifest;
  throw new PackageError(
    "failed",
    "KEY_NOT_CERTIFIED",
    `The ${kind.label} cannot be signed here: ${problem}. Ask the owner of the root key for another certificate`,
  );
}

/** Whether the manifest is valid and signed by the key that it names. Never throws. */
export function verifyFields<T extends Signed>(kind: ManifestKind<T>, manifest: T): boolean {
  try {
    const valid = validate(kind, manifest, "verification");
    const { signature: _, ...unsigned } = valid;
    return isSignedBy(kind, valid, signedBytes(kind, unsigned));
  } catch {
    return false;
  }
}

/**
 * Whether the signature of a valid manifest matches its key and the given signed bytes, and its
 * identity allows the key to sign it.
 */
export function isSignedBy<T extends Signed>(
  kind: ManifestKind<T>,
  manifest: T,
  bytes: Uint8Array,
): boolean {
  return verifySignature(signingKeyOf(manifest), bytes, decodeSignature(manifest.signature)!) &&
    problemOfCertificate(manifest, kind.signedAtMs(manifest)) === undefined;
}

/**
 * Reads a manifest. Accepts only the bytes that {@linkcode serialize} writes, so that two readers
 * cannot interpret a repeated key, a byte order mark or a space differently.
 */
export function parseManifest<T extends Signed>(
  kind: ManifestKind<T>,
  input: Uint8Array | string,
  maxBytes: number,
): T {
  // For a string, `length` counts UTF-16 code units. UTF-8 never has fewer bytes than UTF-16 has
  // code units, so a string that is too long by this check is too long in UTF-8 too.
  checkLength(kind, input.length, maxBytes);
  let text: string;
  let value: unknown;
  try {
    text = typeof input === "string" ? input : fromUtf8(input);
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(kind, "verification", "it is not JSON in UTF-8", cause);
  }
  const manifest = validate(kind, value, "verification");
  if (serialize(manifest) !== text) {
    throw invalid(kind, "verification", "it is not in canonical form (RFC 8785 and a line feed)");
  }
  return manifest;
}

/** Throws if a manifest is too long, before it is parsed. */
export function checkLength<T extends Signed>(
  { label }: ManifestKind<T>,
  lengthBytes: number,
  maxBytes: number,
): void {
  if (lengthBytes <= maxBytes) return;
  const message = `The ${label} has ${lengthBytes} bytes; at most ${maxBytes} are read.`;
  throw new PackageError("verification", "MANIFEST_TOO_LARGE", message);
}

function validate<T extends Signed>(
  kind: ManifestKind<T>,
  value: unknown,
  errorKind: "usage" | "verification",
): T {
  checkFormat(kind, value);
  const result = v.safeParse(kind.schema, value, { abortEarly: true });
  if (result.success) {
    const problem = problemOfSigner(result.output);
    if (problem !== undefined) throw invalid(kind, errorKind, problem);
    return result.output;
  }
  const issue = result.issues[0];
  // The message names only the top-level field. The names of nested fields could include the path
  // of a file, which is untrusted text of any length.
  const field = issue.path?.[0]?.key;
  const where = typeof field === "string" && /^[a-zA-Z]{1,20}$/.test(field) ? `${field}: ` : "";
  throw invalid(kind, errorKind, where + issueMessage(issue).slice(0, 600));
}

/**
 * Throws `NEWER_FORMAT` if a manifest names a format that only newer programs know.
 *
 * @param value untrusted
 */
function checkFormat({ label }: { label: string }, value: unknown): void {
  const protocol = (value as { protocol?: unknown } | null | undefined)?.protocol;
  if (typeof protocol === "string") checkProtocol(`The ${label}`, protocol);
}

/**
 * Makes a `MANIFEST_INVALID` error.
 *
 * @param why the reason, without a full stop
 */
export function invalid<T extends Signed>(
  kind: ManifestKind<T>,
  errorKind: "usage" | "verification",
  why: string,
  cause?: unknown,
): PackageError {
  const message = `The ${kind.label} is not valid: ${why}.`;
  return new PackageError(errorKind, "MANIFEST_INVALID", message, { cause });
}

function signedBytes<T extends Signed>(kind: ManifestKind<T>, unsigned: object): Uint8Array {
  return utf8(manifestPrefix(kind.label) + canonicalize(unsigned));
}

function decodeSignature(text: string): Uint8Array | undefined {
  if (!text.startsWith(SIGNATURE_PREFIX)) return undefined;
  const bytes = fromBase64(text.slice(SIGNATURE_PREFIX.length));
  return bytes?.length === SIGNATURE_BYTES ? bytes : undefined;
}

function isFormattedKey(text: string): boolean {
  try {
    return formatPublicKey(parsePublicKey(text)) === text;
  } catch {
    return false;
  }
}

function withoutUndefined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
