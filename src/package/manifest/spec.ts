/**
 * Package specs: how people write the name of a package, its publisher and its versions.
 *
 * @module
 */

import semver from "semver";
import { formatPublicKey, IdentityError, parsePublicKey } from "../../identity/mod.ts";
import { PackageError, quote } from "../errors.ts";
import { validateName } from "./names.ts";

/**
 * The range for the highest stable version. npm:semver does not know it, and manifests cannot have
 * it.
 */
export const LATEST = "latest";

/** Maximum length of a range, in characters. */
const MAX_RANGE_LENGTH = 128;

/** A package spec that was read by {@linkcode parsePackageSpec}. */
export interface PackageSpec {
  /** The publisher's Ed25519 key, 32 bytes, if one was named. */
  publicKey?: Uint8Array;
  /** `name` or `@scope/name`. */
  name: string;
  /** A semver range of npm:semver as it was written, or {@linkcode LATEST}. */
  range?: string;
}

// A key in base64 may contain "/", so its length tells where it ends.
const KEY = /^(ed25519:.{44}|[0-9a-fA-F]{64})\/(.*)$/s;

/**
 * Reads `[KEY/]NAME[@RANGE]`. KEY is `ed25519:` and 44 characters of base64, or 64 hexadecimal digits;
 * NAME may be `@scope/name`; RANGE is a semver range, or `latest`.
 *
 * @throws {PackageError} `SPEC_INVALID`, `NAME_INVALID`
 */
export function parsePackageSpec(text: string): PackageSpec {
  const [, keyText, afterKey] = KEY.exec(text) ?? [];
  const rest = afterKey ?? text;
  // The first character may be the "@" of a scope.
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
    if (range !== LATEST && !isValidRange(range)) {
      throw invalid(text, `${quote(range)} is not a semver range.`);
    }
    spec.range = range;
  }
  return spec;
}

/** Whether the text is a range as npm:semver reads it, not empty and at most 128 characters long. */
export function isValidRange(range: string): boolean {
  return range.length > 0 && range.length <= MAX_RANGE_LENGTH && semver.validRange(range) !== null;
}

/**
 * The package name in a key of a manifest's `dependencies`. The key is `NAME` for any publisher, or
 * `KEY/NAME` for one publisher. KEY has to be in its one form, `ed25519:` and base64.
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
