/**
 * The page of the records.
 *
 * @module
 */

import type { PageProps } from "../parts/mod.ts";

/** The page of the records. */
export function RecordsPage(_props: PageProps) {
  return <p class="empty">Nothing here</p>;
}
