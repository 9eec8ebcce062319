/**
 * The rows of the table of operations that show a host in detail and steer it: what the HTTP API and its
 * page need besides `status`, `list` and `records`.
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
  OverviewJson,
  PackageDetailsJson,
  PublishedJson,
  PublisherJson,
  WatchEvent,
} from "./detail_answers.ts";
import { count, type Operation, plain, publicKey, text } from "./operation.ts";

/** Maximum number of log lines that a daemon keeps, and that a request may ask for. */
export const MAX_LOG_LINES = 1_000;

/** The rows, which `operations.ts` spreads into its table. */
export const observingOperations = {
  /** Returns problems, space and reachability in words. */
  overview: { result: plain<OverviewJson>(), get: true },
  /**
   * Describes a version of a package in the seed directory. `publicKey` is needed only if several
   * publishers have published the version. With `files: false`, the archive
   * is not read.
   */
  describePackage: {
    request: v.strictObject({
      name: text,
      version: text,
      publicKey: v.optional(publicKey),
      files: v.optional(v.boolean()),
    }),
    result: plain<PackageDetailsJson>(),
  },
  /** Lists the publishers that this home follows or has met, its own first. */
  publishers: { result: plain<PublisherJson[]>(), get: true },
  /** Lists the names that this home knows, and the publishers that it accepts for them. */
  names: { result: plain<NameJson[]>(), get: true },
  /** Returns the routing tables of the DHT nodes, and their traffic by kind. */
  dht: { result: plain<DhtJson>(), get: true },
  /** Returns the last lines of the daemon's log: those after the line with the number `after`. */
  logs: {
    request: v.strictObject({
      after: v.optional(count),
      limit: v.optional(v.pipe(count, v.maxValue(MAX_LOG_LINES))),
    }),
    result: plain<LogsJson>(),
  },
  /** Returns the last day at steps of one minute. */
  history: { result: plain<HistoryJson>(), get: true },
  /** Reports events until the caller ends it. Without `kinds`, it reports all kinds. */
  watch: {
    request: v.strictObject({
      kinds: v.optional(
        v.array(v.picklist(["rates", "progress", "problems", "packages", "records", "log"])),
      ),
    }),
    result: plain<void>(),
    event: plain<WatchEvent>(),
  },
  /** Follows a publisher, a package of it, or versions of the package, and reads the list. */
  follow: {
    request: v.strictObject({ publicKey, name: v.optional(text), range: v.optional(text) }),
    result: plain<FollowedJson>(),
  },
  /** Ends following what `follow` with the same request has begun. */
  unfollow: {
    request: v.strictObject({ publicKey, name: v.optional(text), range: v.optional(text) }),
    result: plain<FollowedJson>(),
    doneCode: "NOT_FOLLOWED",
  },
  /**
   * Publishes an archive of this home's publisher that lies in the seed directory under a temporary
   * name (`.tmp-…`): verifies it, signs its records and puts them. The file is deleted in any case. Needs
   * the settings `http` and `http-publish`.
   */
  publish: {
    request: v.strictObject({ fileName: text, tag: v.optional(text) }),
    result: plain<PublishedJson>(),
  },
} satisfies Record<string, Operation>;
