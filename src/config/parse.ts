/**
 * Turns what people write into numbers: durations, sizes, `HOST:PORT`. Knows nothing of the
 * settings that use it.
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

/** A number with an optional unit, as a whole number of the smallest unit. */
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
 * A duration in milliseconds, from `500ms`, `90s`, `10m`, `1.5h`, `2d`, or a plain number of
 * seconds. Throws {@linkcode ConfigError} (`BAD_DURATION`) for anything else.
 */
export function parseDuration(text: string): number {
  const value = scaled(text, durationUnitsMs, durationUnitsMs.s!);
  if (value === undefined) {
    throw bad("BAD_DURATION", text, "a duration: write it like 500ms, 90s, 10m, 2h or 1d");
  }
  return value;
}

/**
 * A size in bytes, from `10MiB` (1,024 based), `1GB` (1,000 based), or a plain number of bytes.
 * Throws {@linkcode ConfigError} (`BAD_SIZE`) for anything else.
 */
export function parseSize(text: string): number {
  const value = scaled(text, sizeUnitsBytes, 1);
  if (value === undefined) {
    throw bad("BAD_SIZE", text, "a size: write it like 4096, 500kB, 10MiB or 2GiB");
  }
  return value;
}

/**
 * Host and port, as {@linkcode readHostPort} reads them. Throws {@linkcode ConfigError}
 * (`BAD_HOST_PORT`).
 */
export function parseHostPort(text: string, options: { allowPortZero?: boolean } = {}): HostPort {
  const read = readHostPort(text, options);
  if ("expected" in read) throw bad("BAD_HOST_PORT", text, read.expected);
  return read;
}
