/**
 * Texts for numbers, sizes, times and keys. All are short, since they stand in tables.
 *
 * @module
 */

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Formats a number of bytes: `512 B`, `1.5 KiB`. */
export function formatBytes(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  // A value from 1,023.95 up would be printed as "1024.0".
  while (value >= (unit === 0 ? 1_024 : 1_023.95) && unit < units.length - 1) {
    value /= 1_024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Formats a speed in bytes a second: `1.5 KiB/s`. */
export function formatSpeed(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** Formats a whole number with separators: `12,345`. */
export function formatNumber(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** Formats a count with its noun: `1 peer`, `2 peers`. */
export function formatCount(count: number, noun: string, nouns = `${noun}s`): string {
  return `${formatNumber(count)} ${count === 1 ? noun : nouns}`;
}

/** Formats a part of a whole: `97 %`; `–` if there is no whole. 100 % means all. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return "–";
  const percent = Math.floor(100 * part / whole);
  return `${percent} %`;
}

/** Formats a duration in milliseconds with its two largest units: `3 d 4 h`, `12 s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const steps: [size: number, name: string][] = [[86_400, "d"], [3_600, "h"], [60, "min"], [
    1,
    "s",
  ]];
  const first = steps.findIndex(([size]) => seconds >= size);
  if (first === -1) return "0 s";
  const [size, name] = steps[first]!;
  const text = `${Math.floor(seconds / size)} ${name}`;
  const next = steps[first + 1];
  const rest = next === undefined ? 0 : Math.floor(seconds % size / next[0]);
  return rest === 0 ? text : `${text} ${rest} ${next![1]}`;
}

/** Formats a time relative to now: `5 min ago`, `in 2 h`, `now`. Both are Unix milliseconds. */
export function formatAgo(timeMs: number, nowMs: number): string {
  const distance = nowMs - timeMs;
  if (Math.abs(distance) < 1_000) return "now";
  return distance > 0 ? `${formatDuration(distance)} ago` : `in ${formatDuration(-distance)}`;
}

/** Formats a time of day in the browser's time zone, `14:03:07`. */
export function formatTime(timeMs: number): string {
  const date = new Date(timeMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => part.toString().padStart(2, "0")).join(":");
}

/** Formats a date and time in the browser's time zone, `2026-11-30 14:03`. */
export function formatDate(timeMs: number): string {
  const date = new Date(timeMs);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => part.toString().padStart(2, "0")).join("-");
  return `${day} ${formatTime(timeMs).slice(0, 5)}`;
}

/** Shortens a key or a hash to its beginning and its end: `ed25519:AbCdEf…wxyz=`. */
export function shortenKey(key: string): string {
  const prefix = key.startsWith("ed25519:") ? "ed25519:" : "";
  const rest = key.slice(prefix.length);
  return rest.length <= 14 ? key : `${prefix}${rest.slice(0, 8)}…${rest.slice(-4)}`;
}
