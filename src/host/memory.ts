/**
 * Memory usage of the process, for `status` and the metrics.
 *
 * @module
 */

import type { StatusJson } from "../control/mod.ts";

/** Returns the resident memory of the process and the JavaScript heap size of the calling thread, bytes. */
export function memoryOf(): StatusJson["memory"] {
  const { rss, heapUsed } = Deno.memoryUsage();
  return { residentBytes: rss, heapBytes: heapUsed };
}
