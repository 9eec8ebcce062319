/**
 * What the command line is handed of the process that it runs in. Nothing in `src/cli` reaches for
 * the process otherwise, so a test runs any command with streams and a clock of its own.
 * `process_io.ts` makes the real one.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import type { EndSignal } from "./errors.ts";

/** A standard stream to write to. */
export interface Sink {
  /** Writes all of it before it returns. Throws `OutputClosed` if the reader has gone. */
  write(bytes: Uint8Array): void;
  /** The same, without holding up the thread while the reader is slow. */
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
  /** Whether standard error goes to systemd's journal, which notes the time of each line by itself. */
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
   * Aborts with an `Interrupted` at the first SIGINT or SIGTERM; the second ends the process. Until
   * a command asks for it, both signals end the process as they always do.
   */
  readonly signal: AbortSignal;
  /** Calls `hear` at each SIGHUP until it is disposed of. Does nothing where there is none. */
  onHangUp(hear: () => void): Disposable;
  /** The signal that came, if one did and {@linkcode Io.signal} was listening. */
  readonly interruptedBy: EndSignal | undefined;
  /**
   * The bytes of a regular file, `undefined` if there is none. Throws `CliError` (`FILE_INVALID`) if
   * it is longer than `maxBytes` or something else than a file.
   */
  readFile(path: string, maxBytes: number): Promise<Uint8Array | undefined>;
}
