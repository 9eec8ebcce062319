/**
 * Schemas of publishers, names, the DHT, the log, the last day and events.
 *
 * @module
 */

import * as v from "valibot";
import type {
  DhtJson,
  FollowedJson,
  HistoryJson,
  LogsJson,
  NameJson,
  PublisherJson,
  WatchEvent,
} from "../../control/mod.ts";
import { exactly } from "./exact.ts";
import { problem } from "./status.ts";
import { count, hex20, publicKey, speed, timeMs } from "./values.ts";

/** A publisher that this home follows, mirrors or has met. */
export const publisher = exactly<PublisherJson>()(v.object({
  publisher: publicKey,
  own: v.boolean(),
  follows: v.array(v.object({
    name: v.optional(v.string()),
    range: v.optional(v.string()),
    sinceMs: timeMs,
  })),
  listed: count,
  seeded: count,
  mirrored: v.boolean(),
  checkedMs: v.optional(timeMs),
  keys: v.array(publicKey),
  ended: v.array(v.object({ key: publicKey, untilMs: timeMs })),
  revoked: v.array(v.object({
    key: publicKey,
    sinceMs: timeMs,
    reason: v.optional(v.string()),
  })),
}));

/** A package name that this home knows. */
export const name = exactly<NameJson>()(v.object({
  name: v.string(),
  publisher: publicKey,
  byHand: v.boolean(),
  sinceMs: timeMs,
  version: v.optional(v.string()),
}));

/** The outcome of following or unfollowing. */
export const followed = exactly<FollowedJson>()(v.object({
  publisher: publicKey,
  name: v.optional(v.string()),
  range: v.optional(v.string()),
  packages: count,
  warning: v.optional(v.string()),
}));

const kindTraffic = v.object({
  kind: v.picklist([
    ...["ping", "find_node", "get_peers", "announce_peer", "get", "put", "other", "error"] as const,
  ]),
  queriesIn: count,
  repliesOut: count,
  queriesOut: count,
  repliesIn: count,
});

/** The DHT nodes of this home. */
export const dht = exactly<DhtJson>()(v.object({
  families: v.array(v.object({
    family: v.picklist([4, 6]),
    nodeId: hex20,
    nodes: count,
    buckets: v.array(v.object({ prefixBits: count, nodes: count, good: count })),
    traffic: v.array(kindTraffic),
  })),
  roundTripMs: v.optional(v.number()),
}));

const logLine = v.object({
  seq: count,
  timeMs,
  level: v.picklist(["error", "warn", "info", "debug"]),
  message: v.string(),
});

/** Lines of the log. */
export const logs = exactly<LogsJson>()(v.object({ lines: v.array(logLine), lastSeq: count }));

const values = v.array(v.nullable(v.number()));

/** The last day. */
export const history = exactly<HistoryJson>()(v.object({
  firstMs: timeMs,
  stepMs: v.number(),
  uploadSpeed: values,
  downloadSpeed: values,
  peers: values,
  packetsIn: values,
  packetsOut: values,
  roundTripMs: values,
  announced: values,
  announcedWell: values,
  residentBytes: values,
}));

/** An event of `/v1/events`. */
export const event = exactly<WatchEvent>()(v.variant("kind", [
  v.object({
    kind: v.literal("rates"),
    timeMs,
    uploadSpeed: speed,
    downloadSpeed: speed,
    peers: count,
    packetsIn: count,
    packetsOut: count,
    roundTripMs: v.optional(v.number()),
  }),
  v.object({
    kind: v.literal("progress"),
    infoHash: hex20,
    label: v.optional(v.string()),
    lengthBytes: count,
    downloadedBytes: count,
    peers: count,
    downloadSpeed: speed,
    done: v.boolean(),
    error: v.optional(v.string()),
  }),
  v.object({ kind: v.literal("problems"), problems: v.array(problem) }),
  v.object({ kind: v.literal("packages") }),
  v.object({ kind: v.literal("records") }),
  v.object({ kind: v.literal("log"), line: logLine }),
]));
