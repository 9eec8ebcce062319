/**
 * The operations of the control socket that observe the host, and those that steer it for an outsider.
 * The code of most is loaded when it is first called, because most hosts never need it.
 *
 * @module
 */

import type { CallOptions, Operations, RequestOf, WatchEvent } from "../../control/mod.ts";
import type { Timer } from "../../base/mod.ts";
import { History } from "./history.ts";
import type { Overview } from "./overview.ts";
import type { PackageDetails } from "./package_details.ts";
import { packetsOf } from "./packets.ts";
import type { ObservedHost } from "./parts.ts";
import type { Watching } from "./watching.ts";

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

/** Observes a host. */
export class Observations implements ObservingOperations {
  readonly #host: ObservedHost;
  readonly #ending = new AbortController();
  #overview: Promise<Overview> | undefined;
  #watching: Promise<Watching> | undefined;
  #measuring: Timer | undefined;
  #details: PackageDetails | undefined;

  constructor(host: ObservedHost) {
    this.#host = host;
  }

  /** Begins to measure for `history`, each minute, and opens the key of a daemon that may sign. */
  start(): void {
    const { http, httpPublish } = this.#host.settings();
    if (http && httpPublish) {
      void import("./publishing.ts").then(({ openKey }) => openKey(this.#host));
    }
    const { history, operations, recordOperations: { announcements } } = this.#host;
    this.#measuring = history?.start(async () => {
      const status = await operations.status();
      const { packetsIn, packetsOut } = packetsOf(status);
      return {
        ...{ uploadedBytes: status.uploadedBytes, downloadedBytes: status.downloadedBytes },
        ...{ packetsIn, packetsOut, peers: status.peersConnected },
        ...{ announced: announcements.ended, announcedWell: announcements.well },
        ...{ roundTripMs: status.manager.roundTripMs, residentBytes: status.memory.residentBytes },
      };
    });
  }

  /** Ends all watching and measuring. Later watchers end at once. */
  stop(): void {
    this.#measuring?.cancel();
    this.#ending.abort();
  }

  overview: Operations["overview"] = async () => await (await this.#glance()).read();

  logs: Operations["logs"] = (request) =>
    Promise.resolve(this.#host.log?.read(request) ?? { lines: [], lastSeq: 0 });

  history: Operations["history"] = () =>
    Promise.resolve((this.#host.history ?? new History(this.#host.clock)).read());

  async watch(request: RequestOf<"watch">, options: CallOptions<WatchEvent> = {}): Promise<void> {
    const watching = await (this.#watching ??= this.#openWatching());
    await watching.watch(request, options, this.#ending.signal);
  }

  describePackage: Operations["describePackage"] = async (request) => {
    const { PackageDetails } = await import("./package_details.ts");
    return await (this.#details ??= new PackageDetails(this.#host)).describe(request);
  };

  publishers: Operations["publishers"] = async () => {
    const { listPublishers } = await import("./publishers.ts");
    return await listPublishers(this.#host);
  };

  names: Operations["names"] = async () => {
    const { listNames } = await import("./publishers.ts");
    return listNames(this.#host);
  };

  dht: Operations["dht"] = async () => {
    const { describeDht } = await import("./dht_view.ts");
    return await describeDht(this.#host);
  };

  follow: Operations["follow"] = async (request, options = {}) => {
    const { follow } = await import("./following.ts");
    return await follow(this.#host, request, options);
  };

  unfollow: Operations["unfollow"] = async (request) => {
    const { endFollowing } = await import("./following.ts");
    return endFollowing(this.#host, request);
  };

  publish: Operations["publish"] = async (request, options = {}) => {
    const { publishUpload } = await import("./publishing.ts");
    return await publishUpload(this.#host, request, options);
  };

  #glance(): Promise<Overview> {
    return this.#overview ??= (async () => {
      const { Overview } = await import("./overview.ts");
      return new Overview(this.#host);
    })();
  }

  async #openWatching(): Promise<Watching> {
    const { Watching } = await import("./watching.ts");
    return new Watching(this.#host, await this.#glance());
  }
}
