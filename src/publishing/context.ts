/**
 * The dependencies of writing a publisher's own records.
 *
 * @module
 */

import type { Clock } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { SeedDirectory } from "../store/mod.ts";
import type { ListedPackages } from "./listed_packages.ts";

/** The dependencies of writing a publisher's own records. */
export interface PublisherContext {
  operations: Operations;
  seeds: SeedDirectory;
  clock: Clock;
  signal?: AbortSignal;
  /** Packages that this home has listed; without it, every package in the seed directory is read. */
  listed?: ListedPackages;
  /** Whether the DHT did not answer a moment ago. Records are then only kept, for `announce`. */
  isOffline?: boolean;
  /** Receives warnings for people. */
  onWarning?: (message: string) => void;
}
