/**
 * The messages between the launcher and the other threads. The first message to the command thread
 * is a {@linkcode ThreadStart}.
 *
 * @module
 */

import type { Binding, BindingState, ErrorData } from "../base/mod.ts";
import type { LoadedSettings, SettingFlags } from "../config/mod.ts";
import type { DefaultGateway } from "./gateway.ts";
import type { Grant, Grants } from "./grants_types.ts";
import type { HelperFiles, LauncherRequests } from "./requests.ts";

/** The signals that ask the process to shut down cleanly. */
export type EndSignal = "SIGINT" | "SIGTERM";

/** Facts about the process that the command thread may not find out itself. */
export interface ThreadStart {
  /** The arguments of the process, without the program's name. */
  args: readonly string[];
  /** The working directory of the process, absolute path. */
  cwd: string;
  /** The user's home directory, absolute path; `undefined` if the user has none. */
  userHome: string | undefined;
  /** Absolute path of the compiled program; absent if libreseed runs from its sources. */
  program?: string;
  /** The environment variables that commands read, and no other. */
  env: Record<string, string>;
  /** Paths of staging directories, by the directory in which each lies; absolute paths. */
  staging: ReadonlyMap<string, string>;
  /** The databases that the thread may open. */
  databases: Grants["databases"];
  /** Permissions of the thread, with the reasons; empty for commands that do not show them. */
  grants: readonly Grant[];
  /** The content of standard input, if the launcher has read it. */
  stdin: Uint8Array | undefined;
  /** The settings with the given flags, if they are valid, so that they are loaded once. */
  settings: { flags: SettingFlags; loaded: LoadedSettings } | undefined;
}

/** Names of the requests that are answered with one message. */
export type AnsweredRequest = Exclude<
  keyof LauncherRequests,
  "startEngine" | "startHelper" | "openWebhook"
>;

/** A message of the launcher to the command thread, after the {@linkcode ThreadStart}. */
export type ToThread =
  | { kind: "answer"; id: number; value?: unknown; error?: ErrorData }
  | { kind: "signal"; name: EndSignal }
  | { kind: "hang-up" }
  | { kind: "engine-died"; why: string }
  /** A helper has died, or could not be started. */
  | { kind: "helper-died"; id: number; why: string };

/** A message of the command thread to the launcher. */
export type FromThread =
  | { kind: "request"; id: number; name: AnsweredRequest; args: readonly unknown[] }
  /** The engine's end of the channel is among the transferred objects. */
  | { kind: "start-engine"; port: MessagePort }
  | { kind: "end-engine" }
  /** The port, which the gate is to serve for the setting `webhook`, is among the transferred objects. */
  | { kind: "open-webhook"; port: MessagePort }
  /** The helper's end of the channel is among the transferred objects. The thread chooses `id`. */
  | { kind: "start-helper"; id: number; files: HelperFiles; port: MessagePort }
  | { kind: "end-helper"; id: number }
  /** The thread asks to be told of signals from now on. */
  | { kind: "hear"; what: "end" | "hang-up" }
  /** The thread has heard the signal, and is about to end. */
  | { kind: "heard" }
  | { kind: "exit"; code: number };

/** The addresses of this machine's interfaces. */
export interface MachineAddresses {
  addresses: readonly string[];
  /** The lasting public address of IPv6 by which others should know us, if it is known. */
  stableIpv6?: string;
  /**
   * Whether others may know us by an address that we have lost. Not so if only temporary addresses
   * have changed. The first message is none.
   */
  isMove: boolean;
}

/** A message of the launcher to the engine's thread. Ports are among the transferred objects. */
export type ToEngine =
  /**
   * The first message: the port by which the engine is called, a second TCP port for neighbours, and
   * the addresses to which its sockets are bound, if the user has chosen some.
   */
  | {
    kind: "api";
    port: MessagePort;
    lanPort?: number;
    binding?: Binding;
    bindingState?: BindingState;
  }
  /** The state of the binding after each change. */
  | { kind: "binding"; state: BindingState }
  /**
   * The default gateways of both families after the start, and after each change; `undefined` if none
   * is known. Sent only to an engine that may reach the home router.
   */
  | {
    kind: "gateways";
    gateway: DefaultGateway | undefined;
    gatewayIpv6: DefaultGateway | undefined;
  }
  /**
   * The addresses of this machine's interfaces at the start, after each change, and after the
   * machine was suspended. Sent only to the engine of a daemon.
   */
  | { kind: "addresses" } & MachineAddresses
  /**
   * The gate has died or could not start, with the reason. The next request starts another one, at
   * the earliest after the pause. `mapsPort` tells whether the engine may reach the home router.
   */
  | { kind: "gate-died"; why: string; mapsPort: boolean; pauseMs: number };

/** A message of the engine's thread to the launcher. */
export type FromEngine =
  /**
   * Asks the gate to serve the port, which is transferred; once for each gate. The first time, and
   * the first time after its death, starts the gate.
   */
  { kind: "want-gate"; port: MessagePort };
