/**
 * Entry point of the sandboxed worker thread. This file is bundled with its imports into one file,
 * so the thread needs no permission to read modules.
 *
 * @module
 */

// This import comes first, to confine the thread before any library is loaded.
import { printing } from "./confined.ts";
import { expose } from "comlink";
import { LibraryLines, systemClock } from "../base/mod.ts";
import type { FromEngine, ToEngine } from "../launcher/mod.ts";
import { GateAccess } from "./gate_access.ts";
import { WorkerBinding } from "./binding.ts";
import type { WorkerEvent } from "./protocol.ts";
import { OpenedPorts } from "./opened_ports.ts";
import { WorkerRuntime } from "./runtime.ts";
import { transferErrors } from "./transfer_errors.ts";

declare const self: { postMessage(message: FromEngine, transfer: Transferable[]): void };

transferErrors();

const gate = new GateAccess(
  systemClock,
  (port) => self.postMessage({ kind: "want-gate", port }, [port]),
);
const binding = new WorkerBinding();
const ports = new OpenedPorts(systemClock, () => gate.client().router());

let runtime: WorkerRuntime | undefined;
let warn = (_message: string) => {};

addEventListener("message", ({ data }: MessageEvent<ToEngine>) => {
  if (data.kind === "api") serve(data);
  else if (data.kind === "binding") binding.set(data.state);
  else if (data.kind === "addresses") runtime?.setHostAddresses(data);
  else if (data.kind === "gateways") ports.setGateways(data.gateway, data.gatewayIpv6);
  else if (data.kind === "gate-died") gateDied(data);
});

/** Serves calls of the engine at a port. */
function serve({ port, ...bound }: Extract<ToEngine, { kind: "api" }>): void {
  binding.begin(bound.binding, bound.bindingState, bound.lanPort);
  const send = (event: WorkerEvent) => port.postMessage(event);
  warn = (message) => send({ event: "log", level: "warn", message });
  const lines = new LibraryLines(
    systemClock,
    (message) => send({ event: "log", level: "debug", message }),
  );
  printing.hear = (args) => lines.hear(args);
  runtime = new WorkerRuntime(systemClock, send, { ports, gate, binding });
  expose(runtime, port);
}

/** Ends what uses the gate. The parts of the engine ask for a new gate when they need one. */
function gateDied({ why, mapsPort, pauseMs }: Extract<ToEngine, { kind: "gate-died" }>): void {
  warn(
    `${why}; a new one starts in ${pauseMs / 1_000} s. Seeding goes on. Until then no peer over ` +
      "IPv6 or in the local network is dialled, and the router's ports are not renewed",
  );
  gate.died(why);
  if (mapsPort) ports.gateDied(why);
}
