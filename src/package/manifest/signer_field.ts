/**
 * The fields of a manifest that say who signed it: `pubkey`, the publisher's identity, and `signer`,
 * the certificate by which the identity has another key sign for it. A manifest without `signer` is
 * signed by the identity itself and has the protocol `libreseed/1`.
 *
 * @module
 */

import * as v from "valibot";
import { isoTime, messageOf } from "../../base/mod.ts";
import {
  type Certificate,
  certificateFromJson,
  type CertificateJson,
  certificateToJson,
  coversName,
  coversTime,
  formatPublicKey,
  identityOf,
  parsePublicKey,
  type PublicKey,
  type Signer,
  verifyCertificate,
} from "../../identity/mod.ts";
import { PackageError } from "../errors.ts";

/** The value of the field `protocol` in a manifest that its identity has signed itself. */
export const PROTOCOL = "libreseed/1";
/** The value of the field `protocol` in a manifest that a certified key has signed. */
export const CERTIFIED_PROTOCOL = "libreseed/2";

/** The number in {@linkcode CERTIFIED_PROTOCOL}, the newest format that this program reads. */
const NEWEST_FORMAT = 2;

/** The formats of manifests that this program reads. */
export type Protocol = typeof PROTOCOL | typeof CERTIFIED_PROTOCOL;

/**
 * Throws `NEWER_FORMAT` if a text names a format that only newer programs know.
 *
 * @param what the thing that has the format, as the beginning of the message
 * @param protocol untrusted
 */
export function checkProtocol(what: string, protocol: string): void {
  const number = /^libreseed\/([1-9][0-9]{0,5})$/.exec(protocol)?.[1];
  if (number === undefined || Number(number) <= NEWEST_FORMAT) return;
  throw new PackageError(
    "failed",
    "NEWER_FORMAT",
    `${what} has the format ${protocol}, which a newer libreseed has written. This program reads formats up to ${CERTIFIED_PROTOCOL}; upgrade it.`,
    { detail: { protocol } },
  );
}

/** The fields of a manifest that say who signed it. */
export interface SignerFields {
  protocol: Protocol;
  /** The publisher's identity: `ed25519:` and 44 characters of base64. */
  pubkey: string;
  /** Certificate of the key that signed; absent if the identity's own key did. */
  signer?: CertificateJson;
}

/** Fields that later versions may add to a manifest; this version ignores them. */
export type Ext = Record<string, string | number | boolean>;

/**
 * Schema of the field `ext`: a JSON object of at most 1,024 characters, whose values are texts,
 * numbers or booleans. Objects in it are refused, because the reader of a full manifest finds the
 * field `files` by its first bytes, which an object in `ext` could have.
 */
export const extSchema = v.optional(v.custom<Ext>(
  (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) &&
    Object.values(value).every((one) => ["string", "number", "boolean"].includes(typeof one)) &&
    JSON.stringify(value).length <= 1024,
  "is no object of texts, numbers and booleans of at most 1,024 characters",
));

// The fields are checked together with `pubkey`, by `problemOfSigner`.
/** Schema of the field `signer`: any object. */
export const signerSchema = v.optional(v.custom<CertificateJson>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "is not an object",
));

/** Returns the fields by which a manifest names a signer. */
export function signerFields(signer: Pick<Signer, "publicKey" | "certificate">): SignerFields {
  const pubkey = formatPublicKey(identityOf(signer));
  return signer.certificate
    ? { protocol: CERTIFIED_PROTOCOL, pubkey, signer: certificateToJson(signer.certificate) }
    : { protocol: PROTOCOL, pubkey };
}

/**
 * Returns the certificate in a manifest; `undefined` if the identity's own key has signed.
 *
 * @param manifest a manifest that was read or made by this room, so that its fields have their form
 * @throws {IdentityError} `CERTIFICATE_INVALID`, `KEY_INVALID`
 */
export function certificateOf({ pubkey, signer }: SignerFields): Certificate | undefined {
  return signer && certificateFromJson(signer, parsePublicKey(pubkey));
}

/**
 * Returns the key that signed a manifest, 32 bytes. The DHT items of the package lie under it.
 *
 * @param manifest as of {@linkcode certificateOf}
 */
export function signingKeyOf({ pubkey, signer }: SignerFields): PublicKey {
  return parsePublicKey(signer?.key ?? pubkey);
}

/** Returns what is wrong with the form of `protocol`, `signer` and `ext` together, if anything is. */
export function problemOfSigner(
  manifest: SignerFields & { ext?: unknown },
): string | undefined {
  const isCertified = manifest.signer !== undefined;
  if (isCertified !== (manifest.protocol === CERTIFIED_PROTOCOL)) {
    return `signer belongs to ${CERTIFIED_PROTOCOL}, and to no other protocol`;
  }
  if (manifest.ext !== undefined && !isCertified) return `ext belongs to ${CERTIFIED_PROTOCOL}`;
  try {
    certificateOf(manifest);
  } catch (error) {
    return `signer: ${messageOf(error)}`;
  }
}

/**
 * Returns why a manifest's key may not sign it, without a full stop; `undefined` if it may. Does not
 * verify the manifest's own signature, and does not know of revocations.
 *
 * @param manifest as of {@linkcode certificateOf}. The time of a full manifest is no time of signing
 */
export function problemOfCertificate(
  manifest: SignerFields & { name: string },
  signedAtMs?: number,
): string | undefined {
  const certificate = certificateOf(manifest);
  if (!certificate) return undefined;
  const key = formatPublicKey(certificate.key);
  if (!verifyCertificate(certificate)) {
    return `${manifest.pubkey} has not certified the key ${key}`;
  }
  if (!coversName(certificate, manifest.name)) {
    return `the key ${key} may not sign ${manifest.name}, only ${certificate.names!.join(", ")}`;
  }
  if (signedAtMs !== undefined && !coversTime(certificate, signedAtMs)) {
    return `the key ${key} may sign from ${isoTime(certificate.fromMs)} to ${
      certificate.untilMs === undefined ? "any time" : isoTime(certificate.untilMs)
    }, and this is of ${isoTime(signedAtMs)}`;
  }
}
