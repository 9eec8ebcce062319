/**
 * Runs libreseed at a terminal: `script` of util-linux makes the terminal, and the test types.
 *
 * @module
 */

import { commandLine } from "./cli.ts";

/** Options of {@linkcode atTerminal}. */
export interface TerminalOptions {
  /** Value of the variables `HOME` and `LIBRESEED_HOME`. */
  home: string;
  env?: Record<string, string>;
  /** The program to run in place of libreseed, with its first arguments. */
  program?: readonly string[];
}

/** Time limit of a process, milliseconds. */
const TIMEOUT_MS = 120_000;

/** Starts libreseed at a terminal. It is killed on dispose. */
export function atTerminal(args: readonly string[], options: TerminalOptions): TerminalProcess {
  return new TerminalProcess(args, options);
}

/** A libreseed process at a terminal, which shows both output streams together. */
export class TerminalProcess implements AsyncDisposable {
  /** Everything that the terminal has shown, with line feeds only. */
  shown = "";
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  readonly #timer: ReturnType<typeof setTimeout>;
  #wake = Promise.withResolvers<void>();
  #searchedTo = 0;
  #ended = false;

  constructor(args: readonly string[], { home, env = {}, program }: TerminalOptions) {
    const own = program ?? commandLine();
    const command = [...own, ...args].map(quoted).join(" ");
    const variable = (name: string) => Deno.env.get(name) ?? "";
    this.#child = new Deno.Command("script", {
      args: [
        "--quiet",
        "--return",
        "--flush",
        "--echo",
        "never",
        "--command",
        command,
        "/dev/null",
      ],
      clearEnv: true,
      env: {
        PATH: variable("PATH"),
        DENO_DIR: variable("DENO_DIR") ||
          `${variable("XDG_CACHE_HOME") || `${variable("HOME")}/.cache`}/deno`,
        DENO_NO_UPDATE_CHECK: "1",
        LIBRESEED_PORT_MAPPING: "false",
        LIBRESEED_LAN: "false",
        NO_COLOR: "1",
        SHELL: "/bin/sh",
        HOME: home,
        LIBRESEED_HOME: home,
        ...env,
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reading = this.#read();
    this.#timer = setTimeout(() => this.#kill(), TIMEOUT_MS);
  }

  /**
   * Waits until the terminal shows something, after what the call before has found.
   *
   * @throws {Error} with all that was shown, if the process ends first
   */
  async waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const more = this.#wake.promise;
      const over = this.#ended;
      const match = pattern.exec(this.shown.slice(this.#searchedTo));
      if (match) {
        this.#searchedTo += match.index + match[0].length;
        return match;
      }
      if (over) throw new Error(`it ended without ${pattern}:\n${this.shown}`);
      await more;
    }
  }

  /** Types a line. */
  async type(line: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Types an answer to each question, in order. */
  async answer(...dialogue: [question: RegExp, answer: string][]): Promise<void> {
    for (const [question, answer] of dialogue) {
      await this.waitFor(question);
      await this.type(answer);
    }
  }

  /** Resolves with the exit code when the process ends. */
  async code(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#reading;
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#kill();
    await this.#child.status;
    await this.#reading;
    await this.#writer.close().catch(() => {});
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stdout) {
      this.shown += decoder.decode(chunk, { stream: true }).replaceAll("\r", "");
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    }
    this.#ended = true;
    this.#wake.resolve();
  }

  #kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // The process has ended.
    }
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
