/**
 * The interface between the command line and its process: streams, environment, clock, signals.
 * Code in `src/cli` uses the process only through this interface, so a test can run any command
 * with streams and a clock of its own. `process_io.ts` implements it for the real process.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import type { EndSignal } from "./errors.ts";

/** A standard output stream. */
export interface Sink {
  /** Writes all bytes before it returns. Throws `OutputClosed` if the reader closed the stream. */
  write(bytes: Uint8Array): void;
  /** Writes all bytes without blocking the thread while the reader is slow. */
  writeLater(bytes: Uint8Array): Promise<void>;
  readonly isTerminal: boolean;
  /** Width of the terminal in columns; 80 if there is none. */
  columns(): number;
  /** Height of the terminal in lines; 24 if there is none. */
  rows(): number;
}

/** The process. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Whether standard error goes to systemd's journal, which adds a timestamp to each line. */
  readonly stderrIsJournal: boolean;
  readonly stdin: ReadableStream<Uint8Array>;
  readonly stdinIsTerminal: boolean;
  readonly env: Record<string, string>;
  /** Working directory, absolute. */
  readonly cwd: string;
  /** The user's home directory, absolute; `undefined` if the user has none. */
  readonly userHome: string | undefined;
  readonly clock: Clock;
  /**
   * Aborts with an `Interrupted` at the first SIGINT or SIGTERM; the second signal ends the
   * process. The handlers are installed at the first access, so until then both signals end the
   * process.
   */
  readonly signal: AbortSignal;
  /** Calls `listener` at each SIGHUP until disposed of. Does nothing on Windows. */
  onHangUp(listener: () => void): Disposable;
  /** The signal that aborted {@linkcode Io.signal}; `undefined` if none did. */
  readonly interruptedBy: EndSignal | undefined;
  /**
   * Reads a regular file; `undefined` if there is none.
   *
   * @throws {CliError} `FILE_INVALID` if the file is longer than `maxBytes` or is not a regular
   * file
   */
  readFile(path: string, maxBytes: number): Promise<Uint8Array | undefined>;
}
