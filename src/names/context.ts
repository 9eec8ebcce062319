/**
 * The dependencies of resolving packages by name: an object that a command creates once.
 *
 * @module
 */

import type { PublisherPolicy } from "../config/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { FindOptions, OfferCache, ShownManifest } from "../fetching/mod.ts";
import type { StateDatabase } from "../store/mod.ts";

/** The dependencies of resolving packages by name. */
export interface NamesContext {
  operations: Operations;
  state: StateDatabase;
  finding: FindOptions;
  policy: PublisherPolicy;
  /** Cache of the publishers' lists that this command has read, and what this home knows of keys. */
  offers: OfferCache;
  /** Public key of this home's own publisher, 32 bytes; absent if the home has no key. */
  ownKey?: Uint8Array;
  /** Names for which the user was already told which of several publishers was chosen. */
  chosen?: Set<string>;
  /** See `Choice.onShown` of `src/fetching/resolve.ts`. */
  onShown?: (shown: ShownManifest) => void;
  onNotice?: (message: string) => void;
  /** Called with a message about each version that was skipped because it is unavailable. */
  onSkipped?: (message: string) => void;
  onDetail?: (message: string) => void;
}
