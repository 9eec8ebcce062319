/**
 * Confines this thread. The entry imports this file first, before any library is loaded.
 *
 * @module
 */

import { confineBundle } from "../confinement/mod.ts";

/** Receives the console output of libraries. */
export const printing = confineBundle();
