/**
 * Puts the guards between a connection and its extensions.
 *
 * @module
 */

import type { ExtensionClass } from "./extension.ts";
import { type Described, metadataGuard } from "./metadata_guard.ts";
import { PexGuard } from "./pex_guard.ts";

/** A connection whose extensions npm:webtorrent has set up. */
interface Guarded {
  /** The extension npm:ut_pex; absent for a private torrent. */
  ut_pex?: unknown;
  // deno-lint-ignore no-explicit-any
  use(extension: ExtensionClass<any>): void;
}

/** Guards the extensions of a connection; to be called at the event `wire` of its torrent. */
export function guardExtensions(torrent: Described, wire: object): void {
  const guarded = wire as Guarded;
  guarded.use(metadataGuard(torrent));
  if (guarded.ut_pex) guarded.use(PexGuard);
}
