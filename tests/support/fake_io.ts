/**
 * An in-memory `Io`, for running commands within the test's process.
 *
 * @module
 */

import { type Io, type Sink, stagingFor } from "../../src/cli/mod.ts";
import { localRequests } from "../../src/launcher/mod.ts";

/** A standard stream that collects the written bytes. */
export class FakeSink implements Sink {
  readonly #chunks: Uint8Array[] = [];
  isTerminal = false;
  width = 80;
  height = 24;
  /** Error that the next write to the stream throws. */
  failWith: Error | undefined;

  get text(): string {
    return new TextDecoder().decode(new Uint8Array(this.#chunks.flatMap((chunk) => [...chunk])));
  }

  write(bytes: Uint8Array): void {
    if (this.failWith) throw this.failWith;
    this.#chunks.push(bytes.slice());
  }

  writeLater(bytes: Uint8Array): Promise<void> {
    return Promise.resolve().then(() => this.write(bytes));
  }

  columns(): number {
    return this.width;
  }

  rows(): number {
    return this.height;
  }
}

/** An `Io` whose members can be set by a test. */
export interface FakeIo extends Io {
  readonly stdout: FakeSink;
  readonly stderr: FakeSink;
  nowMs: number;
}

/**
 * Members of `Io` that replace the defaults. The default `Io` has no environment variables, no
 * files and no terminal.
 */
export interface FakeIoOptions {
  env?: Record<string, string>;
  /** Contents of files in the fake file system, by path. */
  files?: Record<string, string>;
  stdin?: string;
  signal?: AbortSignal;
}

/** Makes an in-memory `Io` with the given environment variables, files and standard input. */
export function fakeIo(options: FakeIoOptions = {}): FakeIo {
  const { env = {}, files = {}, stdin = "", signal = new AbortController().signal } = options;
  const io: FakeIo = {
    onHangUp: () => ({ [Symbol.dispose]() {} }),
    stdout: new FakeSink(),
    stderr: new FakeSink(),
    stdin: new Blob([stdin]).stream(),
    stdinIsTerminal: false,
    stderrIsJournal: false,
    env,
    cwd: "/here",
    userHome: "/users/ann",
    launcher: localRequests(),
    stagingFor,
    nowMs: 1_700_000_000_000,
    clock: {
      now: () => io.nowMs,
      after: () => {
        throw new Error("no timers here");
      },
    },
    signal,
    interruptedBy: undefined,
    readFile: (path) => {
      const text = files[path];
      return Promise.resolve(text === undefined ? undefined : new TextEncoder().encode(text));
    },
  };
  return io;
}
