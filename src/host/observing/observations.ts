/**
 * The operations of the control socket that observe the host, and those that steer it for an outsider.
 * The code of each is loaded when it is first called, because most hosts never need it.
 *
 * @module
 */

import type { Operations } from "../../control/mod.ts";
import { HostError } from "../errors.ts";
import type { ObservedHost } from "./parts.ts";

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
  readonly #host: ObservedHost;

  constructor(host: ObservedHost) {
    this.#host = host;
  }

  overview: Operations["overview"] = later;
  describePackage: Operations["describePackage"] = later;
  publishers: Operations["publishers"] = later;
  names: Operations["names"] = later;
  dht: Operations["dht"] = later;
  logs: Operations["logs"] = later;
  history: Operations["history"] = later;
  watch: Operations["watch"] = later;
  follow: Operations["follow"] = later;
  unfollow: Operations["unfollow"] = later;
  publish: Operations["publish"] = later;
}
