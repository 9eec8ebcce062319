/**
 * A line of the daemon's log, as text: for people and files, for programs, or for systemd's journal.
 *
 * @module
 */

import type { ErrorData } from "../../base/mod.ts";
import type { LogLevel } from "../../config/mod.ts";
import { printable } from "./format.ts";

/** `text` and `json` are the setting `log-format`; `journal` is for where the journal keeps the time. */
export type LogStyle = "text" | "json" | "journal";

/** The contents of a log line. */
export interface LogEntry {
  /** Unix milliseconds. */
  timeMs: number;
  level: LogLevel;
  /** May have several lines. */
  message: string;
  /** The error that it is about. */
  error?: ErrorData & { causes?: readonly string[] };
}

/** From the fewest words to the most. */
const LEVELS: readonly LogLevel[] = ["error", "warn", "info", "debug"];
/** syslog(3): LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG. */
const PRIORITIES: Record<LogLevel, number> = { error: 3, warn: 4, info: 6, debug: 7 };
const COLORS: Partial<Record<LogLevel, number>> = { error: 31, warn: 33 };

/** Whether a log of one level has lines of another. */
export function isLogged(level: LogLevel, logLevel: LogLevel): boolean {
  return LEVELS.indexOf(level) <= LEVELS.indexOf(logLevel);
}

/**
 * The line, without a line feed at its end. A text of several lines has the time on the first, and the
 * priority on each of the journal's, for that reads each as a message of its own (sd-daemon(3)).
 */
export function renderLogEntry(entry: LogEntry, style: LogStyle, color = false): string {
  const { timeMs, level, message, error } = entry;
  const time = new Date(timeMs).toISOString();
  if (style === "json") {
    const { code, kind, detail, causes } = error ?? {};
    return JSON.stringify({
      time,
      level,
      message,
      ...(error && { error: { code, kind, detail, ...(causes?.length && { causes }) } }),
    });
  }
  const causes = (error?.causes ?? []).flatMap((cause) => cause.split("\n"));
  const lines = [...message.split("\n"), ...causes.map((line) => `  ${line}`)].map(printable);
  if (style === "journal") return lines.map((line) => `<${PRIORITIES[level]}>${line}`).join("\n");
  const word = level.padEnd(5);
  const shown = color && COLORS[level] ? `\x1b[${COLORS[level]}m${word}\x1b[39m` : word;
  return `${time} ${shown} ${lines.join("\n")}`;
}
