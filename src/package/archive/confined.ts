/**
 * Confines a thread that compresses or hashes. The entry imports this file first, before any other
 * module.
 *
 * @module
 */

import { confineBundle } from "../../confinement/mod.ts";

confineBundle();
