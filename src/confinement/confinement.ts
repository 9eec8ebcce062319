/**
 * Restricts the thread that imports this file: no imports, no new threads, no console, no
 * environment. It runs before any library is loaded.
 *
 * The thread is a single bundled file and needs no imports. Console output goes to
 * {@linkcode printing}: hostile bytes can make libraries print warnings with stack traces; for
 * example, npm:bencode warns when k-rpc-socket encodes a number above 2^53.
 *
 * @module
 */

import { hideEnvironment, redirectConsole, refuseImports, refuseThreads } from "./restrictions.ts";

/** Receives the output that libraries print to the console. */
export const printing: { hear?: (args: unknown[]) => void } = {};

refuseImports();
refuseThreads();
redirectConsole((args) => printing.hear?.(args));
hideEnvironment();
