/**
 * The dependencies of everything that resolves names, assembled once for a command.
 *
 * @module
 */

import type { PublisherPolicy } from "../config/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { FindOptions, OfferCache } from "../fetching/mod.ts";
import type { StateDatabase } from "../store/mod.ts";

/** The dependencies of resolving by name. */
export interface NamesContext {
  operations: Operations;
  state: StateDatabase;
  finding: FindOptions;
  policy: PublisherPolicy;
  /** Publishers' lists that this command has read already. */
  offers?: OfferCache;
  /** Public key of this home's own publisher, 32 bytes, if it has one. */
  ownKey?: Uint8Array;
  /** Names whose choice among several publishers was reported already. */
  chosen?: Set<string>;
  onNotice?: (message: string) => void;
  /** Receives a message about each version that was skipped as unavailable. */
  onSkipped?: (message: string) => void;
  onDetail?: (message: string) => void;
}
