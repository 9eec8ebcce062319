/**
 * The script of the page: what `scripts/dashboard.ts` bundles.
 *
 * @module
 */

import { start } from "./mod.ts";

start();
