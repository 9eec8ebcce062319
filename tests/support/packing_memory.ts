/**
 * A program that packs a directory and prints its own peak resident memory in bytes (Linux). Usage:
 * `packing_memory.ts DIR OUT_DIR THREADS`.
 *
 * @module
 */

import { keyPairFromSeed } from "../../src/identity/mod.ts";
import { localRequests } from "../../src/launcher/mod.ts";
import { packDirectory } from "../../src/package/mod.ts";

const [dir, outDir, count] = Deno.args as [string, string, string];
const threads = Number(count);
const signer = keyPairFromSeed(new Uint8Array(32));
await packDirectory({
  dir,
  outDir,
  name: "large",
  version: "1.0.0",
  signer,
  timestampMs: 0,
  threads,
  startThread: localRequests().startHelper,
});
const status = await Deno.readTextFile("/proc/self/status");
console.log(Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)![1]) * 1024);
