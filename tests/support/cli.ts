/**
 * libreseed as a process: from the sources, or the binary that `LIBRESEED_BIN` names.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { concatBytes } from "../../src/base/mod.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** How the sources are run: with all permissions. The program file runs with the few that it has. */
export const fromSources: readonly string[] = [
  Deno.execPath(),
  "run",
  "--quiet",
  "--no-prompt",
  // Deno makes the linked packages anew at each start otherwise, and two starts at once get in each
  // other's way.
  "--node-modules-dir=manual",
  `--config=${root}deno.json`,
  "-A",
  `${root}main.ts`,
];

/** Options of {@linkcode runCli} and {@linkcode spawnCli}. */
export interface CliOptions {
  /** Becomes `HOME` and `LIBRESEED_HOME`: a path, or what `temporaryHome` returns. */
  home?: string | { readonly path: string };
  /** More environment variables. Of the test's own, only `PATH` and where Deno caches are passed on. */
  env?: Record<string, string>;
  /** What the program reads; nothing unless given. */
  stdin?: string | Uint8Array;
  cwd?: string;
  /** After this many milliseconds the program is killed, and waiting for it fails. Default 240,000. */
  timeoutMs?: number;
  /** Run this in place of libreseed, the arguments coming after it. */
  program?: readonly string[];
}

/** How a process ended. */
export interface CliResult {
  /** Exit code; 128 and the signal's number if one ended it. */
  code: number;
  signal: Deno.Signal | null;
  stdout: string;
  stderr: string;
  /** Standard output as it came. */
  stdoutBytes: Uint8Array;
}

/** Runs libreseed to its end: `await runCli(["pack", dir], { home })`. */
export async function runCli(
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  await using process = spawnCli(args, options);
  return await process.result;
}

/** Starts libreseed: `await using seed = spawnCli(["seed"], { home })`. It is killed on dispose. */
export function spawnCli(args: readonly string[], options: CliOptions = {}): CliProcess {
  return new CliProcess(args, options);
}

/** A libreseed that runs. */
export class CliProcess {
  readonly pid: number;
  /** Resolves at its end, rejects if it took longer than `timeoutMs`. */
  readonly result: Promise<CliResult>;
  readonly #command: string;
  readonly #child: Deno.ChildProcess;
  readonly #stdout = new Output();
  readonly #stderr = new Output();
  #ended = false;
  #tookTooLong = false;

  constructor(args: readonly string[], options: CliOptions) {
    const [program, ...before] = options.program ?? binary() ?? fromSources;
    const { home, env, cwd, stdin, timeoutMs = 240_000 } = options;
    this.#command = ["libreseed", ...args].join(" ");
    this.#child = new Deno.Command(program!, {
      args: [...before, ...args],
      env: { ...environment(typeof home === "object" ? home.path : home), ...env },
      clearEnv: true,
      ...(cwd !== undefined && { cwd }),
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    const timer = setTimeout(() => {
      this.#tookTooLong = true;
      this.#end();
    }, timeoutMs);
    this.result = this.#run(stdin).finally(() => clearTimeout(timer));
    // Whoever waits for a line only does not want to hear of it.
    this.result.catch(() => {});
  }

  /** What it has written to standard output until now. */
  get stdout(): string {
    return this.#stdout.text;
  }

  /** What it has written to standard error until now. */
  get stderr(): string {
    return this.#stderr.text;
  }

  /** Its exit code and signal, once it has ended; `result` without the output. */
  get status(): Promise<{ code: number; signal: Deno.Signal | null }> {
    return this.result.then(({ code, signal }) => ({ code, signal }));
  }

  /**
   * Waits until a whole line of its output matches; lines that came before count.
   *
   * @param from where to look; both unless given
   * @returns the match
   * @throws with all its output, if it ends first or takes longer than `timeoutMs`
   */
  async waitForLine(pattern: RegExp, from?: "stdout" | "stderr"): Promise<RegExpExecArray> {
    const outputs = [
      ...(from === "stderr" ? [] : [this.#stdout]),
      ...(from === "stdout" ? [] : [this.#stderr]),
    ];
    for (;;) {
      const more = Promise.race(outputs.map((output) => output.more));
      const over = this.#ended;
      for (const output of outputs) {
        for (const line of output.lines(over)) {
          const match = new RegExp(pattern.source, pattern.flags.replace("g", "")).exec(line);
          if (match) return match;
        }
      }
      if (over) throw new Error(this.#complaint(`ended without a line like ${pattern}`));
      await Promise.race([more, this.result.catch(() => {})]);
    }
  }

  /** Sends a signal; no error if it has ended already. */
  kill(signal: Deno.Signal = "SIGTERM"): void {
    if (this.#ended) return;
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    await this.result.catch(() => {});
  }

  /** Kills it, and stops listening: a child of its own may hold the other end of a stream. */
  async #end(): Promise<void> {
    this.kill("SIGKILL");
    await this.#child.status;
    await Promise.all([this.#stdout.cancel(), this.#stderr.cancel()]);
  }

  async #run(stdin: string | Uint8Array | undefined): Promise<CliResult> {
    const [status] = await Promise.all([
      this.#child.status,
      this.#stdout.read(this.#child.stdout),
      this.#stderr.read(this.#child.stderr),
      stdin === undefined ? undefined : this.#write(stdin),
    ]);
    this.#ended = true;
    if (this.#tookTooLong) throw new Error(this.#complaint("took too long"));
    return {
      code: status.code,
      signal: status.signal,
      stdout: this.stdout,
      stderr: this.stderr,
      stdoutBytes: this.#stdout.bytes,
    };
  }

  async #write(stdin: string | Uint8Array): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    const bytes = typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin;
    try {
      await writer.write(bytes);
      await writer.close();
    } catch {
      // It ended, or closed its end, without having read all: its own business.
    }
  }

  #complaint(what: string): string {
    return `${this.#command} ${what}\n--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`;
  }
}

/** One stream of a process, as far as it has come. */
class Output {
  #chunks: Uint8Array[] = [];
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #wake = Promise.withResolvers<void>();

  /** Resolves with the next chunk. */
  get more(): Promise<void> {
    return this.#wake.promise;
  }

  get bytes(): Uint8Array {
    return concatBytes(...this.#chunks);
  }

  get text(): string {
    const decoder = new TextDecoder();
    return this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") +
      decoder.decode();
  }

  /** The whole lines; with `all` also what comes after the last line feed. */
  lines(all: boolean): string[] {
    const lines = this.text.split("\n");
    return all ? lines : lines.slice(0, -1);
  }

  async read(stream: ReadableStream<Uint8Array>): Promise<void> {
    this.#reader = stream.getReader();
    for (;;) {
      const { value, done } = await this.#reader.read();
      if (done) return;
      this.#chunks.push(value);
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    }
  }

  /** Reads no further. */
  async cancel(): Promise<void> {
    await this.#reader?.cancel();
  }
}

function binary(): string[] | undefined {
  const path = Deno.env.get("LIBRESEED_BIN");
  return path ? [path] : undefined;
}

function environment(home: string | undefined): Record<string, string> {
  const own = (name: string) => Deno.env.get(name);
  const denoDir = own("DENO_DIR") ?? `${own("XDG_CACHE_HOME") ?? `${own("HOME")}/.cache`}/deno`;
  return {
    PATH: own("PATH") ?? "",
    DENO_DIR: denoDir,
    DENO_NO_UPDATE_CHECK: "1",
    ...(home !== undefined && { HOME: home, LIBRESEED_HOME: home }),
  };
}
