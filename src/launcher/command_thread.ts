/**
 * The launcher's side of the command thread: starts the thread, answers its requests, tells it of
 * signals, and learns its exit code.
 *
 * @module
 */

import { type Clock, errorToData, type Timer } from "../base/mod.ts";
import { EngineSlot } from "./engine_slot.ts";
import type { PreparedEngine } from "./engine_thread.ts";
import type { EngineOptions } from "./engine_permissions.ts";
import { type HelperGrants, Helpers } from "./helper_threads.ts";
import type { AnsweredRequest, EndSignal, ThreadStart, ToThread } from "./messages.ts";
import type { LauncherRequests } from "./requests.ts";
import { carryOut, type RawRequest, readThreadMessage } from "./thread_messages.ts";

/** Options of {@linkcode runCommandThread}. */
export interface CommandThreadOptions {
  /** The file with the thread's code. */
  code: URL;
  permissions: Deno.PermissionOptions;
  start: ThreadStart;
  /** The requests, limited to those that this command was granted. */
  requests: Pick<LauncherRequests, AnsweredRequest>;
  /** The permissions of which the thread's helpers may have a part. */
  helperGrants: HelperGrants;
  /** Options of the engine's thread; rejects if this command must not start an engine. */
  engineOptions(): Promise<EngineOptions>;
  /** Starts an engine's thread at once, before the command asks for it. */
  prepareEngine?(): PreparedEngine | undefined;
  clock: Clock;
  /** Prints a line to standard error. */
  say(line: string): void;
  /** Ends the process at once. */
  exit(code: number): never;
}

/**
 * Time limit for the thread to acknowledge a signal (ms). A thread that is busy in one long step
 * acknowledges nothing until the step ends.
 */
const SILENT_MS = 10_000;
/**
 * Time limit for the command to end after its thread has acknowledged a signal (ms). Each step of a
 * daemon's stop has a shorter limit of its own.
 */
const ENDING_MS = 60_000;
/** Exit code after an uncaught error. */
const UNCAUGHT = 1;
/**
 * Maximum number of requests that are carried out at the same time; further requests wait. The
 * limit bounds the programs that run at once, because a request may start a program.
 */
const MAX_AT_ONCE = 16;
/**
 * Maximum number of waiting requests. A command that links the dependencies of a large package has
 * a few hundred.
 */
const MAX_WAITING = 10_000;

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
  let interruptedBy: EndSignal | undefined;
  let deadline: Timer | undefined;
  let hasHeard = false;

  const asked = new Set<"end" | "hang-up">();
  const onSignal = (name: EndSignal) => {
    if (interruptedBy !== undefined || !asked.has("end")) exit(exitCodeOf[name]);
    interruptedBy = name;
    deadline = clock.after(SILENT_MS, () => exit(exitCodeOf[name]));
    send({ kind: "signal", name });
  };
  const onHeard = () => {
    const name = interruptedBy;
    // The thread may repeat the message, which must not move the deadline.
    if (name === undefined || hasHeard) return;
    hasHeard = true;
    deadline?.cancel();
    deadline = clock.after(ENDING_MS, () => {
      say(`error: the command did not end within ${ENDING_MS / 1_000} s of ${name}`);
      exit(exitCodeOf[name]);
    });
  };
  const fail = (why: string) => {
    exited.resolve(UNCAUGHT);
    say(`error: the command failed unexpectedly: ${why}`);
  };
  const waiting: RawRequest[] = [];
  let running = 0;
  const answerNext = async () => {
    running++;
    for (let request; (request = waiting.shift());) {
      const { id } = request;
      try {
        send({ kind: "answer", id, value: await carryOut(requests, request) });
      } catch (error) {
        send({ kind: "answer", id, error: errorToData(error) });
      }
    }
    running--;
  };
  const answer = (request: RawRequest) => {
    if (waiting.length >= MAX_WAITING) return fail("it sends requests without an end");
    waiting.push(request);
    if (running < MAX_AT_ONCE) void answerNext();
  };
  const engine = new EngineSlot({
    engineOptions: options.engineOptions,
    prepared: options.prepareEngine?.(),
    onDeath: (why) => send({ kind: "engine-died", why }),
  });
  const helpers = new Helpers(
    options.helperGrants,
    (id, why) => send({ kind: "helper-died", id, why }),
  );
  const hear = (what: "end" | "hang-up") => {
    if (asked.has(what)) return;
    asked.add(what);
    if (what === "hang-up" && Deno.build.os !== "windows") {
      Deno.addSignalListener("SIGHUP", () => send({ kind: "hang-up" }));
    }
  };
  worker.addEventListener("message", ({ data }) => {
    const message = readThreadMessage(data);
    if (!message) fail("it sent a message of an unknown form");
    else if (message.kind === "request") answer(message);
    else if (message.kind === "start-engine") void engine.open(message.port);
    else if (message.kind === "end-engine") engine.end();
    else if (message.kind === "open-webhook") engine.openWebhook(message.port);
    else if (message.kind === "start-helper") {
      helpers.start(message.id, message.files, message.port);
    } else if (message.kind === "end-helper") helpers.end(message.id);
    else if (message.kind === "heard") onHeard();
    else if (message.kind === "exit") exited.resolve(message.code);
    else hear(message.what);
  });
  worker.addEventListener("error", (error) => {
    // Without `preventDefault`, the error would end the whole program with a stack trace.
    error.preventDefault();
    fail(error.message);
  });
  worker.postMessage(options.start);
  // A signal to which any thread listens no longer ends the process, and every thread may listen. So
  // the launcher listens to both signals from the start, also for a command that does not ask for them.
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => onSignal(name));
  }
  return exited.promise;
}
