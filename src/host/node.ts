/**
 * Gives a command access to the engine of a home directory: connects to the running host, or starts a
 * host in the command's process if none runs. A home never has two engines.
 *
 * @module
 */

import { type Clock, delay, type LibreseedError } from "../base/mod.ts";
import type { LoadedSettings, Settings } from "../config/mod.ts";
import {
  connectControl,
  type ControlServer,
  ensureHome,
  homePaths,
  lockHolder,
  operationNames,
  type Operations,
  rowOf,
  serveControl,
  type StatusJson,
  tryLockHome,
} from "../control/mod.ts";
import type { StateDatabase } from "../store/mod.ts";
import { HostError } from "./errors.ts";
import { Host } from "./host.ts";
import type { HostOptions, HostRequests } from "./options.ts";

/** Options of {@linkcode openNode}. */
export interface OpenNodeOptions {
  settings: Settings;
  /** For each setting, the place its value comes from (flag, environment, file or default). */
  origins?: LoadedSettings["origins"];
  clock: Clock;
  launcher: HostRequests;
  /**
   * Returns the state database of the home. A host in this process uses the database and does not close
   * it.
   */
  state?: () => StateDatabase;
  /**
   * Whether the command reads or writes files of the seed directory. The host must have the same one then.
   */
  usesSeeds?: boolean;
  /** Called with a message if the command has to wait for another process, or if the host has ended. */
  onNotice: (message: string) => void;
  onWarning: (message: string) => void;
  /** Aborting this signal ends the wait for another process. */
  signal?: AbortSignal;
}

/** Access to the torrent engine and DHT node of a home, in this process or in another. */
export interface NodeHandle {
  readonly operations: Operations;
  /** Status of the host at the time when the engine was opened. */
  readonly status: StatusJson;
  /** Whether the host is another process, which may end at any time. */
  readonly borrowed: boolean;
  /** Ends the access to the engine. If the host runs in this process, stops the host. */
  close(): Promise<void>;
}

/** Time limit for stopping a host that a command started in its own process (ms). */
const CLOSE_DEADLINE_MS = 3_000;
/**
 * Time that other commands' requests get to finish before a command stops the host in its own process
 * (ms).
 */
const DRAIN_DEADLINE_MS = 30_000;
/**
 * Time that other commands' requests get to finish if the command was interrupted, for example by Ctrl-C
 * (ms).
 */
const INTERRUPTED_DRAIN_MS = 1_000;
const POLL_MS = 50;
/**
 * Number of failed attempts to reach the home's host or to take its lock, after which the user is told
 * that the command waits for another process.
 */
const NOTICE_AFTER_TRIES = 40;

/**
 * Connects to the host of the home, or starts a host. Waits while another process starts or stops a host.
 * If the host ends during an operation, connects to another host or starts one, and repeats the
 * operation. The first host may have completed the operation before its end. A repeated operation that
 * fails because its work is already done (error code `doneCode`) therefore counts as successful.
 *
 * @throws {HostError} `HOME_IN_USE` (kind `in-use`) if another process holds the lock of the home, does
 * not answer, and does not end within the time limit; `BIND_DIFFERS`, `DIR_DIFFERS` (kind `usage`)
 */
export async function openNode(options: OpenNodeOptions): Promise<NodeHandle> {
  let current = await openOnce(options);
  let reopening: Promise<void> | undefined;
  const reopen = (lost: NodeHandle) => {
    if (current !== lost) return Promise.resolve();
    return reopening ??= (async () => {
      await lost.close();
      options.onNotice("the libreseed process that owned this home has ended; going on without it");
      current = await openOnce(options);
    })().finally(() => reopening = undefined);
  };
  const operations = Object.fromEntries(operationNames.map((name) => [
    name,
    async (...args: unknown[]) => {
      const { doneCode, daemonOnly } = rowOf(name);
      // The loop may repeat several times: each of several short-lived commands may become the host and
      // end.
      for (let tries = 0;; tries++) {
        const used = current;
        try {
          return await (used.operations[name] as (...args: unknown[]) => Promise<unknown>)(...args);
        } catch (error) {
          const { code, message } = error as Partial<LibreseedError>;
          if (tries > 0 && code !== undefined && code === doneCode) {
            return options.onNotice(`${message}: done before, or never there`);
          }
          // The engine in the other process has died, so that process is about to end. The operation is
          // repeated with a new host.
          const isLost = code === "CONTROL_UNREACHABLE" || code === "WORKER_DIED" && used.borrowed;
          if (!isLost || options.signal?.aborted) throw error;
          // An operation that concerns only a daemon is not repeated. The lost daemon has ended, and the
          // next daemon reads the settings and the followed publishers when it starts.
          if (daemonOnly) return;
          await reopen(used);
        }
      }
    },
  ])) as Operations;
  return {
    operations,
    get status() {
      return current.status;
    },
    get borrowed() {
      return current.borrowed;
    },
    close: () => current.close(),
  };
}

async function openOnce(options: OpenNodeOptions): Promise<NodeHandle> {
  const { settings, clock, onNotice, onWarning, signal } = options;
  const paths = homePaths(settings.home);
  await ensureHome(settings.home);
  const endMs = clock.now() + settings.timeoutMs;
  for (let tries = 0;; tries++) {
    const borrowed = await connectControl(settings.home, {
      clock,
      describe: options.launcher.describe,
      signal,
      onSilence: onWarning,
    });
    if (borrowed) {
      if (settings.bind !== undefined && borrowed.status.binding?.name !== settings.bind) {
        borrowed.client.close();
        throw boundOtherwise(settings.bind, borrowed.status);
      }
      if (options.usesSeeds && !await hasDirectory(borrowed.status, settings.dir)) {
        borrowed.client.close();
        throw seedsElsewhere(settings.dir, borrowed.status);
      }
      return {
        operations: borrowed.client.operations,
        status: borrowed.status,
        borrowed: true,
        close: () => Promise.resolve(borrowed.client.close()),
      };
    }
    const lock = await tryLockHome(paths.lock);
    if (lock) {
      try {
        return await openOwn(options, lock.release);
      } catch (error) {
        lock.release();
        throw error;
      }
    }
    if (clock.now() > endMs) throw await homeInUse(settings.home, paths.lock);
    if (tries === NOTICE_AFTER_TRIES) {
      onNotice("waiting for another libreseed process of this home");
    }
    await delay(clock, POLL_MS, signal);
  }
}

/** Creates the error for a host that is not bound as the settings demand. */
function boundOtherwise(bind: string, { binding, pid, daemon }: StatusJson): HostError {
  const how = binding ? `is bound to ${binding.name}` : "is not bound";
  return new HostError(
    "usage",
    "BIND_DIFFERS",
    `--bind ${bind}: process ${pid} owns the network of this home, and ${how}. ` +
      (daemon ? `Start that daemon with --bind ${bind}` : "Try again when it has ended"),
    { detail: { bind, pid } },
  );
}

/** Whether a host has this seed directory, also if a symbolic link leads to it. */
async function hasDirectory({ seedDirectory }: StatusJson, dir: string): Promise<boolean> {
  return dir === seedDirectory || await Deno.realPath(dir).catch(() => undefined) === seedDirectory;
}

/** Creates the error for a host with another seed directory than the command. */
function seedsElsewhere(dir: string, { seedDirectory, pid, daemon }: StatusJson): HostError {
  return new HostError(
    "usage",
    "DIR_DIFFERS",
    `The seed directory of this command is ${dir}, and that of process ${pid}, which owns the network ` +
      `of this home, is ${seedDirectory}. ` +
      (daemon
        ? `Give --dir ${seedDirectory}, or set dir in config.yaml for both`
        : "Try again when it has ended"),
    { detail: { dir, seedDirectory, pid } },
  );
}

/** Creates the error for a home directory whose lock another process holds. */
export async function homeInUse(home: string, lockPath: string): Promise<HostError> {
  const pid = await lockHolder(lockPath);
  const who = pid === undefined ? "another process" : `process ${pid}`;
  return new HostError("in-use", "HOME_IN_USE", `The home ${home} is in use by ${who}`, {
    detail: { home, pid },
  });
}

async function openOwn(options: OpenNodeOptions, release: () => void): Promise<NodeHandle> {
  const { settings, clock } = options;
  const { host, control } = await startHost({
    settings,
    origins: options.origins,
    clock,
    launcher: options.launcher,
    state: options.state,
    daemon: false,
    listeners: { onNotice: options.onNotice, onWarning: options.onWarning, onFailure: () => {} },
  });
  return {
    operations: host,
    status: await host.status(),
    borrowed: false,
    async close() {
      const isInterrupted = options.signal?.aborted ?? false;
      host.stopObserving();
      await drain(control, clock, isInterrupted ? INTERRUPTED_DRAIN_MS : DRAIN_DEADLINE_MS);
      await host.close(CLOSE_DEADLINE_MS);
      release();
    },
  };
}

/** Starts a host and its control socket. The caller has to hold the lock of the home directory. */
export async function startHost(
  options: HostOptions,
): Promise<{ host: Host; control: ControlServer }> {
  const host = await Host.start(options);
  try {
    const { control } = homePaths(options.settings.home);
    return {
      host,
      control: await serveControl(control, host, options.clock, options.listeners.onFailure),
    };
  } catch (error) {
    await host.close(CLOSE_DEADLINE_MS);
    throw error;
  }
}

/** Closes the control socket. Running requests have up to `deadlineMs` milliseconds to finish. */
export async function drain(
  control: ControlServer,
  clock: Clock,
  deadlineMs: number,
): Promise<void> {
  const done = new AbortController();
  await Promise.race([
    control.drain(),
    delay(clock, deadlineMs, done.signal).catch(() => {}),
  ]);
  done.abort();
  await control.close();
}
