/**
 * The daemon: a host that seeds the whole seed directory and keeps all records alive until a user or a
 * signal stops it. This file starts the parts of the daemon in order, and stops them in order.
 *
 * @module
 */

import {
  type Clock,
  delay,
  describeBinding,
  type HostPort,
  type LibreseedError,
} from "../base/mod.ts";
import type { LoadedSettings, Settings } from "../config/mod.ts";
import {
  ensureHome,
  ensureHttpToken,
  homePaths,
  type StatusJson,
  tryLockHome,
} from "../control/mod.ts";
import type { HostListeners, HostOptions, HostRequests } from "./options.ts";
import type { HttpPage } from "./http/mod.ts";
import { History, LogLines, recorded } from "./observing/mod.ts";
import type { Webhook } from "./webhook/mod.ts";
import { drain, homeInUse, startHost } from "./node.ts";

/** Options of {@linkcode runDaemon}. */
export interface DaemonOptions {
  settings: Settings;
  clock: Clock;
  launcher: HostRequests;
  listeners: Omit<HostListeners, "onFailure">;
  /** For each setting, the place its value comes from (flag, environment, file or default). */
  origins: LoadedSettings["origins"];
  /** Reads the settings from their sources again, for the operation `reload`. */
  readSettings: NonNullable<HostOptions["readSettings"]>;
  /**
   * Registers a function that reloads the settings, as the handler of SIGHUP. The returned registration
   * is disposed of when the daemon ends.
   */
  onReload?: (reload: () => Promise<unknown>) => Disposable;
  /** The log's newest lines, to which the caller adds its own. Default: those of the listeners only. */
  log?: LogLines;
  /** Returns whether details are logged (level `debug`). Default: no. */
  logsDetails?: () => boolean;
  /** Called once the daemon is ready: the TCP port is bound and the control socket accepts requests. */
  onReady: (status: StatusJson, http: HostPort | undefined) => void;
  /** Aborting this signal stops the daemon. */
  signal: AbortSignal;
}

/** Time limit for requests that are still running when the daemon stops (ms). */
const DRAIN_DEADLINE_MS = 2_000;
/** Pause before a daemon looks again for an interface that has vanished (ms). */
const RETRY_MS = 1_000;
/** Time limit for stopping the DHT manager and the torrent engine (ms). */
const CLOSE_DEADLINE_MS = 5_000;

/**
 * Runs the daemon until `signal` aborts or a user calls `libreseed stop`, then stops its parts in order.
 *
 * @throws {HostError} `HOME_IN_USE`, `TCP_PORT_IN_USE` (kind `in-use`); the error of the engine if the
 * engine fails
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const { settings, clock, signal } = options;
  const log = options.log ?? new LogLines(clock);
  const observed = { log, history: new History(clock) };
  const listeners = recorded(options.listeners, log, options.logsDetails);
  const paths = homePaths(settings.home);
  await ensureHome(settings.home);
  const lock = await tryLockHome(paths.lock);
  if (!lock) throw await homeInUse(settings.home, paths.lock);
  try {
    let outcome = await runHost({ ...options, listeners, observed });
    const onReady: DaemonOptions["onReady"] = ({ binding }) =>
      listeners.onNotice(`started anew, bound to ${described(binding)}`);
    while (outcome === "moved" && !signal.aborted) {
      outcome = await runHost({ ...options, listeners, observed, onReady }).catch(async (error) => {
        // The interface may have vanished again.
        if ((error as Partial<LibreseedError>).code !== "BIND_NOT_FOUND") throw error;
        await delay(clock, RETRY_MS, signal).catch(() => {});
        return "moved" as const;
      });
    }
  } finally {
    lock.release();
  }
}

/** Runs a host until it is stopped, or until the interface to which it is bound has another address. */
async function runHost(
  options: DaemonOptions & Required<Pick<HostOptions, "observed">>,
): Promise<"stopped" | "moved"> {
  const { settings, clock, listeners, signal } = options;
  const ended = Promise.withResolvers<"stopped" | "moved">();
  const abort = () => ended.resolve("stopped");
  signal.addEventListener("abort", abort, { once: true });
  try {
    let webhook: Webhook | undefined;
    const { host, control } = await startHost({
      settings,
      clock,
      launcher: options.launcher,
      daemon: true,
      listeners: { ...listeners, onFailure: ended.reject },
      onMoved: () => ended.resolve("moved"),
      onStop: abort,
      observed: options.observed,
      webhook: () => webhook?.status,
      origins: options.origins,
      readSettings: options.readSettings,
    });
    let page: HttpPage | undefined;
    try {
      using _reloading = options.onReload?.(() => host.reload());
      if (settings.http) {
        // The HTTP module is loaded lazily, because few daemons serve the monitoring page.
        const { serveHttpPage } = await import("./http/mod.ts");
        await ensureHttpToken(settings.home).catch(({ message }) =>
          listeners.onWarning(`the HTTP API accepts no changes: ${message}`)
        );
        page = serveHttpPage({
          address: settings.http,
          hosts: settings.httpHosts,
          operations: host,
          clock,
          // The file is read at each request, so that `token new` takes effect at once.
          token: () => ensureHttpToken(settings.home),
          archiveLimits: host.archiveLimits,
          onKept: host.claim,
          startThread: options.launcher.startHelper,
          onWarning: listeners.onWarning,
        });
      }
      if (settings.webhook !== undefined) {
        const { startWebhook } = await import("./webhook/mod.ts");
        webhook = await startWebhook({
          ...{ url: settings.webhook, events: settings.webhookEvents, operations: host, clock },
          ...{ random: Math.random, ...listeners },
          secretPath: homePaths(settings.home).webhookSecret,
          openGate: (port) => options.launcher.openWebhook(port),
        });
      }
      await options.launcher.settle();
      options.onReady(await host.status(), page?.address);
      // `seedAll` is not awaited, so that the daemon answers commands while it starts to seed thousands
      // of archives.
      host.seedAll().catch(ended.reject);
      return signal.aborted ? "stopped" : await ended.promise;
    } finally {
      await webhook?.stop();
      host.stopObserving();
      await page?.close();
      await drain(control, clock, DRAIN_DEADLINE_MS);
      await host.close(CLOSE_DEADLINE_MS);
    }
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function described(binding: StatusJson["binding"]): string {
  return binding ? describeBinding(binding) : "no address";
}
