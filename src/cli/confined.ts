/**
 * Confines the command thread. The entry imports this file first, before any library is loaded.
 *
 * @module
 */

import { confineCommand } from "../confinement/mod.ts";

confineCommand();
