/**
 * The memory of the process.
 *
 * @module
 */

import type { StatusJson } from "../control/mod.ts";

/** Memory of the process, and of it the JavaScript heap of the calling thread. */
export function memoryOf(): StatusJson["memory"] {
  const { rss, heapUsed } = Deno.memoryUsage();
  return { residentBytes: rss, heapBytes: heapUsed };
}
