/**
 * The script of the page: what `scripts/dashboard.ts` bundles.
 *
 * @module
 */

import { start } from "./mod.ts";

// A task of its own: the one that loads the script is long enough without the first drawing.
setTimeout(start);
