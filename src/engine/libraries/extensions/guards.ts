/**
 * Puts guards between a connection and its extensions (BEP 10). A guard checks a peer's messages
 * before the extension gets them.
 *
 * @module
 */

import type { Clock } from "../../../base/mod.ts";
import type { ExtensionClass } from "./extension.ts";
import { type Described, metadataGuard } from "./metadata_guard.ts";
import { pexGuard } from "./pex_guard.ts";

/** A connection to a peer on which npm:webtorrent has set up its extensions. */
interface Guarded {
  /** The extension of npm:ut_pex; absent for a private torrent. */
  ut_pex?: unknown;
  // deno-lint-ignore no-explicit-any
  use(extension: ExtensionClass<any>): void;
}

/**
 * Puts guards before the extensions of a connection. To be called at the torrent's event `wire`.
 */
export function guardExtensions(torrent: Described, wire: object, clock: Clock): void {
  const guarded = wire as Guarded;
  guarded.use(metadataGuard(torrent, clock));
  if (guarded.ut_pex) guarded.use(pexGuard(clock));
}
