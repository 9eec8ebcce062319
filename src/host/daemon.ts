/**
 * The daemon: a host that stays, seeds everything and keeps all records alive, until it is told to
 * stop.
 *
 * @module
 */

import type { Clock, HostPort } from "../base/mod.ts";
import type { LoadedSettings, Settings } from "../config/mod.ts";
import { ensureHome, homePaths, type StatusJson, tryLockHome } from "../control/mod.ts";
import type { HostListeners, HostOptions } from "./options.ts";
import type { HttpPage } from "./http/mod.ts";
import { drain, homeInUse, startHost } from "./node.ts";
import { givePermissionsUp } from "./permissions.ts";

/** Options of {@linkcode runDaemon}. */
export interface DaemonOptions {
  settings: Settings;
  clock: Clock;
  listeners: Omit<HostListeners, "onFailure">;
  /** Where each setting came from. */
  origins: LoadedSettings["origins"];
  /** Reads the settings anew, for `reload`. */
  readSettings: NonNullable<HostOptions["readSettings"]>;
  /** Called with each reason to read the settings anew, until the daemon ends. */
  onReload?: (reload: () => Promise<unknown>) => Disposable;
  /** Gives up permissions of the whole process; a test in whose process it runs hands in another. */
  giveUp?: () => void;
  /** Called once it stands: port bound, control socket served. */
  onReady: (status: StatusJson, http: HostPort | undefined) => void;
  /** Ends it. */
  signal: AbortSignal;
}

/** How long commands that are being served may take to end, milliseconds. */
const DRAIN_DEADLINE_MS = 2_000;
/** How long manager and engine may take to end. */
const CLOSE_DEADLINE_MS = 5_000;

/**
 * Runs until `signal` aborts or `libreseed stop` is called; then ends everything in order.
 *
 * @throws {HostError} `HOME_IN_USE`, `TCP_PORT_IN_USE` (kind `in-use`); the engine's error, if it
 * dies
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const { settings, clock, listeners, signal } = options;
  const paths = homePaths(settings.home);
  await ensureHome(settings.home);
  const lock = await tryLockHome(paths.lock);
  if (!lock) throw await homeInUse(settings.home, paths.lock);
  const ended = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => ended.resolve(), { once: true });
  try {
    const { host, control } = await startHost({
      settings,
      clock,
      daemon: true,
      listeners: { ...listeners, onFailure: ended.reject },
      onStop: ended.resolve,
      origins: options.origins,
      readSettings: options.readSettings,
    });
    let page: HttpPage | undefined;
    try {
      using _reloading = options.onReload?.(() => host.reload());
      if (settings.http) {
        // Loaded here because few ask for it.
        const { serveHttpPage } = await import("./http/mod.ts");
        page = serveHttpPage({
          address: settings.http,
          hosts: settings.httpHosts,
          operations: host,
          clock,
        });
      }
      (options.giveUp ?? givePermissionsUp)();
      options.onReady(await host.status(), page?.address);
      // Seeding thousands of archives takes its time; commands are answered meanwhile.
      host.seedAll().catch(ended.reject);
      if (!signal.aborted) await ended.promise;
    } finally {
      await page?.close();
      await drain(control, clock, DRAIN_DEADLINE_MS);
      await host.close(CLOSE_DEADLINE_MS);
    }
  } finally {
    lock.release();
  }
}
