/**
 * The dependencies of writing a publisher's own records: the announce record and the name index.
 *
 * @module
 */

import type { Clock } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { SeedDirectory } from "../store/mod.ts";
import type { Trust } from "../trust/mod.ts";
import type { ListedPackages } from "./listed_packages.ts";

/** The dependencies of writing a publisher's own records. */
export interface PublisherContext {
  operations: Operations;
  seeds: SeedDirectory;
  clock: Clock;
  /** Knowledge of publishers' keys in this home. */
  trust?: Trust;
  signal?: AbortSignal;
  /**
   * Packages that this home has added to its publisher's list. If absent, the manifests of all packages
   * in the seed directory are read to extend the list.
   */
  listed?: ListedPackages;
  /**
   * Whether the DHT did not answer a moment ago. If set, records are kept without being put into the DHT,
   * and `libreseed announce` can put the records later.
   */
  isOffline?: boolean;
  /** Called with information for the user that asks for nothing to be done. */
  onNotice?: (message: string) => void;
  /** Called with warnings for the user. */
  onWarning?: (message: string) => void;
}
