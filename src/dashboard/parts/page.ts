/**
 * The properties that each page receives.
 *
 * @module
 */

import type { Api } from "../data/mod.ts";

/** Properties of the component of a page. */
export interface PageProps {
  /** The operations of the daemon. */
  api: Api;
  /** Parts of the address: those that the route names, such as `name`, and those after `?`. */
  params: Readonly<Record<string, string | undefined>>;
}
