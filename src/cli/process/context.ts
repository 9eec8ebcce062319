/**
 * The interface between the command line and the operating-system process: streams, environment,
 * clock, signals. Code in `src/cli` uses the process only through this interface, so tests can run
 * any command with their own streams and clock. `process_io.ts` implements it for the real process.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import type { LoadedSettings, SettingFlags } from "../../config/mod.ts";
import type { Grant, LauncherRequests } from "../../launcher/mod.ts";
import type { EndSignal } from "./errors.ts";

/** An output stream of the process: standard output or standard error. */
export interface Sink {
  /**
   * Writes all bytes before it returns.
   *
   * @throws {OutputClosed} if the reader closed the stream
   */
  write(bytes: Uint8Array): void;
  /** Writes all bytes, and waits without blocking the thread while the reader is slow. */
  writeLater(bytes: Uint8Array): Promise<void>;
  readonly isTerminal: boolean;
  /** Width of the terminal in columns; 80 if the stream is not a terminal. */
  columns(): number;
  /** Height of the terminal in lines; 24 if the stream is not a terminal. */
  rows(): number;
}

/** The streams, environment, clock and signals of a process. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Whether standard error goes to systemd's journal, which adds a timestamp to each line. */
  readonly stderrIsJournal: boolean;
  readonly stdin: ReadableStream<Uint8Array>;
  readonly stdinIsTerminal: boolean;
  readonly env: Record<string, string>;
  /** The working directory of the process, absolute path. */
  readonly cwd: string;
  /** The user's home directory, absolute path; `undefined` if the user has none. */
  readonly userHome: string | undefined;
  /** Absolute path of the compiled program; absent if libreseed runs from its sources. */
  readonly program?: string;
  readonly clock: Clock;
  /** Requests to the launcher, for actions that the command's own thread must not take. */
  readonly launcher: LauncherRequests;
  /** Permissions of this thread, with the reasons; for `doctor`. */
  readonly grants?: readonly Grant[];
  /** The settings and the flags from which they were loaded, if the launcher has loaded them. */
  readonly settings?: { flags: SettingFlags; loaded: LoadedSettings };
  /**
   * Returns the path of the staging directory in `directory`: a directory of a random name that
   * does not exist yet, in which the command may write files before it renames them.
   *
   * @param directory absolute path of a directory in which the command creates a file
   */
  stagingFor(directory: string): string;
  /**
   * An `AbortSignal` that is aborted with an `Interrupted` at the first SIGINT or SIGTERM of the
   * process. A second SIGINT or SIGTERM ends the process at once. The signal handlers are installed
   * when this property is first read; until then, a single SIGINT or SIGTERM ends the process.
   */
  readonly signal: AbortSignal;
  /** Calls `listener` at each SIGHUP until the result is disposed of. Does nothing on Windows. */
  onHangUp(listener: () => void): Disposable;
  /**
   * The operating-system signal that aborted {@linkcode Io.signal}; `undefined` before an abort.
   */
  readonly interruptedBy: EndSignal | undefined;
  /**
   * Reads a regular file; resolves to `undefined` if the file does not exist.
   *
   * @throws {CliError} `FILE_INVALID` if the file is longer than `maxBytes` or is not a regular
   * file
   */
  readFile(path: string, maxBytes: number): Promise<Uint8Array | undefined>;
}
