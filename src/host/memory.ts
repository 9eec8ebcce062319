/**
 * Memory usage of the process, for `status` and the metrics.
 *
 * @module
 */

import type { StatusJson } from "../control/mod.ts";

/** Memory of the process: resident bytes, and the JavaScript heap of the calling thread. */
export function memoryOf(): StatusJson["memory"] {
  const { rss, heapUsed } = Deno.memoryUsage();
  return { residentBytes: rss, heapBytes: heapUsed };
}
