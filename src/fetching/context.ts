/**
 * Dependencies of fetching archives: the object {@linkcode FetchContext}, which a command or a daemon
 * builds once with {@linkcode fetchContext} and passes to every download.
 *
 * @module
 */

import { fromHex } from "../base/mod.ts";
import type { Operations } from "../control/mod.ts";
import type { DownloadProgress } from "../engine/mod.ts";
import type { ArchiveLimits } from "../package/mod.ts";
import type { SeedDirectory, StateDatabase, ValidSeedEntry } from "../store/mod.ts";
import type { Trust } from "../trust/mod.ts";
import type { FindOptions } from "./find_record.ts";
import { rememberVerified } from "./verified.ts";

/** The dependencies of fetching archives. */
export interface FetchContext {
  operations: Operations;
  seeds: SeedDirectory;
  limits: ArchiveLimits;
  /** Knowledge of publishers' keys in this home. */
  trust: Trust;
  /** Options of record lookups. Their timeout is also the stall timeout of downloads. */
  finding: FindOptions;
  /** Whether downloads copy from other archives what these have as well. Default: they do. */
  reuse?: boolean;
  /**
   * Called with each archive that was verified and moved to its final path. The callback saves the
   * result, so that other processes need not verify the archive again.
   */
  onVerified?: (entry: ValidSeedEntry) => void;
  /**
   * Called with each archive that is in the seed directory now, by its infohash (20 bytes), fetched or not.
   * By default it counts as the user's own, so that it stays when a mirror needs room.
   */
  onHad?: (infoHash: Uint8Array) => void;
}

/** Callbacks for the progress of fetching one archive. */
export interface FetchListeners {
  /** Called with a message for the user at each step. */
  onStep?: (message: string) => void;
  /** Called with messages that only the flag `-v` shows. */
  onDetail?: (message: string) => void;
  onProgress?: (progress: DownloadProgress) => void;
}

/**
 * Builds the dependencies of fetching for a home.
 *
 * @param state opens the home's database; called lazily, because most commands verify no archive
 */
export function fetchContext(
  given: Omit<FetchContext, "onVerified">,
  state: () => StateDatabase,
): FetchContext & Required<Pick<FetchContext, "onVerified" | "onHad">> {
  const onHad = given.onHad ?? ((infoHash) => state().mirrored.claim(infoHash));
  return {
    ...given,
    onHad,
    onVerified(entry) {
      rememberVerified(state(), entry);
      onHad(fromHex(entry.minimal.btih)!);
    },
  };
}
