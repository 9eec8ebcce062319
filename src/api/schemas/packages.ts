/**
 * Schemas of packages and of the records that are announced for them.
 *
 * @module
 */

import * as v from "valibot";
import type {
  PackageDetailsJson,
  PackageJson,
  PublishedJson,
  RecordJson,
} from "../../control/mod.ts";
import type { AnnouncedJson } from "./announced.ts";
import { exactly } from "./exact.ts";
import { count, failure, hex20, publicKey, speed, timeMs } from "./values.ts";

/** A package of the seed directory. */
export const packageEntry = exactly<PackageJson>()(v.object({
  name: v.string(),
  version: v.string(),
  path: v.string(),
  lengthBytes: count,
  publisher: v.optional(publicKey),
  sha256: v.optional(v.string()),
  infoHash: v.optional(hex20),
  magnet: v.optional(v.string()),
  webSeeds: v.optional(v.array(v.string())),
  seeding: v.boolean(),
  problem: v.optional(v.string()),
  peers: v.optional(count),
  uploadedBytes: v.optional(count),
  findable: v.optional(v.boolean()),
}));

const recordName = {
  kind: v.picklist(["manifest", "announce", "publisher", "name-index", "other", "torrent"]),
  name: v.optional(v.string()),
  version: v.optional(v.string()),
  publisher: v.optional(publicKey),
};

/** A record that this home announces. */
export const record = exactly<RecordJson>()(v.object({
  ...recordName,
  target: hex20,
  seq: count,
  own: v.boolean(),
  holding: count,
  asked: count,
  responded: count,
  weak: v.boolean(),
  lastAttemptMs: v.optional(timeMs),
  lastSuccessMs: v.optional(timeMs),
  nextDueMs: v.optional(timeMs),
  failures: count,
  error: v.optional(v.string()),
}));

const peer = v.object({
  address: v.string(),
  port: count,
  client: v.optional(v.string()),
  transport: v.picklist(["tcp", "utp", "web-seed"]),
  encrypted: v.boolean(),
  incoming: v.boolean(),
  pieces: count,
  uploadedBytes: count,
  downloadedBytes: count,
  uploadSpeed: speed,
  downloadSpeed: speed,
});

/** A package in detail. */
export const packageDetails = exactly<PackageDetailsJson>()(v.object({
  package: packageEntry,
  description: v.optional(v.string()),
  license: v.optional(v.string()),
  files: v.optional(v.array(
    v.object({
      path: v.string(),
      lengthBytes: v.optional(count),
      executable: v.optional(v.boolean()),
    }),
  )),
  fileCount: v.optional(count),
  versions: v.array(v.object({
    version: v.string(),
    lengthBytes: v.optional(count),
    seeding: v.boolean(),
    yanked: v.optional(v.string()),
    deprecated: v.optional(v.string()),
    tags: v.array(v.string()),
  })),
  torrent: v.optional(v.object({
    pieceBytes: count,
    pieces: count,
    piecesHeld: count,
    peers: v.array(peer),
    peersConnected: count,
  })),
  records: v.array(record),
}));

/** The outcome of announcing one record. */
export const announced = exactly<AnnouncedJson>()(v.object({
  ...recordName,
  target: hex20,
  outcome: v.optional(v.object({
    asked: count,
    responded: count,
    holding: count,
    stored: count,
    weak: v.boolean(),
    needsRetry: v.boolean(),
    packets: v.optional(v.number()),
    errors: v.record(v.string(), count),
    superseded: v.optional(v.string()),
    conflict: v.optional(v.string()),
  })),
  error: v.optional(failure),
}));

/** The outcome of publishing an archive. */
export const published = exactly<PublishedJson>()(v.object({
  name: v.string(),
  version: v.string(),
  publisher: publicKey,
  magnet: v.string(),
  infoHash: hex20,
  sha256: v.string(),
  holding: count,
  weak: v.boolean(),
  warnings: v.array(v.string()),
}));
