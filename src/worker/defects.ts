/**
 * Logs failures of the DHT manager and of the schedule, which are defects of the program.
 *
 * @module
 */

import { errorToData, LibreseedError } from "../base/mod.ts";
import type { WorkerEvent } from "./protocol.ts";

/** Maximum number of distinct failures that are logged. */
const MAX_LOGGED = 100;

/** Logs each distinct failure once. */
export class DefectLog {
  readonly #send: (event: WorkerEvent) => void;
  readonly #logged = new Set<string>();

  constructor(send: (event: WorkerEvent) => void) {
    this.#send = send;
  }

  /**
   * Runs `work`. Logs an error that is a defect of the program. An error of class `LibreseedError`
   * is not logged. All errors are rethrown.
   */
  async watch<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LibreseedError)) this.log(error);
      throw error;
    }
  }

  /** Logs a failure. */
  readonly log = (error: unknown): void => {
    const { message } = errorToData(error);
    if (this.#logged.has(message) || this.#logged.size >= MAX_LOGGED) return;
    this.#logged.add(message);
    this.#send({
      event: "log",
      level: "warn",
      message:
        `the DHT manager failed, which is a defect: ${message}. Seeding goes on; please report it`,
    });
  };
}
