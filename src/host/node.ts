/**
 * Opens the engine for a command: connects to the host of the home, or becomes the host if there is none.
 * A home never has two engines.
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
import type { HostOptions } from "./options.ts";

/** Options of {@linkcode openNode}. */
export interface OpenNodeOptions {
  settings: Settings;
  /** Source of each setting. */
  origins?: LoadedSettings["origins"];
  clock: Clock;
  /** Returns the home's state, which an own host shares and does not close. */
  state?: () => StateDatabase;
  /** Called with messages about waiting and lost hosts. */
  onNotice: (message: string) => void;
  onWarning: (message: string) => void;
  /** Aborts the wait for another process. */
  signal?: AbortSignal;
}

/** An opened engine. */
export interface NodeHandle {
  readonly operations: Operations;
  /** Status of the host when the engine was opened. */
  readonly status: StatusJson;
  /** Whether another process is the host; it may end at any time. */
  readonly borrowed: boolean;
  /** Releases the engine; an own host is stopped. */
  close(): Promise<void>;
}

/** Time limit for stopping a command's own host (ms). */
const CLOSE_DEADLINE_MS = 3_000;
/** Time limit for requests of other commands when a command's own host stops (ms). */
const DRAIN_DEADLINE_MS = 30_000;
/** The same limit for a command that was interrupted (ms). */
const INTERRUPTED_DRAIN_MS = 1_000;
const POLL_MS = 50;
/** Number of polls before the user is told that the command waits for another process. */
const NOTICE_AFTER_TRIES = 40;

/**
 * Connects to the host of the home, or starts one. Waits while another process is starting or stopping
 * one. If the host ends during an operation, finds another host or becomes it, and repeats the
 * operation. The lost host may have completed the operation, so a repeated operation that finds its work
 * done already (`doneCode`) succeeds.
 *
 * @throws {HostError} `HOME_IN_USE` (kind `in-use`) if the holder of the home's lock neither answers
 * nor ends within the time limit
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
      // Several commands may be the host one after the other, each for a short time.
      for (let tries = 0;; tries++) {
        const used = current;
        try {
          return await (used.operations[name] as (...args: unknown[]) => Promise<unknown>)(...args);
        } catch (error) {
          const { code, message } = error as Partial<LibreseedError>;
          if (tries > 0 && code !== undefined && code === doneCode) {
            return options.onNotice(`${message}: done before, or never there`);
          }
          // A host whose engine died is about to end.
          const isLost = code === "CONTROL_UNREACHABLE" || code === "WORKER_DIED" && used.borrowed;
          if (!isLost || options.signal?.aborted) throw error;
          // The daemon has ended; the next one reads settings and follows when it starts.
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
    const borrowed = await connectControl(settings.home, { clock, signal, onSilence: onWarning });
    if (borrowed) {
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

/** Error for a home whose lock another process holds. */
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
      await drain(control, clock, isInterrupted ? INTERRUPTED_DRAIN_MS : DRAIN_DEADLINE_MS);
      await host.close(CLOSE_DEADLINE_MS);
      release();
    },
  };
}

/** Starts a host and its control socket. The caller holds the home's lock. */
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

/** Closes the control socket; waits a bounded time for running requests. */
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
