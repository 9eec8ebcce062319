/**
 * Options of a host: settings, clock, callbacks, and whether it is the daemon.
 *
 * @module
 */

import type { Clock } from "../base/mod.ts";
import type { LoadedSettings, Settings } from "../config/mod.ts";
import type { StateDatabase } from "../store/mod.ts";

/** Callbacks for messages of the host. */
export interface HostListeners {
  onNotice: (message: string) => void;
  onWarning: (message: string) => void;
  onDetail?: (message: string) => void;
  /** Called when the engine died. */
  onFailure: (error: Error) => void;
}

/** Options of {@linkcode Host.start}. */
export interface HostOptions {
  settings: Settings;
  clock: Clock;
  /** Whether the host is the daemon, which runs until it is stopped; else it ends with its command. */
  daemon: boolean;
  listeners: HostListeners;
  /** Called by the operation `stop`. */
  onStop?: () => void;
  /** Returns the home's state if the caller shares its own with the host; the caller closes it. */
  state?: () => StateDatabase;
  /** Source of each setting. */
  origins?: LoadedSettings["origins"];
  /** Reads the settings again from their sources; without it `reload` changes nothing. */
  readSettings?: () => Promise<Pick<LoadedSettings, "values" | "origins">>;
}
