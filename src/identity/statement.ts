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
 * | `name entry` | `libreseed:name-index-entry:v1`, a line feed, a bencoded dictionary (BEP 3) |
 *
 * Left to other folders: the content of the JSON and of a record's value.
 *
 * @module
 */

import { concatBytes, utf8 } from "../base/mod.ts";
import { IdentityError } from "./errors.ts";

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

const NAME_ENTRY_PREFIX = "libreseed:name-index-entry:v1\n";
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

/** The signer's own entry in the index of a package name. The signer adds its public key. */
export interface NameEntryStatement {
  kind: "name entry";
  /** Name of the package, at most 1,000 bytes of UTF-8. */
  name: string;
  /** Version of the package, at most 1,000 bytes of UTF-8. */
  version: string;
  /** Unix milliseconds, a safe integer of at least 0. */
  firstSeenMs: number;
  /** Unix milliseconds, a safe integer of at least 0. */
  timestampMs: number;
}

/** Everything that may be signed with a publisher's key. */
export type Statement = ManifestStatement | RecordStatement | NameEntryStatement;

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
    default:
      throw invalid("A statement of an unknown kind is not signed");
  }
}

/**
 * Returns the signed bytes of a name entry. Its dictionary has the keys `f` first seen, `k` public
 * key, `n` name, `t` time, `v` version.
 */
function nameEntryBytes(
  { kind, name, version, firstSeenMs, timestampMs }: NameEntryStatement,
  publicKey: Uint8Array,
): Uint8Array {
  check(isText(name), kind, "name");
  check(isText(version), kind, "version");
  check(isCount(firstSeenMs), kind, "firstSeenMs");
  check(isCount(timestampMs), kind, "timestampMs");
  const [nameBytes, versionBytes] = [utf8(name), utf8(version)];
  check(nameBytes.length <= MAX_TEXT_BYTES, kind, "name");
  check(versionBytes.length <= MAX_TEXT_BYTES, kind, "version");
  return concatBytes(
    utf8(`${NAME_ENTRY_PREFIX}d1:fi${firstSeenMs}e1:k${publicKey.length}:`),
    publicKey,
    utf8(`1:n${nameBytes.length}:`),
    nameBytes,
    utf8(`1:ti${timestampMs}e1:v${versionBytes.length}:`),
    versionBytes,
    utf8("e"),
  );
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
