/**
 * Runs libreseed in child processes for the demo. Each person of the demo has a home directory, and
 * all processes end with the demo.
 */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** A person in the demo's story, who types commands. */
export interface Person {
  /** Name of the person, shown before the prompt. */
  name: string;
  /** Absolute path of the directory in which the person works. */
  cwd: string;
  /** Environment variables that the person has set. */
  env: Record<string, string>;
}

/** The exit code and output of a program that has ended. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** A program that the demo runs in the background. */
export interface Running {
  pid: number;
  ended: Promise<Ended>;
}

/** Callback for each line of a program's output, as soon as the line arrives. */
type OnLine = (line: string, stream: "stdout" | "stderr") => void;

const mainModule = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** Default time limit of a command, in milliseconds. Every command of the demo normally takes far less. */
const DEADLINE_MS = 60_000;
/** Time for a program to end after SIGTERM before it is killed, in milliseconds. */
const GRACE_MS = 5_000;

/** All programs that the demo starts. */
export class Programs implements AsyncDisposable {
  /** Command line of libreseed, as a user would type it in any directory. */
  readonly spelling: string;
  readonly #command: readonly string[];
  readonly #signal: AbortSignal;
  readonly #deadlineMs: number;
  readonly #running = new Map<Deno.ChildProcess, Promise<unknown>>();

  /**
   * @param binary path of the program to run; without it, libreseed runs from the sources
   * @param signal ends all programs when it is aborted
   * @param deadlineMs time limit of a command, in milliseconds
   */
  constructor(binary: string | undefined, signal: AbortSignal, deadlineMs = DEADLINE_MS) {
    const fromSources = ["run", "-q", "-P=libreseed", mainModule];
    this.#command = binary ? [resolve(binary)] : [Deno.execPath(), ...fromSources];
    this.spelling = binary ? resolve(binary) : `deno ${fromSources.join(" ")}`;
    this.#signal = signal;
    this.#deadlineMs = deadlineMs;
    signal.addEventListener("abort", () => this.#kill("SIGTERM"), { once: true });
  }

  /** Runs libreseed, and waits until it ends. */
  async libreseed(person: Person, args: readonly string[], onLine?: OnLine): Promise<Ended> {
    const [program, ...before] = this.#command;
    return await this.run(person, program!, [...before, ...args], onLine);
  }

  /**
   * Runs any program, and waits until it ends. Throws if the program exceeds the time limit.
   */
  async run(
    person: Person,
    program: string,
    args: readonly string[] = [],
    onLine?: OnLine,
  ): Promise<Ended> {
    const { child, ended } = this.#spawn(person, program, args, onLine);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      tryKill(child, "SIGKILL");
    }, this.#deadlineMs);
    try {
      const result = await ended;
      if (late) throw new Error(`${program} was still running after ${this.#deadlineMs / 1_000} s`);
      return result;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Starts libreseed in the background. Resolves with the first line of its standard output. */
  async startLibreseed(
    person: Person,
    args: readonly string[],
    onLine: OnLine,
  ): Promise<Running> {
    const [program, ...before] = this.#command;
    const ready = Promise.withResolvers<void>();
    const { child, ended } = this.#spawn(person, program!, [...before, ...args], (line, stream) => {
      onLine(line, stream);
      if (stream === "stdout") ready.resolve();
    });
    const endedEarly = ended.then(({ code }) => {
      throw new Error(`libreseed ${args.join(" ")} ended at once, with exit code ${code}`);
    });
    await Promise.race([ready.promise, endedEarly]);
    endedEarly.catch(() => {});
    return { pid: child.pid, ended };
  }

  /** Ends the programs that still run, and waits for their end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill("SIGTERM");
    const timer = setTimeout(() => this.#kill("SIGKILL"), GRACE_MS);
    await Promise.allSettled(this.#running.values());
    clearTimeout(timer);
  }

  #spawn(
    { cwd, env }: Person,
    program: string,
    args: readonly string[],
    onLine: OnLine = () => {},
  ) {
    this.#signal.throwIfAborted();
    const child = new Deno.Command(program, {
      args: [...args],
      cwd,
      clearEnv: true,
      env: { ...ownEnvironment(), ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const ended = this.#collect(child, onLine).finally(() => this.#running.delete(child));
    this.#running.set(child, ended);
    ended.catch(() => {});
    return { child, ended };
  }

  async #collect(child: Deno.ChildProcess, onLine: OnLine): Promise<Ended> {
    const text = { stdout: "", stderr: "" };
    const read = async (stream: "stdout" | "stderr") => {
      for await (const line of linesOf(child[stream])) {
        text[stream] += `${line}\n`;
        onLine(line, stream);
      }
    };
    const [{ code }] = await Promise.all([child.status, read("stdout"), read("stderr")]);
    this.#signal.throwIfAborted();
    return { code, ...text };
  }

  #kill(signal: Deno.Signal): void {
    for (const child of this.#running.keys()) tryKill(child, signal);
  }
}

/** Sends a signal to a process, which may have ended already. */
function tryKill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
  }
}

/**
 * Returns the inherited environment without variables of libreseed, which would change the demo's
 * output.
 */
function ownEnvironment(): Record<string, string> {
  const all = Object.entries(Deno.env.toObject());
  const others = all.filter(([name]) =>
    !name.startsWith("LIBRESEED_") && name !== "SOURCE_DATE_EPOCH"
  );
  return { ...Object.fromEntries(others), DENO_NO_UPDATE_CHECK: "1" };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    const text = decoder.decode(bytes, { stream: true });
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") yield rest;
}
