/**
 * The closed set of statements that a publisher's key signs, and the bytes of each. A signer builds
 * these bytes itself, so that a caller cannot have bytes of its own choice signed.
 *
 * The bytes of a statement begin with a prefix that only its kind has, and no prefix is the
 * beginning of another:
 *
 * | kind | bytes |
 * | --- | --- |
 * | `full manifest` | `libreseed:full-manifest:v1`, a line feed, canonical JSON (RFC 8785) |
 * | `minimal manifest` | `libreseed:minimal-manifest:v1`, a line feed, canonical JSON |
 * | `record` | `4:salt…3:seqi…e1:v…`, without the first pair if the salt is empty (BEP 44) |
 * | `name entry` | `libreseed:name-index-entry:v1`, or `v2` for an identity, a line feed, a bencoded dictionary (BEP 3) |
 * | `certificate` | `libreseed:certificate:v2`, a line feed, a bencoded dictionary; a root key signs it |
 * | `release sums` | `libreseed:release-sums:v1`, a line feed, the lines of a release's `SHA256SUMS` |
 *
 * Left to other folders: the content of the JSON and of a record's value.
 *
 * @module
 */

import { concatBytes, utf8 } from "../base/mod.ts";
import { IdentityError } from "./errors.ts";
import { areNamePatterns } from "./name_patterns.ts";

/** Maximum length of a record's value in bytes (BEP 44). */
const MAX_VALUE_BYTES = 1000;
/** Maximum length of a record's salt in bytes (BEP 44). */
const MAX_SALT_BYTES = 64;
/**
 * Maximum length of a manifest's JSON in bytes: twice what readers accept, so that `src/package`
 * refuses a manifest that is too long with its own message.
 */
const MAX_JSON_BYTES = 32 * 1024 * 1024;
/** Maximum length of the texts in a name entry, in bytes: the entry is part of a record's value. */
const MAX_TEXT_BYTES = MAX_VALUE_BYTES;
/** `{`, the first byte of a JSON object. */
const OPENING_BRACE = 0x7b;

/** Maximum length of a release's `SHA256SUMS`, in bytes: 600 lines. */
const MAX_SUMS_BYTES = 64 * 1024;
/** Lines as `sha256sum` writes them, for plain file names. */
const SUMS = /^(?:[0-9a-f]{64} {2}[A-Za-z0-9][A-Za-z0-9._-]{0,99}\n)+$/;

/** Length of an Ed25519 public key, in bytes. */
const KEY_BYTES = 32;

const NAME_ENTRY_PREFIX = "libreseed:name-index-entry:v1\n";
const CERTIFIED_NAME_ENTRY_PREFIX = "libreseed:name-index-entry:v2\n";
const CERTIFICATE_PREFIX = "libreseed:certificate:v2\n";
const RELEASE_SUMS_PREFIX = "libreseed:release-sums:v1\n";
const MANIFEST_PREFIXES = {
  "full manifest": "libreseed:full-manifest:v1\n",
  "minimal manifest": "libreseed:minimal-manifest:v1\n",
};

/** A manifest without its field `signature`. */
export interface ManifestStatement {
  kind: "full manifest" | "minimal manifest";
  /** Canonical JSON (RFC 8785) of an object, at most 32 MiB. */
  json: Uint8Array;
}

/** The content of a mutable item in the DHT (BEP 44). */
export interface RecordStatement {
  kind: "record";
  /** At most 64 bytes. An empty salt means the same as none. */
  salt?: Uint8Array;
  /** Sequence number, a safe integer of at least 0. */
  seq: number;
  /** The bencoded value, 1 to 1,000 bytes. */
  value: Uint8Array;
}

/** A publisher's entry in the index of a package name. */
export interface NameEntryStatement {
  kind: "name entry";
  /**
   * Root key for which the signer is certified, 32 bytes. If absent, the signer signs for itself and
   * adds its public key.
   */
  identity?: Uint8Array;
  /** Name of the package, at most 1,000 bytes of UTF-8. */
  name: string;
  /** Version of the package, at most 1,000 bytes of UTF-8. */
  version: string;
  /** Unix milliseconds, a safe integer of at least 0. */
  firstSeenMs: number;
  /** Unix milliseconds, a safe integer of at least 0. */
  timestampMs: number;
}

/** The fields of a certificate. The root key that signs it adds its public key. */
export interface CertificateStatement {
  kind: "certificate";
  /** The certified key, 32 bytes. */
  key: Uint8Array;
  /** Unix milliseconds, a safe integer of at least 0. */
  fromMs: number;
  /** Unix milliseconds, a safe integer of at least `fromMs`. */
  untilMs?: number;
  /** Patterns of names, as `name_patterns.ts` has them. */
  names?: readonly string[];
}

/** The checksums of a release's files, which `install.sh` verifies. */
export interface ReleaseSumsStatement {
  kind: "release sums";
  /**
   * Lines of `sha256sum`: 64 hexadecimal digits, two spaces, a file name, a line feed. ASCII, at most
   * 64 KiB.
   */
  sums: Uint8Array;
}

/** Everything that may be signed with a publisher's key. */
export type Statement =
  | ManifestStatement
  | RecordStatement
  | NameEntryStatement
  | CertificateStatement
  | ReleaseSumsStatement;

/**
 * Returns the text that precedes the canonical JSON of a manifest in the signed bytes. It separates
 * the kinds of manifests, so that a signature is valid only for one of them.
 */
export function manifestPrefix(kind: ManifestStatement["kind"]): string {
  return MANIFEST_PREFIXES[kind];
}

/**
 * Returns the bytes that the signature of a record covers (BEP 44): the bencoded pairs `salt`, `seq`
 * and `v` one after the other, without an enclosing dictionary. An empty salt has no pair. Checks no
 * limit.
 *
 * @param record `value` is the bencoded value
 */
export function recordBytes({ salt, seq, value }: Omit<RecordStatement, "kind">): Uint8Array {
  const saltPair = salt && salt.length > 0 ? [utf8(`4:salt${salt.length}:`), salt] : [];
  return concatBytes(...saltPair, utf8(`3:seqi${seq}e1:v`), value);
}

/**
 * Returns the bytes that the signature of a statement covers.
 *
 * The types of the fields are checked too, since a statement may come from another thread.
 *
 * @param publicKey the signer's public key, 32 bytes
 * @throws {IdentityError} `STATEMENT_INVALID` for an unknown kind, and for a field of a wrong type or
 * beyond its limit
 */
export function statementBytes(statement: Statement, publicKey: Uint8Array): Uint8Array {
  switch (statement.kind) {
    case "full manifest":
    case "minimal manifest": {
      const { kind, json } = statement;
      check(isBytes(json, MAX_JSON_BYTES) && json[0] === OPENING_BRACE, kind, "json");
      return concatBytes(utf8(manifestPrefix(kind)), json);
    }
    case "record": {
      const { kind, salt, seq, value } = statement;
      check(salt === undefined || isBytes(salt, MAX_SALT_BYTES), kind, "salt");
      check(isCount(seq), kind, "seq");
      check(isBytes(value, MAX_VALUE_BYTES) && value.length > 0, kind, "value");
      return recordBytes({ salt, seq, value });
    }
    case "name entry":
      return nameEntryBytes(statement, publicKey);
    case "certificate":
      return certificateBytes(statement, publicKey);
    case "release sums": {
      const { kind, sums } = statement;
      check(isBytes(sums, MAX_SUMS_BYTES) && isSums(sums), kind, "sums");
      return concatBytes(utf8(RELEASE_SUMS_PREFIX), sums);
    }
    default:
      throw invalid("A statement of an unknown kind is not signed");
  }
}

/**
 * Returns the signed bytes of a name entry. Its dictionary has the keys `f` first seen, `k` the
 * publisher's identity, `n` name, `t` time, `v` version.
 */
function nameEntryBytes(
  { kind, identity, name, version, firstSeenMs, timestampMs }: NameEntryStatement,
  publicKey: Uint8Array,
): Uint8Array {
  check(identity === undefined || isKey(identity), kind, "identity");
  check(isText(name), kind, "name");
  check(isText(version), kind, "version");
  check(isCount(firstSeenMs), kind, "firstSeenMs");
  check(isCount(timestampMs), kind, "timestampMs");
  const [nameBytes, versionBytes] = [utf8(name), utf8(version)];
  check(nameBytes.length <= MAX_TEXT_BYTES, kind, "name");
  check(versionBytes.length <= MAX_TEXT_BYTES, kind, "version");
  return concatBytes(
    utf8(identity ? CERTIFIED_NAME_ENTRY_PREFIX : NAME_ENTRY_PREFIX),
    utf8(`d1:fi${firstSeenMs}e1:k${KEY_BYTES}:`),
    identity ?? publicKey,
    utf8(`1:n${nameBytes.length}:`),
    nameBytes,
    utf8(`1:ti${timestampMs}e1:v${versionBytes.length}:`),
    versionBytes,
    utf8("e"),
  );
}

/**
 * Returns the signed bytes of a certificate. Its dictionary has the keys `f` from, `k` certified key,
 * `n` names if limited, `r` root key, `u` until if limited.
 */
function certificateBytes(
  { kind, key, fromMs, untilMs, names }: CertificateStatement,
  root: Uint8Array,
): Uint8Array {
  check(isKey(key), kind, "key");
  check(isCount(fromMs), kind, "fromMs");
  check(untilMs === undefined || (isCount(untilMs) && untilMs >= fromMs), kind, "untilMs");
  check(names === undefined || areNamePatterns(names), kind, "names");
  // Patterns are ASCII, so their lengths in characters are lengths in bytes.
  const list = names?.map((one) => `${one.length}:${one}`).join("");
  return concatBytes(
    utf8(`${CERTIFICATE_PREFIX}d1:fi${fromMs}e1:k${KEY_BYTES}:`),
    key,
    utf8(`${list === undefined ? "" : `1:nl${list}e`}1:r${KEY_BYTES}:`),
    root,
    utf8(`${untilMs === undefined ? "" : `1:ui${untilMs}e`}e`),
  );
}

function isSums(bytes: Uint8Array): boolean {
  return SUMS.test(new TextDecoder("latin1").decode(bytes));
}

function isKey(value: unknown): value is Uint8Array {
  return isBytes(value, KEY_BYTES) && value.length === KEY_BYTES;
}

function isBytes(value: unknown, maxBytes: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length <= maxBytes;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
}

/** Whether a value is a string that UTF-8 can express, of a length that may be encoded. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TEXT_BYTES && value.isWellFormed();
}

function check(isValid: boolean, kind: string, field: string): void {
  if (!isValid) throw invalid(`The field ${field} of a ${kind} is not one that is signed`);
}

function invalid(message: string): IdentityError {
  return new IdentityError("failed", "STATEMENT_INVALID", message);
}
