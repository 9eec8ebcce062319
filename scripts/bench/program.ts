/**
 * A contender as a process of its own, so that its memory is its own and its work shares no thread
 * with the testnet. It prints one JSON object a line and, where it has to wait for us, reads a line.
 *
 * @module
 */

import { createInterface, type Interface } from "node:readline";
import { type ChildProcess, spawn } from "node:child_process";

/** A contender's process, as whoever started it sees it. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #iterator: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;

  /** Starts it. What it says on standard error goes to ours. */
  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout! });
    this.#iterator = this.#lines[Symbol.asyncIterator]();
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve));
  }

  /** Starts a module of this folder. */
  static module(name: string, ...args: string[]): Program {
    const path = new URL(name, import.meta.url).pathname;
    return new Program(Deno.execPath(), [
      "run",
      "-q",
      "--node-modules-dir=manual",
      "-A",
      path,
      ...args,
    ]);
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** The next object that it prints. */
  async next<T>(): Promise<T> {
    const { value, done } = await this.#iterator.next();
    if (done) throw new Error(`${this.#child.spawnargs.join(" ")} ended too early`);
    return JSON.parse(value) as T;
  }

  /** Lets it go on. */
  go(): void {
    this.#child.stdin!.write("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lines.close();
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

/** Prints an object for whoever started us. */
export function tell(message: Record<string, unknown>): void {
  console.log(JSON.stringify(message));
}

/** Waits until whoever started us says go. */
export async function waitForGo(): Promise<void> {
  await Deno.stdin.read(new Uint8Array(1));
}
