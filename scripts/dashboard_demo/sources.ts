/** Sources of the demo's packages: some text, and random bytes so that a download takes a while. */

import { join } from "node:path";

/** Packages of the demo, with the sizes of their incompressible files in bytes. */
export const packages: readonly { name: string; version: string; bytes: number }[] = [
  { name: "clock-widgets", version: "1.4.0", bytes: 3_000_000 },
  { name: "clock-widgets", version: "1.5.0", bytes: 3_200_000 },
  { name: "colour-tables", version: "0.9.2", bytes: 900_000 },
  { name: "parser-kit", version: "2.0.0", bytes: 1_500_000 },
  { name: "tile-maps", version: "3.1.0", bytes: 12_000_000 },
];

/** Writes the source of a package. */
export async function writeSource(directory: string, name: string, bytes: number): Promise<void> {
  await Deno.mkdir(join(directory, "data"), { recursive: true });
  await Deno.writeTextFile(join(directory, "README.md"), `# ${name}\n\nA package of the demo.\n`);
  const data = new Uint8Array(bytes);
  // `getRandomValues` fills 65,536 bytes per call at most.
  for (let at = 0; at < bytes; at += 65_536) {
    crypto.getRandomValues(data.subarray(at, Math.min(bytes, at + 65_536)));
  }
  await Deno.writeFile(join(directory, "data", "noise.bin"), data);
}
