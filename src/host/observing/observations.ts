/**
 * The operations of the control socket that observe the host.
 *
 * @module
 */

import type { Operations } from "../../control/mod.ts";
import { HostError } from "../errors.ts";

/** The operations that observe the host. */
export type ObservingOperations = Pick<
  Operations,
  | "overview"
  | "describePackage"
  | "publishers"
  | "names"
  | "dht"
  | "logs"
  | "history"
  | "watch"
  | "follow"
  | "unfollow"
  | "publish"
>;

function later(): Promise<never> {
  return Promise.reject(new HostError("failed", "NOT_THERE_YET", "not built yet"));
}

/** Observes a host. */
export class Observations implements ObservingOperations {
  overview = later;
  describePackage = later;
  publishers = later;
  names = later;
  dht = later;
  logs = later;
  history = later;
  watch = later;
  follow = later;
  unfollow = later;
  publish = later;
}
