/**
 * The place of a command's one engine: starts the engine's thread at the command's request, or hands
 * over a thread that was prepared.
 *
 * @module
 */

import { errorToData } from "../base/mod.ts";
import type { EngineOptions } from "./engine_permissions.ts";
import { type PreparedEngine, type RunningEngine, startEngine } from "./engine_thread.ts";

/** Options of {@linkcode EngineSlot}. */
export interface EngineSlotOptions {
  /** Options of the engine's thread; rejects if this command must not start an engine. */
  engineOptions(): Promise<EngineOptions>;
  /** An engine's thread for the command's first request. */
  prepared?: PreparedEngine;
  /** Called when an engine could not be started, or has died by an error. */
  onDeath(why: string): void;
  /** Replaced in tests. */
  start?: typeof startEngine;
}

/** The engine of a command: none, or one. Each engine is a thread that may use the network. */
export class EngineSlot {
  readonly #options: EngineSlotOptions;
  #prepared: PreparedEngine | undefined;
  #engine: RunningEngine | undefined;
  #isOpening = false;

  constructor(options: EngineSlotOptions) {
    this.#options = options;
    this.#prepared = options.prepared;
  }

  /**
   * Starts an engine, unless there is one.
   *
   * @param port the engine's end of the channel; closed if no engine is started
   */
  async open(port: MessagePort): Promise<void> {
    if (this.#isOpening || this.#engine) return port.close();
    this.#isOpening = true;
    const { onDeath } = this.#options;
    try {
      const opened = this.#engine = this.#begin(await this.#options.engineOptions(), port);
      opened.died.then((why) => {
        if (this.#engine === opened) this.#engine = undefined;
        onDeath(why);
      });
    } catch (error) {
      port.close();
      onDeath(errorToData(error).message);
    } finally {
      this.#isOpening = false;
    }
  }

  /**
   * Has the gate of the engine serve a port for the setting `webhook`. Closes the port if there is no
   * engine.
   */
  openWebhook(port: MessagePort): void {
    if (this.#engine) this.#engine.openWebhook(port);
    else port.close();
  }

  /** Ends the engine, if there is one. */
  end(): void {
    this.#engine?.terminate();
    this.#engine = undefined;
  }

  /**
   * The prepared thread has the options of a moment ago. If they have changed, for example because
   * the seed directory was replaced, another thread is started.
   */
  #begin(options: EngineOptions, port: MessagePort): RunningEngine {
    const { start = startEngine } = this.#options;
    const prepared = this.#prepared;
    this.#prepared = undefined;
    if (prepared && JSON.stringify(prepared.options) === JSON.stringify(options)) {
      return prepared.serve(port);
    }
    prepared?.terminate();
    return start(options, port);
  }
}
