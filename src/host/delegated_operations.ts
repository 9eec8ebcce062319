/**
 * The operations of a host that one of its parts carries out alone.
 *
 * @module
 */

import type { Operations } from "../control/mod.ts";
import type { Observations } from "./observing/mod.ts";
import type { RecordOperations } from "./records/mod.ts";
import { countPeers, type HostDownloads } from "./seeding/mod.ts";
import type { WorkerHandle } from "./thread/mod.ts";

/** The parts that carry out the operations. They exist when the host has started. */
export interface DelegateParts {
  records: RecordOperations;
  downloads: HostDownloads;
  worker: WorkerHandle;
  observations: Observations;
}

/** A host's operations that one of its parts carries out alone. */
export abstract class DelegatedOperations implements Partial<Operations> {
  protected abstract readonly parts: DelegateParts;

  lookUp: Operations["lookUp"] = (request, options) => this.parts.records.lookUp(request, options);
  keptItem: Operations["keptItem"] = (request) => this.parts.records.keptItem(request);
  store: Operations["store"] = (request, options) => this.parts.records.store(request, options);
  askRendezvous: Operations["askRendezvous"] = (...call) =>
    this.parts.records.askRendezvous(...call);
  announce: Operations["announce"] = (request, options) =>
    this.parts.records.announce(request, options);
  nameEntry: Operations["nameEntry"] = (request) => this.parts.records.nameEntry(request);
  indexName: Operations["indexName"] = (request, options) =>
    this.parts.records.indexName(request, options);

  countPeers: Operations["countPeers"] = (...call) => countPeers(this.parts.worker, ...call);
  download: Operations["download"] = (...call) => this.parts.downloads.download(...call);
  downloadPrefix: Operations["downloadPrefix"] = (...call) =>
    this.parts.downloads.downloadPrefix(...call);
  widenPrefix: Operations["widenPrefix"] = (request) => this.parts.downloads.widenPrefix(request);
  wantRange: Operations["wantRange"] = (...call) => this.parts.downloads.wantRange(...call);
  readRanges: Operations["readRanges"] = (...call) => this.parts.downloads.readRanges(...call);

  overview: Operations["overview"] = () => this.parts.observations.overview();
  describePackage: Operations["describePackage"] = (...call) => {
    // Outcomes of announcements that are not stored yet belong to the package's records.
    this.parts.records.flush();
    return this.parts.observations.describePackage(...call);
  };
  publishers: Operations["publishers"] = () => this.parts.observations.publishers();
  names: Operations["names"] = () => this.parts.observations.names();
  dht: Operations["dht"] = () => this.parts.observations.dht();
  logs: Operations["logs"] = (...call) => this.parts.observations.logs(...call);
  history: Operations["history"] = () => this.parts.observations.history();
  watch: Operations["watch"] = (...call) => this.parts.observations.watch(...call);
  follow: Operations["follow"] = (...call) => this.parts.observations.follow(...call);
  unfollow: Operations["unfollow"] = (...call) => this.parts.observations.unfollow(...call);
  publish: Operations["publish"] = (...call) => this.parts.observations.publish(...call);
}
