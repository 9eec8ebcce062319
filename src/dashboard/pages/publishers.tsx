/**
 * The page of the publishers.
 *
 * @module
 */

import type { PageProps } from "../parts/mod.ts";

/** The page of the publishers. */
export function PublishersPage(_props: PageProps) {
  return <p class="empty">Nothing here</p>;
}
