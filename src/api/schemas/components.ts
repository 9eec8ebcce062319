/**
 * The schemas to which the OpenAPI description refers by name.
 *
 * @module
 */

import * as v from "valibot";
import { dht, event, followed, history, logs, name, publisher } from "./observing.ts";
import { announced, packageDetails, packageEntry, published, record } from "./packages.ts";
import { overview, problem, reloaded, setting, status } from "./status.ts";

/** The schema of an answer that tells an error. */
export const errorSchema = v.object({
  error: v.object({
    kind: v.picklist(["failed", "usage", "not-found", "verification", "network", "in-use"]),
    code: v.pipe(v.string(), v.description("Identifies the failure, and does not change")),
    message: v.pipe(v.string(), v.description("What failed, and what to do about it")),
    detail: v.optional(v.record(v.string(), v.unknown())),
  }),
});

/** The schemas of answers, by their names in the description. */
export const components: Record<string, v.GenericSchema> = {
  Status: status,
  Overview: overview,
  Problem: problem,
  History: history,
  Package: packageEntry,
  PackageDetails: packageDetails,
  Record: record,
  Publisher: publisher,
  Name: name,
  Dht: dht,
  Setting: setting,
  Logs: logs,
  Event: event,
  Published: published,
  Followed: followed,
  Announced: announced,
  Reloaded: reloaded,
};
