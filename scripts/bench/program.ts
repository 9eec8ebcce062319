/**
 * A compared program in a child process, with its own memory and no thread shared with the testnet.
 * The process prints one JSON object per line, and reads a line where it has to wait for the
 * benchmark.
 */

import { createInterface, type Interface } from "node:readline";
import { type ChildProcess, spawn } from "node:child_process";

/** A child process with a compared program, as the benchmark sees it. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #iterator: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;

  /** Starts a child process, and passes its standard error through. */
  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout! });
    this.#iterator = this.#lines[Symbol.asyncIterator]();
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve));
  }

  /** Starts a module of this folder as a child process. */
  static module(name: string, ...args: string[]): Program {
    const path = new URL(name, import.meta.url).pathname;
    return new Program(Deno.execPath(), [
      "run",
      "-q",
      "-A",
      path,
      ...args,
    ]);
  }

  /** Process id of the child process. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** Returns the next JSON object that the child process prints. */
  async next<T>(): Promise<T> {
    const { value, done } = await this.#iterator.next();
    if (done) throw new Error(`${this.#child.spawnargs.join(" ")} ended too early`);
    return JSON.parse(value) as T;
  }

  /** Writes the line for which the child process waits. */
  go(): void {
    this.#child.stdin!.write("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lines.close();
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

/** Prints a JSON object for the benchmark. Called in the child process. */
export function tell(message: Record<string, unknown>): void {
  console.log(JSON.stringify(message));
}

/** Waits for the benchmark's signal to continue. Called in the child process. */
export async function waitForGo(): Promise<void> {
  await Deno.stdin.read(new Uint8Array(1));
}
