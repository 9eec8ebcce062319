/**
 * Parsers for durations, sizes and `HOST:PORT`. They do not depend on any particular setting.
 *
 * @module
 */

import { type HostPort, readHostPort } from "../base/mod.ts";
import { ConfigError } from "./errors.ts";

const durationUnitsMs: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const sizeUnitsBytes: Record<string, number> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

function bad(code: string, text: string, wanted: string): ConfigError {
  return new ConfigError("usage", code, `${JSON.stringify(text)} is not ${wanted}`);
}

/**
 * Parses a number with an optional unit. Returns the value in the smallest unit, rounded to an
 * integer; `undefined` if the text is malformed or the value is not a safe integer.
 */
function scaled(text: string, units: Record<string, number>, bare: number): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,9})?) ?([a-z]*)$/i.exec(text.trim());
  if (!match) return undefined;
  const unit = match[2]!.toLowerCase();
  const factor = unit === "" ? bare : Object.hasOwn(units, unit) ? units[unit]! : undefined;
  if (factor === undefined) return undefined;
  const value = Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(value) ? value : undefined;
}

/**
 * Parses a duration and returns milliseconds. Accepts `500ms`, `90s`, `10m`, `1.5h`, `2d`, or a
 * plain number of seconds.
 *
 * @throws {ConfigError} `BAD_DURATION` for any other text
 */
export function parseDuration(text: string): number {
  const value = scaled(text, durationUnitsMs, durationUnitsMs.s!);
  if (value === undefined) {
    throw bad("BAD_DURATION", text, "a duration: write it like 500ms, 90s, 10m, 2h or 1d");
  }
  return value;
}

/**
 * Parses a size and returns bytes. Accepts `10MiB` (powers of 1,024), `1GB` (powers of 1,000), or a
 * plain number of bytes.
 *
 * @throws {ConfigError} `BAD_SIZE` for any other text
 */
export function parseSize(text: string): number {
  const value = scaled(text, sizeUnitsBytes, 1);
  if (value === undefined) {
    throw bad("BAD_SIZE", text, "a size: write it like 4096, 500kB, 10MiB or 2GiB");
  }
  return value;
}

/**
 * Parses `HOST:PORT` by the rules of {@linkcode readHostPort}.
 *
 * @throws {ConfigError} `BAD_HOST_PORT` for any other text
 */
export function parseHostPort(text: string, options: { allowPortZero?: boolean } = {}): HostPort {
  const read = readHostPort(text, options);
  if ("expected" in read) throw bad("BAD_HOST_PORT", text, read.expected);
  return read;
}
