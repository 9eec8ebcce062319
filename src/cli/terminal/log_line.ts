/**
 * Renders one entry of the daemon's log: as text, as JSON, or for systemd's journal.
 *
 * @module
 */

import type { ErrorData } from "../../base/mod.ts";
import type { LogLevel } from "../../config/mod.ts";
import { jsonLine, printable } from "./format.ts";

/**
 * Format of a log line. `text` and `json` are values of the setting `log-format`. `journal` omits
 * the time, because systemd's journal adds its own.
 */
export type LogStyle = "text" | "json" | "journal";

/** An entry of the daemon's log, before it is formatted as a log line. */
export interface LogEntry {
  /** Time of the log entry, Unix milliseconds. */
  timeMs: number;
  level: LogLevel;
  /** The message of the log entry; may have several lines. */
  message: string;
  /** The error that the log entry reports, with the messages of its causes. */
  error?: ErrorData & { causes?: readonly string[] };
}

/** Log levels, from the least to the most verbose. */
const LEVELS: readonly LogLevel[] = ["error", "warn", "info", "debug"];
/** The syslog(3) priority of each log level: LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG. */
const PRIORITIES: Record<LogLevel, number> = { error: 3, warn: 4, info: 6, debug: 7 };
const COLORS: Partial<Record<LogLevel, number>> = { error: 31, warn: 33 };

/** Whether log entries of the level `level` are printed if the log level is set to `logLevel`. */
export function isLogged(level: LogLevel, logLevel: LogLevel): boolean {
  return LEVELS.indexOf(level) <= LEVELS.indexOf(logLevel);
}

/**
 * Renders a log entry, without a final line feed. If a message has several lines, only the first
 * begins with the time. For systemd's journal each line begins with its priority, because the
 * journal treats each line as a separate message (sd-daemon(3)).
 */
export function renderLogEntry(entry: LogEntry, style: LogStyle, color = false): string {
  const { timeMs, level, message, error } = entry;
  const time = new Date(timeMs).toISOString();
  if (style === "json") {
    const { code, kind, detail, causes } = error ?? {};
    return jsonLine({
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
