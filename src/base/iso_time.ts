/**
 * Formats times that strangers name.
 *
 * @module
 */

/**
 * Formats a time as `YYYY-MM-DDTHH:MM:SS.mmmZ`. Dates end in the year 275760, and records and manifests may
 * name any safe integer: a later time is shown as a number, where `Date.toISOString` would throw.
 *
 * @param ms Unix time in milliseconds
 */
export function isoTime(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

/** Formats the day of a time as `YYYY-MM-DD`; a time after the year 275760 as {@linkcode isoTime} does. */
export function isoDay(ms: number): string {
  return isoTime(ms).split("T")[0]!;
}
