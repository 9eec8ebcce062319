/**
 * Renders a line of the daemon's log: as text, as JSON, or for systemd's journal.
 *
 * @module
 */

import type { ErrorData } from "../../base/mod.ts";
import type { LogLevel } from "../../config/mod.ts";
import { printable } from "./format.ts";

/**
 * `text` and `json` are values of the setting `log-format`; `journal` has no timestamp of its own.
 */
export type LogStyle = "text" | "json" | "journal";

/** The contents of a log line. */
export interface LogEntry {
  /** Unix milliseconds. */
  timeMs: number;
  level: LogLevel;
  /** May have several lines. */
  message: string;
  /** The error that the line reports. */
  error?: ErrorData & { causes?: readonly string[] };
}

/** Log levels, the least verbose first. */
const LEVELS: readonly LogLevel[] = ["error", "warn", "info", "debug"];
/** Priorities of syslog(3): LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG. */
const PRIORITIES: Record<LogLevel, number> = { error: 3, warn: 4, info: 6, debug: 7 };
const COLORS: Partial<Record<LogLevel, number>> = { error: 31, warn: 33 };

/** Whether lines of `level` are printed when the log is set to `logLevel`. */
export function isLogged(level: LogLevel, logLevel: LogLevel): boolean {
  return LEVELS.indexOf(level) <= LEVELS.indexOf(logLevel);
}

/**
 * Renders an entry, without a final line feed. In a message of several lines only the first has the
 * time. For the journal each line has its priority, because the journal treats each line as a
 * separate message (sd-daemon(3)).
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
