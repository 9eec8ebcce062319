/**
 * Options of a host: settings, clock, callbacks, and whether the host is the daemon.
 *
 * @module
 */

import type { Binding, Clock } from "../base/mod.ts";
import { type EngineOptions, type LauncherRequests, mapsPort, usesLan } from "../launcher/mod.ts";
import { type LoadedSettings, type Settings, workerSettings } from "../config/mod.ts";
import type { WebhookJson } from "../control/mod.ts";
import type { StateDatabase } from "../store/mod.ts";
import type { WorkerOptions } from "../worker/mod.ts";
import type { History, LogLines } from "./observing/mod.ts";

/** Callbacks for messages and failures of the host. */
export interface HostListeners {
  onNotice: (message: string) => void;
  onWarning: (message: string) => void;
  onDetail?: (message: string) => void;
  /** Called when the engine has failed and no longer works. */
  onFailure: (error: Error) => void;
}

/** Requests to the launcher that a host needs. */
export type HostRequests = Pick<
  LauncherRequests,
  | "describe"
  | "findBinding"
  | "findPortOwner"
  | "networkAddresses"
  | "openWebhook"
  | "settle"
  | "sign"
  | "signingKey"
  | "startEngine"
  | "startHelper"
>;

/** Options of {@linkcode Host.start}. */
export interface HostOptions {
  settings: Settings;
  clock: Clock;
  launcher: HostRequests;
  /**
   * Whether the host is the daemon, which runs until it is stopped. Any other host ends with its command.
   */
  daemon: boolean;
  listeners: HostListeners;
  /**
   * Called when the interface to which the host is bound has another address. The host does nothing
   * until it is started anew.
   */
  onMoved?: () => void;
  /** Returns the state of the webhook; absent if there is none. */
  webhook?: () => WebhookJson | undefined;
  /** Called when a client requests the operation `stop`. */
  onStop?: () => void;
  /**
   * Returns an open state database that the host shares with the caller. The caller closes the database.
   * If absent, the host opens its own.
   */
  state?: () => StateDatabase;
  /** For each setting, the place its value comes from (flag, environment, file or default). */
  origins?: LoadedSettings["origins"];
  /** The daemon's log and its last day, which outlive a host that is started anew. */
  observed?: { log: LogLines; history: History };
  /** Reads the settings from their sources again. If absent, the operation `reload` changes nothing. */
  readSettings?: () => Promise<Pick<LoadedSettings, "values" | "origins">>;
}

/**
 * Returns the options of the engine's thread.
 *
 * @param seedDirectory absolute path without symbolic links
 * @param binding the addresses to which the engine is bound
 */
export function engineOptionsOf(
  { settings, daemon }: Pick<HostOptions, "settings" | "daemon">,
  seedDirectory: string,
  binding: Binding | undefined,
): EngineOptions {
  const { port, allowLocal } = settings;
  return {
    port,
    seedDirectory,
    allowLocal,
    mapsPort: daemon && mapsPort(settings),
    watchesAddresses: daemon,
    lan: usesLan(settings),
    ...(binding && { binding }),
  };
}

/** Returns the options of the engine, besides what the host knows of other nodes and of the router. */
export function workerOptionsOf(
  { settings, daemon }: Pick<HostOptions, "settings" | "daemon">,
  { mapsPort, lan }: EngineOptions,
): Omit<WorkerOptions, "bootstrap" | "knownNodes"> {
  const { port, dht } = settings;
  return { port, dht, readOnly: !daemon, mapsPort, lan, ...workerSettings(settings) };
}
