/**
 * The command thread's connection to the launcher: sends requests, and receives signals.
 *
 * @module
 */

import { errorFromData } from "../base/mod.ts";
import { maxHelpers } from "./helper_threads.ts";
import type { AnsweredRequest, EndSignal, FromThread, ToThread } from "./messages.ts";
import type { HelperFiles, HelperThread, LauncherRequests } from "./requests.ts";

/** The part of a worker's global scope by which the thread and the launcher exchange messages. */
export interface ThreadScope {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToThread>) => void): void;
}

/** Sends the requests of a command thread to the launcher, and calls the listeners of signals. */
export class ThreadClient {
  readonly #scope: ThreadScope;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #hangUps = new Set<() => void>();
  /** For each running helper, by its id: resolved with the reason when the helper dies. */
  readonly #helpers = new Map<number, PromiseWithResolvers<string>>();
  #onEnd: ((name: EndSignal) => void) | undefined;
  #onEngineDied: ((why: string) => void) | undefined;
  #hearsHangUp = false;
  #lastId = 0;

  /** The requests to the launcher, as the commands use them. */
  readonly requests: LauncherRequests = {
    signingKey: (...args) => this.#ask("signingKey", args),
    sign: (keyPath, statement) => this.#ask("sign", [keyPath, statement]),
    createKey: (keyPath) => this.#ask("createKey", [keyPath]),
    createIdentity: (...args) => this.#ask("createIdentity", args),
    rootKey: (...args) => this.#ask("rootKey", args),
    changeKeys: (...args) => this.#ask("changeKeys", args),
    changeKeyFiles: (...args) => this.#ask("changeKeyFiles", args),
    openBackup: (...args) => this.#ask("openBackup", args),
    restoreKeys: (...args) => this.#ask("restoreKeys", args),
    keyFacts: (keyPath) => this.#ask("keyFacts", [keyPath]),
    examineHome: (home, seedDirectory) => this.#ask("examineHome", [home, seedDirectory]),
    examineKey: (keyPath) => this.#ask("examineKey", [keyPath]),
    makeLink: (target, path) => this.#ask("makeLink", [target, path]),
    placeFile: (...args) => this.#ask("placeFile", args),
    describe: (path) => this.#ask("describe", [path]),
    findPortOwner: (port) => this.#ask("findPortOwner", [port]),
    findBinding: (bind) => this.#ask("findBinding", [bind]),
    networkAddresses: () => this.#ask("networkAddresses", []),
    settle: () => this.#ask("settle", []),
    startEngine: (_options, port) => {
      // The launcher makes the permissions of the engine from the settings that it has read itself.
      this.#send({ kind: "start-engine", port }, [port]);
      const died = Promise.withResolvers<string>();
      this.#onEngineDied = died.resolve;
      return { died: died.promise, terminate: () => this.#send({ kind: "end-engine" }) };
    },
    openWebhook: (port) => this.#send({ kind: "open-webhook", port }, [port]),
    startHelper: (files) => this.#startHelper(files),
  };

  constructor(scope: ThreadScope) {
    this.#scope = scope;
    scope.addEventListener("message", ({ data }) => this.#hear(data));
  }

  /** Calls `listener` at the first SIGINT or SIGTERM; a second signal ends the process. */
  onEnd(listener: (name: EndSignal) => void): void {
    this.#onEnd = listener;
    this.#send({ kind: "hear", what: "end" });
  }

  /** Calls `listener` at each SIGHUP until the result is disposed of. */
  onHangUp(listener: () => void): Disposable {
    if (!this.#hearsHangUp) this.#send({ kind: "hear", what: "hang-up" });
    this.#hearsHangUp = true;
    this.#hangUps.add(listener);
    return { [Symbol.dispose]: () => void this.#hangUps.delete(listener) };
  }

  /** Ends the process with an exit code. The thread does nothing afterwards. */
  exit(code: number): void {
    this.#send({ kind: "exit", code });
  }

  #send(message: FromThread, transfer?: Transferable[]): void {
    // With a second argument, even an empty one, Deno loads its streams first, which takes as long as
    // a third of a thread's start.
    if (transfer) this.#scope.postMessage(message, transfer);
    else this.#scope.postMessage(message);
  }

  #ask<NAME extends AnsweredRequest>(
    name: NAME,
    args: Parameters<LauncherRequests[NAME]>,
  ): ReturnType<LauncherRequests[NAME]> {
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#send({ kind: "request", id, name, args });
    return waiting.promise as ReturnType<LauncherRequests[NAME]>;
  }

  #startHelper(files: HelperFiles): HelperThread | undefined {
    if (this.#helpers.size >= maxHelpers()) return undefined;
    const id = ++this.#lastId;
    const died = Promise.withResolvers<string>();
    this.#helpers.set(id, died);
    const { port1: port, port2 } = new MessageChannel();
    this.#send({ kind: "start-helper", id, files, port: port2 }, [port2]);
    return {
      port,
      died: died.promise,
      terminate: () => {
        port.close();
        if (this.#helpers.delete(id)) this.#send({ kind: "end-helper", id });
      },
    };
  }

  #hear(message: ToThread): void {
    if (message.kind === "answer") {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error) waiting?.reject(errorFromData(message.error));
      else waiting?.resolve(message.value);
    } else if (message.kind === "signal") {
      this.#send({ kind: "heard" });
      this.#onEnd?.(message.name);
    } else if (message.kind === "hang-up") {
      for (const listener of this.#hangUps) listener();
    } else if (message.kind === "engine-died") {
      this.#onEngineDied?.(message.why);
    } else if (message.kind === "helper-died") {
      const died = this.#helpers.get(message.id);
      this.#helpers.delete(message.id);
      died?.resolve(message.why);
    }
  }
}
