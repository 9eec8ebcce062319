/**
 * Packs a directory once, with or without the scan for secrets. Prints one JSON object: elapsed
 * time, and processor time of all threads, in milliseconds, without the program's start. Run by
 * `secrets.ts`: `secrets_pack.ts DIRECTORY ARCHIVE with|without`.
 */

import process from "node:process";
import { keyPairFromSeed } from "../../src/identity/mod.ts";
import { packDirectory, type PackOptions } from "../../src/package/mod.ts";

const [dir, out, how] = Deno.args as [string, string, "with" | "without"];
/**
 * Options that disable the scan: secrets are allowed at every path, and the detector is a dummy
 * that is never called.
 */
const nothing: Pick<PackOptions, "allowSecrets" | "detector"> = {
  allowSecrets: "all",
  detector: {} as NonNullable<PackOptions["detector"]>,
};
const before = process.cpuUsage();
const begunMs = performance.now();
await packDirectory({
  dir,
  out,
  name: "secrets",
  version: "1.0.0",
  signer: keyPairFromSeed(new Uint8Array(32).fill(7)),
  timestampMs: 0,
  leaveOut: "nothing",
  ...how === "without" ? nothing : {},
});
const ms = performance.now() - begunMs;
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ ms, cpuMs: (user + system) / 1_000 }));
