/**
 * Formats the value of a setting as text in the syntax of the config file: the inverse of
 * `validate.ts`.
 *
 * @module
 */

import { formatHostPort, type HostPort } from "../base/mod.ts";
import type { SettingType } from "./settings.ts";

/**
 * Units of durations (in milliseconds) and sizes (in bytes), the largest first. A value is written
 * in the largest unit that divides it without remainder.
 */
const durations = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "m"], [1_000, "s"]] as const;
const sizes = [[2 ** 40, "TiB"], [2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]] as const;

type Units = readonly (readonly [factor: number, unit: string])[];

function scaled(value: number, units: Units, smallest: string): string {
  const unit = value === 0 ? undefined : units.find(([factor]) => value % factor === 0);
  return unit ? `${value / unit[0]}${unit[1]}` : `${value}${smallest}`;
}

/**
 * Formats a setting's value as text: `90s`, `16GiB`. `undefined` and `null` become `off`,
 * and `none` for a URL.
 *
 * @param value a value that {@linkcode validateSetting} returned for the same type
 */
export function writeSetting(type: SettingType, value: unknown): string {
  if (value === undefined || value === null) return type.kind === "web-url" ? "none" : "off";
  switch (type.kind) {
    case "duration":
      return scaled(value as number, durations, "ms");
    case "size":
      return scaled(value as number, sizes, "");
    case "address":
      return formatHostPort(value as HostPort);
    case "host-port-list":
      return (value as HostPort[]).map(formatHostPort).join(",") || "none";
    case "host-list":
      return (value as string[]).join(",") || "none";
    default:
      return String(value);
  }
}
