/**
 * The page of the DHT.
 *
 * @module
 */

import type { PageProps } from "../parts/mod.ts";

/** The page of the DHT. */
export function DhtPage(_props: PageProps) {
  return <p class="empty">Nothing here</p>;
}
