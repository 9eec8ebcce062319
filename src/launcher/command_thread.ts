/**
 * The launcher's side of the command thread: starts the thread, answers its requests, tells it of
 * signals, and learns its exit code.
 *
 * @module
 */

import { type Clock, errorToData, type Timer } from "../base/mod.ts";
import { refusal } from "./granted_requests.ts";
import { startEngine } from "./engine_thread.ts";
import type { EngineOptions } from "./engine_permissions.ts";
import type { EndSignal, FromThread, ThreadStart, ToThread } from "./messages.ts";
import type { EngineThread, LauncherRequests } from "./requests.ts";

/** Options of {@linkcode runCommandThread}. */
export interface CommandThreadOptions {
  /** The file with the thread's code. */
  code: URL;
  permissions: Deno.PermissionOptions;
  start: ThreadStart;
  /** The requests, with a check of what this command may ask for. */
  requests: Omit<LauncherRequests, "startEngine">;
  /** Options of the engine's thread; rejects if this command must not start an engine. */
  engineOptions(): Promise<EngineOptions>;
  clock: Clock;
  /** Prints a line to standard error. */
  say(line: string): void;
  /** Ends the process at once. */
  exit(code: number): never;
}

/**
 * Time that the thread has to hear a signal (ms). A thread that is busy in one long step hears
 * nothing until the step ends.
 */
const SILENT_MS = 10_000;
/** Exit code after an error that nobody has caught. */
const UNCAUGHT = 1;

/** Exit codes of a process that a signal ended: 128 and the number of the signal (POSIX shells). */
const exitCodeOf: Record<EndSignal, number> = { SIGINT: 130, SIGTERM: 143 };

/** Starts the command thread, and resolves to its exit code. */
export function runCommandThread(options: CommandThreadOptions): Promise<number> {
  const { code, permissions, requests, clock, say, exit } = options;
  const worker = new Worker(code, {
    type: "module",
    name: "libreseed-command",
    deno: { permissions },
  });
  const exited = Promise.withResolvers<number>();
  const send = (message: ToThread) => worker.postMessage(message);
  let engine: EngineThread | undefined;
  let interruptedBy: EndSignal | undefined;
  let silence: Timer | undefined;

  const onSignal = (name: EndSignal) => {
    if (interruptedBy !== undefined) exit(exitCodeOf[name]);
    interruptedBy = name;
    silence = clock.after(SILENT_MS, () => exit(exitCodeOf[name]));
    send({ kind: "signal", name });
  };
  const answer = async ({ id, name, args }: FromThread & { kind: "request" }) => {
    try {
      // An object inherits functions that are no requests.
      if (!Object.hasOwn(requests, name)) throw refusal(`make the request ${name}`);
      const request = requests[name] as (...args: readonly unknown[]) => Promise<unknown>;
      send({ kind: "answer", id, value: await request(...args) });
    } catch (error) {
      send({ kind: "answer", id, error: errorToData(error) });
    }
  };
  const openEngine = async (port: MessagePort) => {
    try {
      engine = startEngine(await options.engineOptions(), port);
      engine.died.then((why) => send({ kind: "engine-died", why }));
    } catch (error) {
      send({ kind: "engine-died", why: errorToData(error).message });
    }
  };
  worker.addEventListener("message", ({ data }: MessageEvent<FromThread>) => {
    if (data.kind === "request") void answer(data);
    else if (data.kind === "start-engine") void openEngine(data.port);
    else if (data.kind === "end-engine") engine?.terminate();
    else if (data.kind === "heard") silence?.cancel();
    else if (data.kind === "exit") exited.resolve(data.code);
    else if (data.kind !== "hear") return;
    else if (data.what === "hang-up") {
      if (Deno.build.os !== "windows") {
        Deno.addSignalListener("SIGHUP", () => send({ kind: "hang-up" }));
      }
    } else {
      Deno.addSignalListener("SIGINT", () => onSignal("SIGINT"));
      Deno.addSignalListener("SIGTERM", () => onSignal("SIGTERM"));
    }
  });
  worker.addEventListener("error", (error) => {
    // Without `preventDefault`, the error would end the whole program with a stack trace.
    error.preventDefault();
    say(`error: the command failed unexpectedly: ${error.message}`);
    exited.resolve(UNCAUGHT);
  });
  worker.postMessage(options.start);
  return exited.promise;
}
