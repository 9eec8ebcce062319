/**
 * The newest lines of the daemon's log, in memory, for the operations `logs` and `watch`. The log itself
 * goes to standard error.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import {
  type LogLineJson,
  type LogLineLevel,
  type LogsJson,
  MAX_LOG_LINES,
  type RequestOf,
} from "../../control/mod.ts";

/** Maximum length of a kept line, UTF-16 code units. The rest of a longer line is left out. */
const MAX_LINE_LENGTH = 2_000;
/** Maximum length of all kept lines together, UTF-16 code units: at most 512 kB of memory. */
const MAX_LENGTH = 256 << 10;

/** The newest lines of a log: at most 1,000, and at most 512 kB. */
export class LogLines {
  readonly #clock: Clock;
  /** The kept lines, oldest first. */
  #lines: LogLineJson[] = [];
  #length = 0;
  #lastSeq = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Number of the newest line; 0 if there was none. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Adds a line, and forgets the oldest lines that are too many. */
  add(level: LogLineLevel, text: string): void {
    const message = text.length > MAX_LINE_LENGTH ? `${text.slice(0, MAX_LINE_LENGTH)}…` : text;
    this.#lines.push({ seq: ++this.#lastSeq, timeMs: this.#clock.now(), level, message });
    this.#length += message.length;
    let tooMany = 0;
    while (this.#lines.length - tooMany > MAX_LOG_LINES || this.#length > MAX_LENGTH) {
      this.#length -= this.#lines[tooMany++]!.message.length;
    }
    if (tooMany > 0) this.#lines.splice(0, tooMany);
  }

  /**
   * Returns the newest lines, oldest first.
   *
   * @param after number of a line: only lines after it are returned, the oldest of them first
   * @param limit maximum number of lines. Without `after`, the newest are returned; with `after`, those
   * that follow it, so that a caller can read on
   */
  read({ after, limit = MAX_LOG_LINES }: RequestOf<"logs">): LogsJson {
    const lastSeq = this.#lastSeq;
    if (after === undefined) {
      return { lines: limit === 0 ? [] : this.#lines.slice(-limit), lastSeq };
    }
    // The numbers of kept lines are consecutive. A caller may know a line of an earlier daemon, whose
    // number is higher than any number here: then all lines are new to it.
    const first = this.#lines[0]?.seq ?? 1;
    const from = after > lastSeq ? 0 : Math.max(after + 1 - first, 0);
    return { lines: this.#lines.slice(from, from + limit), lastSeq };
  }
}

/** Callbacks for messages of a daemon: information, warnings, and details for the level `debug`. */
interface MessageListeners {
  onNotice: (message: string) => void;
  onWarning: (message: string) => void;
  onDetail?: (message: string) => void;
}

/**
 * Returns listeners that also add what they hear to a log.
 *
 * @param logsDetails returns whether details are added. Default: they are not
 */
export function recorded<T extends MessageListeners>(
  listeners: T,
  log: LogLines,
  logsDetails: () => boolean = () => false,
): T {
  return {
    ...listeners,
    onNotice(message: string) {
      log.add("info", message);
      listeners.onNotice(message);
    },
    onWarning(message: string) {
      log.add("warn", message);
      listeners.onWarning(message);
    },
    onDetail(message: string) {
      if (logsDetails()) log.add("debug", message);
      listeners.onDetail?.(message);
    },
  };
}
