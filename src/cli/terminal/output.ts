/**
 * The output of a command. Results go to standard output; notices, warnings, errors and the
 * progress bar go to standard error. With `--json` every line on both streams is one JSON object.
 *
 * Callers may pass untrusted text, because control characters are escaped before printing.
 *
 * @module
 */

import { type Clock, errorToData } from "../../base/mod.ts";
import type { LogLevel } from "../../config/mod.ts";
import type { Sink } from "../process/context.ts";
import { OutputClosed } from "../process/errors.ts";
import { jsonLine, printable } from "./format.ts";
import { isLogged, type LogEntry, type LogStyle, renderLogEntry } from "./log_line.ts";
import { type ProgressState, renderProgress, shorten } from "./progress.ts";

/**
 * Constructor options of {@linkcode Output}: the streams to print to, the environment, and the
 * output flags.
 */
export interface OutputOptions {
  stdout: Sink;
  stderr: Sink;
  env: Record<string, string | undefined>;
  clock: Clock;
  /** The flag `--json`: prints results and messages as JSON instead of text. */
  json?: boolean;
  /** The flag `--quiet`: suppresses notices and progress, but not warnings and errors. */
  quiet?: boolean;
  /** The flag `--verbose`: adds details to the output, and stacks and causes to errors. */
  verbose?: boolean;
}

/**
 * Log options of a long-running command. The options are functions, because `libreseed reload` may
 * change the settings.
 */
export interface LogOptions {
  style: () => LogStyle;
  /** The log level if neither `--quiet` nor `--verbose` is given. */
  level: () => LogLevel;
}

/** A progress bar on standard error. Has no effect if standard error is not a terminal. */
export interface Progress {
  update(state: ProgressState): void;
  /** Erases the progress bar. */
  end(): void;
}

const colors = { red: 31, yellow: 33 };
const redrawAfterMs = 100;
const eraseLine = "\r\x1b[K";

/**
 * Whether to print colours to a stream: it is a terminal with colours, and `NO_COLOR` is not set.
 */
export function wantsColor(stream: Sink, env: Record<string, string | undefined>): boolean {
  // An empty `NO_COLOR` counts as not set (no-color.org).
  return stream.isTerminal && !env.NO_COLOR && env.TERM !== "dumb";
}

/** Prints the results and messages of one command. */
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
   * Switches to log format: from now on, each message on standard error is a log line with level
   * and time. `--quiet` limits the log to warnings and errors; `--verbose` prints all levels.
   */
  logAs(options: LogOptions): void {
    this.#log = options;
  }

  /**
   * Prints a result to standard output: `text` with a line break or, with `--json`, `data` as one
   * line of JSON. `text` may have several lines; `undefined` prints nothing.
   *
   * @throws {OutputClosed} if the reader closed standard output. Do not catch it: it ends the
   * command
   */
  result(data: Record<string, unknown>, text: string | undefined): void {
    this.#hideBar();
    if (this.json) return this.#print(this.#stdout, jsonLine(data));
    if (text === undefined) return;
    if (this.#log?.style() === "json") {
      const entry = { timeMs: this.#clock.now(), level: "info", message: text } as const;
      const line = JSON.parse(renderLogEntry(entry, "json"));
      return this.#print(this.#stdout, jsonLine({ ...line, ...data }));
    }
    // Escape control characters only on a terminal. In a pipe, the next program needs exact file
    // names.
    const shown = this.#stdout.isTerminal ? text.split("\n").map(printable).join("\n") : text;
    this.#print(this.#stdout, shown);
  }

  /** Writes raw bytes to standard output, for `get -o -`. Resolves when all bytes are written. */
  async writeBytes(bytes: Uint8Array): Promise<void> {
    this.#hideBar();
    await this.#stdout.writeLater(bytes);
  }

  /** Prints information that is not a result. Suppressed by `--quiet`. */
  notice(message: string): void {
    if (this.#log) return this.#logLine("info", message);
    if (!this.quiet) this.#say("notice", message, "", undefined);
  }

  /** Prints a detail of the command's work. Without `--verbose`, details are suppressed. */
  detail(message: string): void {
    if (this.#log) return this.#logLine("debug", message);
    if (this.verbose) this.#say("detail", message, "", undefined);
  }

  /**
   * Shows the current step of a command. With `--verbose` the step is printed on a line of its own;
   * otherwise the terminal shows the step until the next message replaces it.
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
   * Prints an error; `--verbose` adds the stack and the causes. Usually a command throws its error,
   * and `run_command.ts` prints it. A command calls this method itself only to report one of
   * several failures and then continue.
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
      this.#tryPrint(jsonLine({ error: { code, kind, message, detail, ...more } }));
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

  /**
   * Creates a progress bar. The bar is shown only on a terminal, and not with `--quiet` or
   * `--json`.
   */
  progress(label: string): Progress {
    if (!this.#bars) return { update() {}, end() {} };
    let drawnAtMs = -Infinity;
    return {
      update: (state) => {
        const nowMs = this.#clock.now();
        if (nowMs - drawnAtMs < redrawAfterMs) return;
        drawnAtMs = nowMs;
        // Leave the last column of the terminal free, because some terminals wrap a line that fills
        // the whole width.
        const line = renderProgress(label, state, this.#stderr.columns() - 1);
        this.#tryWrite(`${eraseLine}${line}`);
        this.#barShown = true;
      },
      end: () => this.#hideBar(),
    };
  }

  /** Erases the progress bar if one is shown. */
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
    if (this.json) return this.#tryPrint(jsonLine({ [kind]: { message } }));
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

  /**
   * Writes text to standard error. Write errors are ignored, for example if standard error is
   * closed.
   */
  #tryWrite(text: string): void {
    try {
      this.#stderr.write(new TextEncoder().encode(text));
    } catch {
      // A command that succeeded must not fail only because standard error is closed.
    }
  }
}

/** Formats the stack of an error, followed by the stacks of its causes. */
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
