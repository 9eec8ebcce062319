/**
 * Entry point of the gate's thread. This file is bundled with its imports into one file, so the
 * thread needs no permission to read modules.
 *
 * @module
 */

// This import comes first, to confine the thread before any other module runs.
import "./confined.ts";
import { systemClock } from "../base/mod.ts";
import type { GateOrder } from "./connect.ts";
import { Gate, type Port } from "./gate.ts";

declare const self: { onmessage: (event: MessageEvent<GateOrder>) => void };

let gate: Gate | undefined;

self.onmessage = ({ data: { options, interfaces, gateways, bindingState, port, only } }) => {
  if (options) gate = new Gate({ ...options, clock: systemClock });
  if (interfaces && gate) gate.policy.interfaces = interfaces;
  if (gateways && gate) {
    gate.policy.gateway = gateways.ipv4;
    gate.policy.gatewayIpv6 = gateways.ipv6;
  }
  if (bindingState && gate) gate.bindingState = bindingState;
  if (port) gate?.serve(port as Port, only);
};
