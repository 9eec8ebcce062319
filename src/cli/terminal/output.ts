/**
 * The output of a command. Results go to standard output; notices, warnings, errors and the
 * progress bar go to standard error. With `--json` every line on both streams is one JSON object.
 *
 * Callers may pass untrusted text: control characters are escaped here.
 *
 * @module
 */

import { type Clock, errorToData } from "../../base/mod.ts";
import type { LogLevel } from "../../config/mod.ts";
import type { Sink } from "../process/context.ts";
import { OutputClosed } from "../process/errors.ts";
import { printable } from "./format.ts";
import { isLogged, type LogEntry, type LogStyle, renderLogEntry } from "./log_line.ts";
import { type ProgressState, renderProgress, shorten } from "./progress.ts";

/** Streams and flags of an {@linkcode Output}. */
export interface OutputOptions {
  stdout: Sink;
  stderr: Sink;
  env: Record<string, string | undefined>;
  clock: Clock;
  /** `--json` */
  json?: boolean;
  /** `--quiet`: suppresses notices and progress, but not warnings and errors. */
  quiet?: boolean;
  /** `--verbose`: adds details, and the causes and stacks of errors. */
  verbose?: boolean;
}

/** Log options of a long-running command. They are functions because `reload` may change them. */
export interface LogOptions {
  style: () => LogStyle;
  /** The level to use when neither `--quiet` nor `--verbose` is given. */
  level: () => LogLevel;
}

/** A progress bar. Does nothing if standard error is no terminal. */
export interface Progress {
  update(state: ProgressState): void;
  /** Erases the bar. */
  end(): void;
}

const colors = { red: 31, yellow: 33 };
const redrawAfterMs = 100;
const eraseLine = "\r\x1b[K";

/** Whether to print colours: the stream is a capable terminal, and `NO_COLOR` is not set. */
export function wantsColor(stream: Sink, env: Record<string, string | undefined>): boolean {
  // no-color.org: an empty value has no effect.
  return stream.isTerminal && !env.NO_COLOR && env.TERM !== "dumb";
}

/** The results and messages of one command. */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly #stdout: Sink;
  readonly #stderr: Sink;
  readonly #clock: Clock;
  readonly #color: boolean;
  readonly #bars: boolean;
  #barShown = false;
  #log: LogOptions | undefined;

  constructor(options: OutputOptions) {
    const { stdout, stderr, env, clock, json = false, quiet = false, verbose = false } = options;
    this.json = json;
    this.quiet = quiet;
    this.verbose = verbose;
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#clock = clock;
    this.#color = wantsColor(stderr, env);
    this.#bars = !json && !quiet && stderr.isTerminal && env.TERM !== "dumb";
  }

  /**
   * Switches to log format: from now on each message on standard error is a log line with level and
   * time. `--quiet` leaves warnings and errors, `--verbose` prints all levels.
   */
  logAs(options: LogOptions): void {
    this.#log = options;
  }

  /**
   * Prints a result to standard output: `text` and a line break or, with `--json`, `data` as one
   * line. `text` may have several lines; `undefined` prints nothing.
   *
   * @throws {OutputClosed} if the reader closed the stream; do not catch it, so that the command
   * ends
   */
  result(data: Record<string, unknown>, text: string | undefined): void {
    this.#hideBar();
    if (this.json) return this.#print(this.#stdout, JSON.stringify(data));
    if (text === undefined) return;
    if (this.#log?.style() === "json") {
      const entry = { timeMs: this.#clock.now(), level: "info", message: text } as const;
      const line = JSON.parse(renderLogEntry(entry, "json"));
      return this.#print(this.#stdout, JSON.stringify({ ...line, ...data }));
    }
    // Names are escaped only on a terminal: the next program in a pipe needs the exact file name.
    const shown = this.#stdout.isTerminal ? text.split("\n").map(printable).join("\n") : text;
    this.#print(this.#stdout, shown);
  }

  /** Writes raw bytes to standard output, for `-o -`. Resolves when all are written. */
  async writeBytes(bytes: Uint8Array): Promise<void> {
    this.#hideBar();
    await this.#stdout.writeLater(bytes);
  }

  /** Prints information that is not a result. Suppressed by `--quiet`. */
  notice(message: string): void {
    if (this.#log) return this.#logLine("info", message);
    if (!this.quiet) this.#say("notice", message, "", undefined);
  }

  /** Prints a detail, only with `--verbose`. */
  detail(message: string): void {
    if (this.#log) return this.#logLine("debug", message);
    if (this.verbose) this.#say("detail", message, "", undefined);
  }

  /**
   * Shows the current step: as a detail with `--verbose`, otherwise on the terminal until the next
   * message replaces it.
   */
  step(message: string): void {
    if (this.verbose) return this.detail(message);
    if (!this.#bars) return;
    const columns = this.#stderr.columns() - 1;
    this.#tryWrite(`${eraseLine}${shorten(printable(message), columns)}`);
    this.#barShown = true;
  }

  /** Prints a warning about a problem that does not stop the command. */
  warning(message: string): void {
    if (this.#log) return this.#logLine("warn", message);
    this.#say("warning", message, "libreseed: warning: ", "yellow");
  }

  /**
   * Prints an error. A command throws its error and `run_command.ts` prints it; a command calls
   * this itself only for one of several failures. `--verbose` adds the stack and the causes.
   */
  error(error: unknown): void {
    if (error instanceof OutputClosed) return;
    this.#hideBar();
    const { code, kind, message, detail } = errorToData(error);
    const causes = this.verbose ? describeCauses(error) : [];
    if (this.#log) {
      const words = code === "UNEXPECTED" ? `unexpected error: ${message}` : message;
      return this.#logLine("error", words, { ...errorToData(error), causes });
    }
    if (this.json) {
      const more = causes.length > 0 ? { causes } : {};
      this.#tryPrint(JSON.stringify({ error: { code, kind, message, detail, ...more } }));
      return;
    }
    const lines = message.split("\n").map(printable).join("\n");
    const unexpected = code === "UNEXPECTED";
    this.#tryPrint(
      this.#paint("libreseed: ", "red") + (unexpected ? "unexpected error: " : "") + lines,
    );
    for (const cause of causes) {
      this.#tryPrint(cause.split("\n").map((line) => `  ${printable(line)}`).join("\n"));
    }
    if (unexpected && !this.verbose) {
      this.#tryPrint("  run the command again with -v to see the stack");
    }
  }

  /** Makes a progress bar. It is shown only on a terminal, without `--quiet` and `--json`. */
  progress(label: string): Progress {
    if (!this.#bars) return { update() {}, end() {} };
    let drawnAtMs = -Infinity;
    return {
      update: (state) => {
        const nowMs = this.#clock.now();
        if (nowMs - drawnAtMs < redrawAfterMs) return;
        drawnAtMs = nowMs;
        // Leave one column free, because some terminals wrap a line that fills the width.
        const line = renderProgress(label, state, this.#stderr.columns() - 1);
        this.#tryWrite(`${eraseLine}${line}`);
        this.#barShown = true;
      },
      end: () => this.#hideBar(),
    };
  }

  /** Erases a progress bar that is still shown. */
  close(): void {
    this.#hideBar();
  }

  #logLine(level: LogLevel, message: string, error?: LogEntry["error"]): void {
    this.#hideBar();
    const { style, level: chosen } = this.#log!;
    const logLevel = this.verbose
      ? "debug"
      : this.quiet && isLogged("info", chosen())
      ? "warn"
      : chosen();
    if (!isLogged(level, logLevel)) return;
    const entry = { timeMs: this.#clock.now(), level, message, error };
    this.#tryPrint(renderLogEntry(entry, style(), this.#color));
  }

  #say(
    kind: "notice" | "detail" | "warning",
    message: string,
    prefix: string,
    color: keyof typeof colors | undefined,
  ): void {
    this.#hideBar();
    if (this.json) return this.#tryPrint(JSON.stringify({ [kind]: { message } }));
    const text = message.split("\n").map(printable).join("\n");
    this.#tryPrint(this.#paint(prefix, color) + text);
  }

  #paint(text: string, color: keyof typeof colors | undefined): string {
    return this.#color && color && text ? `\x1b[${colors[color]}m${text}\x1b[39m` : text;
  }

  #hideBar(): void {
    if (!this.#barShown) return;
    this.#barShown = false;
    this.#tryWrite(eraseLine);
  }

  #print(sink: Sink, line: string): void {
    sink.write(new TextEncoder().encode(`${line}\n`));
  }

  #tryPrint(line: string): void {
    this.#tryWrite(`${line}\n`);
  }

  /** Writes to standard error and ignores failures. */
  #tryWrite(text: string): void {
    try {
      this.#stderr.write(new TextEncoder().encode(text));
    } catch {
      // A closed standard error must not turn a result into a failure.
    }
  }
}

/** The stack of an error, followed by the stack of each of its causes. */
function describeCauses(error: unknown): string[] {
  const described: string[] = [];
  const seen = new Set<unknown>();
  for (
    let at = error;
    at !== undefined && !seen.has(at);
    at = at instanceof Error ? at.cause : undefined
  ) {
    seen.add(at);
    const text = at instanceof Error ? at.stack ?? `${at.name}: ${at.message}` : String(at);
    described.push(at === error ? text : `caused by: ${text}`);
  }
  return described;
}
