/**
 * Parses package specs: the text `[KEY/]NAME[@RANGE]`, in which users name a package, its publisher
 * and its versions. A tag may stand in place of the range.
 *
 * @module
 */

import semver from "semver";
import { isTag } from "../../base/mod.ts";
import { formatPublicKey, IdentityError, parsePublicKey } from "../../identity/mod.ts";
import { PackageError, quote } from "../errors.ts";
import { validateName } from "./names.ts";

/**
 * The tag that each package has: it names the highest stable version, unless the publisher has set it
 * to another one.
 */
export const LATEST = "latest";

/** Maximum length of a semver range, in characters. */
const MAX_RANGE_LENGTH = 128;

/** A package spec, parsed by {@linkcode parsePackageSpec}. */
export interface PackageSpec {
  /** The publisher's Ed25519 key, 32 bytes, if the spec names one. */
  publicKey?: Uint8Array;
  /** Package name: `name` or `@scope/name`. */
  name: string;
  /** The semver range or the tag as the user wrote it. */
  range?: string;
}

// A base64 key may contain "/", so the end of the key is found by the fixed length of keys.
const KEY = /^(ed25519:.{44}|[0-9a-fA-F]{64})\/(.*)$/s;

/**
 * Parses `[KEY/]NAME[@RANGE]`. KEY is `ed25519:` and 44 characters of base64, or 64 hexadecimal
 * digits; NAME may be `@scope/name`; RANGE is a semver range, or a tag such as `latest`.
 *
 * @throws {PackageError} `SPEC_INVALID`, `NAME_INVALID`
 */
export function parsePackageSpec(text: string): PackageSpec {
  const [, keyText, afterKey] = KEY.exec(text) ?? [];
  const rest = afterKey ?? text;
  // Search from the second character, because the first may be the "@" of a scope.
  const at = rest.indexOf("@", 1);
  const name = at === -1 ? rest : rest.slice(0, at);
  const range = at === -1 ? undefined : rest.slice(at + 1);
  if (keyText === undefined && text.startsWith("ed25519:")) {
    throw invalid(text, "44 characters of base64, a slash and the name have to follow ed25519:.");
  }
  validateName(name);
  const spec: PackageSpec = { name };
  if (keyText !== undefined) spec.publicKey = readKey(keyText, text);
  if (range !== undefined) {
    if (!isTag(range) && !isValidRange(range)) {
      throw invalid(text, `${quote(range)} is neither a semver range nor a tag.`);
    }
    spec.range = range;
  }
  return spec;
}

/** Whether the text is a valid range for npm:semver, not empty and at most 128 characters long. */
export function isValidRange(range: string): boolean {
  return range.length > 0 && range.length <= MAX_RANGE_LENGTH && semver.validRange(range) !== null;
}

/**
 * Extracts the package name from a key of a manifest's `dependencies`. The key is `NAME` for any
 * publisher, or `KEY/NAME` for one publisher. KEY has to be in its canonical form, `ed25519:` and
 * base64.
 *
 * @returns `undefined` for any other text
 */
export function dependencyName(key: string): string | undefined {
  try {
    const { publicKey, name, range } = parsePackageSpec(key);
    const written = publicKey ? `${formatPublicKey(publicKey)}/${name}` : name;
    return range === undefined && written === key ? name : undefined;
  } catch (error) {
    if (error instanceof PackageError) return undefined;
    throw error;
  }
}

function readKey(keyText: string, text: string): Uint8Array {
  try {
    return parsePublicKey(keyText);
  } catch (cause) {
    if (cause instanceof IdentityError) throw invalid(text, cause.message, cause);
    throw cause;
  }
}

function invalid(text: string, why: string, cause?: unknown): PackageError {
  return new PackageError(
    "usage",
    "SPEC_INVALID",
    `${quote(text)} does not name a package. ${why} Write [KEY/]NAME[@RANGE].`,
    { cause },
  );
}
