/**
 * The parts of a host that its observing operations read.
 *
 * @module
 */

import type { Clock } from "../../base/mod.ts";
import type { Settings } from "../../config/mod.ts";
import type { Operations } from "../../control/mod.ts";
import type { LauncherRequests } from "../../launcher/mod.ts";
import type { SeedDirectory, StateDatabase } from "../../store/mod.ts";
import type { Trust } from "../../trust/mod.ts";
import type { FollowKeeper, KeptRecords, RecordOperations } from "../records/mod.ts";
import type { HostDownloads, Packages } from "../seeding/mod.ts";
import type { WorkerHandle } from "../thread/mod.ts";
import type { History } from "./history.ts";
import type { LogLines } from "./log_lines.ts";

/** The parts of a host that its observing operations read, and the operations of the host itself. */
export interface ObservedHost {
  /** Whether the host is the daemon. */
  daemon: boolean;
  clock: Clock;
  /** Returns the settings, which a reload may change. */
  settings: () => Settings;
  /** The operations of the host. */
  operations: Operations;
  launcher: Pick<LauncherRequests, "signingKey" | "sign" | "startHelper">;
  state: StateDatabase;
  trust: Trust;
  seeds: SeedDirectory;
  worker: WorkerHandle;
  packages: Packages;
  records: KeptRecords;
  recordOperations: RecordOperations;
  downloads: HostDownloads;
  /** Returns the keeper of what is followed; absent until a daemon seeds. */
  follows: () => FollowKeeper | undefined;
  /** The daemon's log and its last day; absent in another host. */
  log?: LogLines;
  history?: History;
  onNotice: (message: string) => void;
  onWarning: (message: string) => void;
}
