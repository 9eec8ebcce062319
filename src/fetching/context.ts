/**
 * The dependencies of fetching, handed to every download of a command or a daemon as one object. The
 * caller assembles it once, with {@linkcode fetchContext}.
 *
 * @module
 */

import type { Operations } from "../control/mod.ts";
import type { DownloadProgress } from "../engine/mod.ts";
import type { ArchiveLimits } from "../package/mod.ts";
import type { SeedDirectory, StateDatabase, ValidSeedEntry } from "../store/mod.ts";
import type { FindOptions } from "./find_record.ts";
import { rememberVerified } from "./verified.ts";

/** The dependencies of fetching archives. */
export interface FetchContext {
  operations: Operations;
  seeds: SeedDirectory;
  limits: ArchiveLimits;
  /** Timeout of the search for a record, and of each pause in a download. */
  finding: FindOptions;
  /** Records that an archive in its final place was verified, so that no other process repeats it. */
  onVerified?: (entry: ValidSeedEntry) => void;
}

/** Listeners of one fetched archive. */
export interface FetchListeners {
  /** Receives each step, as a message for people. */
  onStep?: (message: string) => void;
  /** Receives messages that are shown with `-v` only. */
  onDetail?: (message: string) => void;
  onProgress?: (progress: DownloadProgress) => void;
}

/**
 * Builds the context of fetching for a home.
 *
 * @param state the home's database, opened at the first call: most commands verify nothing
 */
export function fetchContext(
  given: Omit<FetchContext, "onVerified">,
  state: () => StateDatabase,
): FetchContext & Required<Pick<FetchContext, "onVerified">> {
  return { ...given, onVerified: (entry) => rememberVerified(state(), entry) };
}
