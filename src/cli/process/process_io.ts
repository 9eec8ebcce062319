/**
 * Implements {@linkcode Io} for the real process. Members are evaluated lazily, so a command pays
 * only for the members that it uses. The environment and the home directory are cached, because the
 * daemon drops the permission to read them before it reloads settings.
 *
 * @module
 */

import { delay, errorToData, messageOf, outOfReach, systemClock, toHex } from "../../base/mod.ts";
import { homeDirectory, localRequests } from "../../launcher/mod.ts";
import type { Io, Sink } from "./context.ts";
import { CliError, type EndSignal, Interrupted, OutputClosed } from "./errors.ts";
import { exitCodeOfSignal } from "./exit_codes.ts";

type DenoStream = typeof Deno.stdout;

/** Delay before retrying a write to a non-blocking pipe that is full, in milliseconds. */
const fullPipePauseMs = 5;

function writeError(cause: unknown): CliError {
  if (cause instanceof Deno.errors.BrokenPipe) return new OutputClosed(cause);
  const why = messageOf(cause);
  return new CliError("failed", "STDOUT_FAILED", `cannot write to standard output: ${why}`, {
    cause,
  });
}

export function sinkOf(stream: DenoStream): Sink {
  return {
    write(bytes) {
      for (let at = 0; at < bytes.length;) {
        try {
          at += stream.writeSync(bytes.subarray(at));
        } catch (error) {
          if (!(error instanceof Deno.errors.WouldBlock)) throw writeError(error);
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, fullPipePauseMs);
        }
      }
    },
    async writeLater(bytes) {
      for (let at = 0; at < bytes.length;) {
        try {
          at += await stream.write(bytes.subarray(at));
        } catch (error) {
          if (!(error instanceof Deno.errors.WouldBlock)) throw writeError(error);
          await delay(systemClock, fullPipePauseMs);
        }
      }
    },
    get isTerminal() {
      return stream.isTerminal();
    },
    columns: () => consoleSize(stream).columns,
    rows: () => consoleSize(stream).rows,
  };
}

function consoleSize(stream: DenoStream): { columns: number; rows: number } {
  const usual = { columns: 80, rows: 24 };
  try {
    return stream.isTerminal() ? Deno.consoleSize() : usual;
  } catch {
    return usual;
  }
}

export async function readFile(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  const invalid = (why: string, cause?: unknown) =>
    new CliError("failed", "FILE_INVALID", `cannot read ${path}: ${why}`, { cause });
  try {
    const { isFile, size } = await Deno.stat(path);
    // Check the file type before opening the file: opening a FIFO would block until a writer opens
    // it.
    if (!isFile) throw invalid("it is not a regular file");
    if (size > maxBytes) throw invalid(`it has ${size} bytes, more than ${maxBytes}`);
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof CliError) throw error;
    if (error instanceof Deno.errors.PermissionDenied) throw invalid("no permission", error);
    throw invalid(outOfReach(error)?.why ?? errorToData(error).message, error);
  }
}

/**
 * Whether standard error goes to systemd's journal: compares its device and inode numbers with
 * those in `JOURNAL_STREAM` (systemd.exec(5)). The variable alone is not enough, because a child
 * process may inherit it and have its standard error redirected.
 */
export function isJournal(stream: string | undefined): boolean {
  if (stream === undefined) return false;
  try {
    // deno-lint-ignore no-process-global -- an import would load the module
    const { dev, ino } = process.getBuiltinModule("node:fs").fstatSync(2, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/**
 * Returns a new staging path in `directory`. The name marks a temporary file that a lock protects.
 */
export function stagingFor(directory: string): string {
  const name = `.tmp-held-${toHex(crypto.getRandomValues(new Uint8Array(8)))}`;
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}

/**
 * Returns the {@linkcode Io} of the running process: its streams, environment, clock and signals.
 */
export function processIo(): Io {
  let interruption: AbortController | undefined;
  let interruptedBy: EndSignal | undefined;
  let env: Record<string, string> | undefined;
  let userHome: { path: string | undefined } | undefined;
  const listen = (name: EndSignal, controller: AbortController) =>
    Deno.addSignalListener(name, () => {
      if (interruptedBy !== undefined) Deno.exit(exitCodeOfSignal(name));
      interruptedBy = name;
      controller.abort(new Interrupted(name));
    });
  return {
    stdout: sinkOf(Deno.stdout),
    stderr: sinkOf(Deno.stderr),
    get stderrIsJournal() {
      return isJournal(this.env.JOURNAL_STREAM);
    },
    get stdin() {
      return Deno.stdin.readable;
    },
    get stdinIsTerminal() {
      return Deno.stdin.isTerminal();
    },
    get env() {
      return env ??= Deno.env.toObject();
    },
    get cwd() {
      return Deno.cwd();
    },
    get userHome() {
      return (userHome ??= { path: homeDirectory(this.env.HOME) }).path;
    },
    clock: systemClock,
    launcher: localRequests(),
    stagingFor,
    get signal() {
      if (!interruption) {
        interruption = new AbortController();
        listen("SIGINT", interruption);
        listen("SIGTERM", interruption);
      }
      return interruption.signal;
    },
    onHangUp(listener) {
      if (Deno.build.os === "windows") return { [Symbol.dispose]() {} };
      Deno.addSignalListener("SIGHUP", listener);
      return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGHUP", listener) };
    },
    get interruptedBy() {
      return interruptedBy;
    },
    readFile,
  };
}
