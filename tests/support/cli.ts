/**
 * Runs libreseed as a process: the program file that `LIBRESEED_BIN` names, or the bundles of which a
 * program file is made, or the sources.
 *
 * @module
 */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { concatBytes } from "../../src/base/mod.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Files and directories of which the bundles are made. */
const sources = ["main.ts", "deno.json", "deno.lock", "src", "scripts/compile.ts"];

const deno: readonly string[] = [Deno.execPath(), "run", "--quiet", "--no-prompt"];

/**
 * Command line that runs libreseed from its sources, with all permissions. The program file has only
 * its compile-time permissions.
 */
export const fromSources: readonly string[] = [
  ...deno,
  `--config=${root}deno.json`,
  "-A",
  `${root}main.ts`,
];

let found: readonly string[] | undefined;

/**
 * Returns the command line that runs libreseed: the program file that `LIBRESEED_BIN` names; else the
 * bundles of `deno task bundle-program`, which start with two thirds of the work; else the sources, if
 * they have changed since.
 */
export function commandLine(): readonly string[] {
  return found ??= programFile() ?? bundles() ?? fromSources;
}

function programFile(): string[] | undefined {
  const path = Deno.env.get("LIBRESEED_BIN");
  return path === undefined || path === "" ? undefined : [path];
}

function bundles(): string[] | undefined {
  const stage = join(root, "dist", "program");
  const main = join(stage, "dist", "main", "main.js");
  if (lastChange(main) < Math.max(...sources.map((path) => lastChange(join(root, path))))) return;
  return [
    ...deno,
    ...["--no-config", `--import-map=${join(stage, "import_map.json")}`],
    ...["--unstable-net", "--unstable-raw-imports", "--unstable-worker-options", "-A", main],
  ];
}

/** Returns the time of the last change of a file, or of a file below a directory (Unix ms); 0 if none. */
function lastChange(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) return found?.mtimeMs ?? 0;
  return Math.max(0, ...readdirSync(path).map((name) => lastChange(join(path, name))));
}

/** Options of {@linkcode runCli} and {@linkcode spawnCli}. */
export interface CliOptions {
  /**
   * Value of the variables `HOME` and `LIBRESEED_HOME`: a path, or the result of `temporaryHome`.
   */
  home?: string | { readonly path: string };
  /**
   * Additional environment variables. From the test's own environment, only `PATH` and the path of
   * Deno's cache are passed on. No router is asked for a port, except with
   * `LIBRESEED_PORT_MAPPING: "true"`, and no peer is searched in the local network, except with
   * `LIBRESEED_LAN: "true"`, because tests send nothing beyond this machine. A variable that is
   * `undefined` is not passed on.
   */
  env?: Record<string, string | undefined>;
  /** Contents of standard input; empty by default. */
  stdin?: string | Uint8Array;
  cwd?: string;
  /**
   * Time limit in milliseconds, after which the process is killed and the result rejects. Default
   * 240,000.
   */
  timeoutMs?: number;
  /** Command line to run in place of libreseed; the test's arguments are appended. */
  program?: readonly string[];
}

/** Exit code and output of a libreseed process that has ended. */
export interface CliResult {
  /** Exit code of the process; 128 plus the signal's number if a signal ended it. */
  code: number;
  signal: Deno.Signal | null;
  stdout: string;
  stderr: string;
  /** Standard output as bytes. */
  stdoutBytes: Uint8Array;
}

/** Runs libreseed and waits for its end: `await runCli(["pack", dir], { home })`. */
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

/** A libreseed process. */
export class CliProcess {
  readonly pid: number;
  /**
   * Resolves with the result when the process ends; rejects if the process runs longer than
   * `timeoutMs`.
   */
  readonly result: Promise<CliResult>;
  readonly #command: string;
  readonly #child: Deno.ChildProcess;
  readonly #stdout = new Output();
  readonly #stderr = new Output();
  /** How the process has ended; `undefined` while it runs. */
  #ended: Deno.CommandStatus | undefined;
  #tookTooLong = false;

  constructor(args: readonly string[], options: CliOptions) {
    const [program, ...before] = options.program ?? commandLine();
    const { home, env, cwd, stdin, timeoutMs = 240_000 } = options;
    this.#command = ["libreseed", ...args].join(" ");
    this.#child = new Deno.Command(program!, {
      args: [...before, ...args],
      env: defined({ ...environment(typeof home === "object" ? home.path : home), ...env }),
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
    // Prevent an unhandled rejection in a test that waits only for a line of output.
    this.result.catch(() => {});
  }

  /** Standard output of the process so far. */
  get stdout(): string {
    return this.#stdout.text;
  }

  /** Standard error of the process so far. */
  get stderr(): string {
    return this.#stderr.text;
  }

  /** Resolves with exit code and signal when the process ends. */
  get status(): Promise<{ code: number; signal: Deno.Signal | null }> {
    return this.result.then(({ code, signal }) => ({ code, signal }));
  }

  /**
   * Waits until a complete output line matches; earlier lines count too.
   *
   * @param from the stream to search; both by default
   * @returns the match
   * @throws {Error} with all output, if the process ends first or exceeds `timeoutMs`
   */
  async waitForLine(pattern: RegExp, from?: "stdout" | "stderr"): Promise<RegExpExecArray> {
    const outputs = [
      ...(from === "stderr" ? [] : [this.#stdout]),
      ...(from === "stdout" ? [] : [this.#stderr]),
    ];
    for (;;) {
      const more = Promise.race(outputs.map((output) => output.more));
      const over = this.#ended !== undefined;
      for (const output of outputs) {
        for (const line of output.lines(over)) {
          const match = new RegExp(pattern.source, pattern.flags.replace("g", "")).exec(line);
          if (match) return match;
        }
      }
      if (over) {
        throw new Error(
          this.#complaint(`ended ${describeEnd(this.#ended!)} without a line like ${pattern}`),
        );
      }
      await Promise.race([more, this.result.catch(() => {})]);
    }
  }

  /** Sends a signal. Does nothing if the process has ended. */
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

  /** Kills the process and stops reading, because a child process may keep the streams open. */
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
    this.#ended = status;
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
      // Ignore the error: the process ended or closed its standard input before it had read all
      // input.
    }
  }

  #complaint(what: string): string {
    return `${this.#command} ${what}\n--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`;
  }
}

/** Describes how a process has ended: `with exit code 1`, or `by SIGSEGV`. */
function describeEnd({ code, signal }: Deno.CommandStatus): string {
  return signal ? `by ${signal}` : `with exit code ${code}`;
}

/** The output of one stream (standard output or standard error) so far. */
class Output {
  #chunks: Uint8Array[] = [];
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #wake = Promise.withResolvers<void>();

  /** Resolves when the next chunk of the stream has arrived. */
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

  /** Returns the complete lines; with `all`, also the text after the last line feed. */
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

  /** Stops reading the stream. */
  async cancel(): Promise<void> {
    await this.#reader?.cancel();
  }
}

/** Leaves out the variables that are `undefined`. */
function defined(variables: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

function environment(home: string | undefined): Record<string, string> {
  const own = (name: string) => Deno.env.get(name);
  const denoDir = own("DENO_DIR") ?? `${own("XDG_CACHE_HOME") ?? `${own("HOME")}/.cache`}/deno`;
  // Set by `deno task coverage`: the program then records the lines that it runs.
  const coverage = own("DENO_COVERAGE_DIR");
  return {
    PATH: own("PATH") ?? "",
    DENO_DIR: denoDir,
    DENO_NO_UPDATE_CHECK: "1",
    LIBRESEED_PORT_MAPPING: "false",
    LIBRESEED_LAN: "false",
    ...(coverage !== undefined && { DENO_COVERAGE_DIR: coverage }),
    ...(home !== undefined && { HOME: home, LIBRESEED_HOME: home }),
  };
}
