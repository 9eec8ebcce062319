/**
 * Confines this thread. The entry imports this file first, before any library is loaded.
 *
 * @module
 */

import { confineBundle } from "../confinement/mod.ts";

/** Receives what libraries print to the console. */
export const printing = confineBundle();
