/**
 * Packs a directory once, with the look for secrets or without, and prints how long that took, as one
 * JSON object: milliseconds, and those of the processor in all threads. The start of the program is not
 * in them. Run by `secrets.ts`: `secrets_pack.ts DIRECTORY ARCHIVE with|without`.
 *
 * @module
 */

import process from "node:process";
import { keyPairFromSeed } from "../../src/identity/mod.ts";
import { packDirectory, type PackOptions } from "../../src/package/mod.ts";

const [dir, out, how] = Deno.args as [string, string, "with" | "without"];
/** Every path may hold secrets, and the detector that nobody asks is not made. */
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
