/**
 * Creates the parts of a host that decide what is announced: the keeper of names, and in the daemon the
 * plan of announcements. Each needs the other.
 *
 * @module
 */

import type { Clock } from "../base/mod.ts";
import type { Settings } from "../config/mod.ts";
import type { RendezvousCaller } from "../fetching/mod.ts";
import { indexStore } from "../names/mod.ts";
import type { StateDatabase } from "../store/mod.ts";
import type { Trust } from "../trust/mod.ts";
import { Announcing, type KeptRecords, NameKeeper } from "./records/mod.ts";
import type { WorkerHandle } from "./thread/mod.ts";

/** Options of {@linkcode createKeepers}. */
export interface KeepersOptions {
  /** Whether the host is the daemon. Another host plans nothing, because it ends soon. */
  daemon: boolean;
  state: StateDatabase;
  worker: WorkerHandle;
  trust: Trust;
  clock: Clock;
  records: KeptRecords;
  /** Asks at the rendezvous of a name. */
  caller: RendezvousCaller;
  /** Returns the settings, which a reload may change. */
  settings: () => Settings;
  onWarning: (message: string) => void;
}

/** The parts that decide what is announced. */
export interface Keepers {
  names: NameKeeper;
  announcing?: Announcing;
}

/** Creates the keeper of names and the plan of announcements. */
export function createKeepers(options: KeepersOptions): Keepers {
  const { daemon, state, worker, trust, clock, records, caller, settings, onWarning } = options;
  const keepers: Keepers = {
    names: new NameKeeper({
      ...{ state, clock, onWarning, caller, store: indexStore(worker, trust) },
      intervalMs: () => settings().reannounceIntervalMs,
      care: (...name) => keepers.announcing?.careOf(...name) ?? "publisher",
      onPackets: (...cost) => keepers.announcing?.hearName(...cost),
      onKept: () => keepers.announcing?.changed(),
    }),
  };
  if (!daemon) return keepers;
  keepers.announcing = new Announcing({
    ...{ state, clock, worker, onWarning },
    names: () => keepers.names,
    budget: () => settings().announcePacketsPerHour,
    torrentDueMs: (infoHashHex) => records.torrentDueMs(infoHashHex),
  });
  return keepers;
}
