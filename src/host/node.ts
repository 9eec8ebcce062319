/**
 * The engine that a command works with: borrowed from the process that owns the home's, or, if there
 * is none, an own one for as long as the command needs it. Never a second one.
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
  /** Where each setting came from. */
  origins?: LoadedSettings["origins"];
  clock: Clock;
  /** The home's state, which an own host uses too and does not close. */
  state?: () => StateDatabase;
  /** Words for whoever waits; not errors. */
  onNotice: (message: string) => void;
  onWarning: (message: string) => void;
  /** Ends the wait for another process. */
  signal?: AbortSignal;
}

/** An engine to work with. */
export interface NodeHandle {
  readonly operations: Operations;
  /** What the owner of the engine said when it was opened. */
  readonly status: StatusJson;
  /** Whether it is somebody else's, who may go away. */
  readonly borrowed: boolean;
  /** Gives it back; an own engine is ended. */
  close(): Promise<void>;
}

/** How long a command may take to end its own engine, milliseconds. */
const CLOSE_DEADLINE_MS = 3_000;
/** How long others that borrow a command's own engine may go on with what they have begun. */
const DRAIN_DEADLINE_MS = 30_000;
/** The same, when somebody asked the command to end. */
const INTERRUPTED_DRAIN_MS = 1_000;
const POLL_MS = 50;
/** How often to look for the owner before saying that one waits. */
const NOTICE_AFTER_TRIES = 40;

/**
 * Borrows the engine of the home's owner, or starts one. If another process is just starting or
 * ending, waits for it; if the owner goes away, even in the middle of an operation, finds another owner
 * or becomes it, and asks once more. What was asked of one that ended before it answered may have been
 * done by it, so an operation that then finds nothing left to do has succeeded.
 *
 * @throws {HostError} `HOME_IN_USE` (kind `in-use`) if the owner neither answers nor ends within
 * the time limit
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
      // Several commands may own the home one after the other, each for a moment.
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

/** The error for a home that another process has. */
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

/** Starts the host and its control socket. Whoever calls holds the home's lock. */
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

/** Takes no new requests, and waits a bounded time for those that have begun. */
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
