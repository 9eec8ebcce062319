/**
 * Everything that a command says. Results go to standard output; notices, warnings, errors and the
 * progress bar go to standard error. With `--json` every line of either is one JSON object.
 *
 * Text from strangers may be passed in as it is: what a terminal would obey is made visible here.
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

/** What an {@linkcode Output} is made of. */
export interface OutputOptions {
  stdout: Sink;
  stderr: Sink;
  env: Record<string, string | undefined>;
  clock: Clock;
  /** `--json` */
  json?: boolean;
  /** `--quiet`: no notices and no progress. Warnings and errors stay. */
  quiet?: boolean;
  /** `--verbose`: details, and where errors came from. */
  verbose?: boolean;
}

/** How a command that goes on for long speaks on standard error. */
export interface LogOptions {
  style: () => LogStyle;
  /** Output that `--quiet` and `--verbose` do not decide. */
  level: () => LogLevel;
}

/** A progress bar, or nothing at all where nobody would see it. */
export interface Progress {
  update(state: ProgressState): void;
  /** Takes the bar away. */
  end(): void;
}

const colors = { red: 31, yellow: 33 };
const redrawAfterMs = 100;
const eraseLine = "\r\x1b[K";

/** Whether `stream` should get colours: it is a terminal that knows them and nobody said no. */
export function wantsColor(stream: Sink, env: Record<string, string | undefined>): boolean {
  // no-color.org: any value but the empty one counts.
  return stream.isTerminal && !env.NO_COLOR && env.TERM !== "dumb";
}

/** Where the words of one command go. */
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
   * From now on all that is said on standard error is a line of a log, with its level, and with the time
   * where nobody else notes it. `--quiet` leaves warnings and errors, `--verbose` has everything.
   */
  logAs(options: LogOptions): void {
    this.#log = options;
  }

  /**
   * A result: `text` and a line break on standard output or, with `--json`, `data` as one line.
   * `text` may have several lines; none at all if it is `undefined`. Throws `OutputClosed` if the
   * reader has gone; let it pass, it ends the command.
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
    // A pipe gets the bytes of a name as they are, or the next program could not open the file.
    const shown = this.#stdout.isTerminal ? text.split("\n").map(printable).join("\n") : text;
    this.#print(this.#stdout, shown);
  }

  /** Raw bytes to standard output, for `-o -`. Resolves when they are written. */
  async writeBytes(bytes: Uint8Array): Promise<void> {
    this.#hideBar();
    await this.#stdout.writeLater(bytes);
  }

  /** Something worth knowing that is not the result. Not with `--quiet`. */
  notice(message: string): void {
    if (this.#log) return this.#logLine("info", message);
    if (!this.quiet) this.#say("notice", message, "", undefined);
  }

  /** Something for whoever asked with `--verbose`. */
  detail(message: string): void {
    if (this.#log) return this.#logLine("debug", message);
    if (this.verbose) this.#say("detail", message, "", undefined);
  }

  /** What is done now: a detail with `--verbose`, else on a terminal, until something else is said. */
  step(message: string): void {
    if (this.verbose) return this.detail(message);
    if (!this.#bars) return;
    const columns = this.#stderr.columns() - 1;
    this.#tryWrite(`${eraseLine}${shorten(printable(message), columns)}`);
    this.#barShown = true;
  }

  /** Something is wrong, and the command goes on. */
  warning(message: string): void {
    if (this.#log) return this.#logLine("warn", message);
    this.#say("warning", message, "libreseed: warning: ", "yellow");
  }

  /**
   * Reports what went wrong, once, at the end of a command; commands throw and leave this to their
   * caller. The stack and what led to the error are shown with `--verbose`.
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
      this.#tryPrint("  run it again with -v for where it came from");
    }
  }

  /** A bar on the terminal, if standard error is one and neither `--quiet` nor `--json` is given. */
  progress(label: string): Progress {
    if (!this.#bars) return { update() {}, end() {} };
    let drawnAtMs = -Infinity;
    return {
      update: (state) => {
        const nowMs = this.#clock.now();
        if (nowMs - drawnAtMs < redrawAfterMs) return;
        drawnAtMs = nowMs;
        // One column is left free: a full line would wrap on some terminals.
        const line = renderProgress(label, state, this.#stderr.columns() - 1);
        this.#tryWrite(`${eraseLine}${line}`);
        this.#barShown = true;
      },
      end: () => this.#hideBar(),
    };
  }

  /** Leaves the terminal tidy. */
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

  /** To standard error. If nobody listens there, nobody can be told. */
  #tryWrite(text: string): void {
    try {
      this.#stderr.write(new TextEncoder().encode(text));
    } catch {
      // A closed standard error must not turn a result into a failure.
    }
  }
}

/** The error's own stack, then each error that led to it. */
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
