/**
 * Valid inputs that fuzzing starts from: the test vectors, and data that the program itself
 * produces.
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { fromHex } from "../../src/base/mod.ts";
import { type KeyPair, keyPairFromSeed } from "../../src/identity/mod.ts";
import { type MinimalManifest } from "../../src/package/mod.ts";
import { signedMinimal } from "../support/signed.ts";

/** Key pair that signs all generated inputs. */
export const signer: KeyPair = keyPairFromSeed(new Uint8Array(32).fill(7));

/** Reads a file of `tests/vectors`. */
export async function vectors<T>(name: string): Promise<T> {
  const path = join(import.meta.dirname!, "..", "vectors", `${name}.json`);
  return JSON.parse(await Deno.readTextFile(path)) as T;
}

/** Decodes hexadecimal text that is known to be valid. */
export function fromHexText(hex: string): Uint8Array {
  return fromHex(hex)!;
}

/** Makes a signed minimal manifest. The archive that the manifest names does not exist. */
export function minimalOf(name: string, version = "1.0.0"): MinimalManifest {
  const hash = createHash("sha256").update(`${name}@${version}`).digest("hex");
  return signedMinimal({
    name,
    version,
    archiveSha256: `sha256:${hash}`,
    btih: hash.slice(0, 40),
    length: 1,
    timestamp: 1_700_000_000_000,
  }, signer);
}
