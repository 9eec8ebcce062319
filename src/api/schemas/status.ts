/**
 * Schemas of the status of the host, its overview, its settings and what a reload has changed.
 *
 * @module
 */

import * as v from "valibot";
import type { OverviewJson, ReloadedJson, SettingJson, StatusJson } from "../../control/mod.ts";
import { exactly } from "./exact.ts";
import {
  binding,
  dhtState,
  family,
  gate,
  lan,
  manager,
  portMapping,
  reachability,
  traffic,
  utp,
} from "./network.ts";
import { count, speed, timeMs } from "./values.ts";

/** The answer of `status`. */
export const status = exactly<StatusJson>()(v.object({
  version: v.string(),
  pid: count,
  daemon: v.boolean(),
  startedMs: timeMs,
  port: count,
  nodeId: v.optional(v.string()),
  home: v.string(),
  seedDirectory: v.string(),
  dht: dhtState,
  dhtNodes: count,
  traffic: v.optional(traffic),
  dht6: v.optional(family),
  utp: v.optional(utp),
  manager,
  schedule: v.object({ kept: count, overdue: count }),
  packages: count,
  problems: count,
  network: v.object({ ipv4: v.boolean(), ipv6: v.boolean(), lacks: v.optional(v.string()) }),
  binding: v.optional(binding),
  gate: v.optional(gate),
  portMapping: v.optional(portMapping),
  pinhole: v.optional(portMapping),
  reachability,
  lan: v.optional(lan),
  announcing: v.optional(v.object({ budget: count, packets: v.number(), unannounced: count })),
  unmirrored: v.optional(v.array(v.object({
    package: v.string(),
    code: v.string(),
    reason: v.optional(v.unknown()),
    message: v.string(),
  }))),
  left: v.optional(v.array(v.object({ package: v.string(), why: v.string(), timeMs }))),
  webhook: v.optional(v.object({
    waiting: count,
    delivered: count,
    lost: count,
    failure: v.optional(v.string()),
  })),
  memory: v.object({ residentBytes: count, heapBytes: count }),
  uploadSpeed: speed,
  downloadSpeed: speed,
  uploadedBytes: count,
  downloadedBytes: count,
  webSeedBytes: count,
  reusedBytes: count,
  peersConnected: count,
  peersKnown: count,
  peersByUtp: count,
}));

/** A problem of the home. */
export const problem = v.object({
  severity: v.picklist(["error", "warning"]),
  about: v.string(),
  text: v.string(),
  advice: v.optional(v.string()),
});

/** The answer of `overview`. */
export const overview = exactly<OverviewJson>()(v.object({
  problems: v.array(problem),
  disk: v.object({ usedBytes: count, freeBytes: v.optional(count), maxBytes: v.number() }),
  reachability: v.object({
    reachable: v.picklist(["yes", "no", "unknown"]),
    text: v.string(),
    advice: v.optional(v.string()),
  }),
}));

/** A setting of the host. */
export const setting = exactly<SettingJson>()(
  v.object({ key: v.string(), value: v.unknown(), text: v.string(), where: v.string() }),
);

/** The answer of `reload`. */
export const reloaded = exactly<ReloadedJson>()(v.object({
  changed: v.array(v.string()),
  needRestart: v.array(v.string()),
  perCommand: v.array(v.string()),
}));
