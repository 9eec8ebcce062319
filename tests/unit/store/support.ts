/** Makes signed archives with arbitrary contents for tests of the store. */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { utf8 } from "../../../src/base/mod.ts";
import { type KeyPair, keyPairFromSeed } from "../../../src/identity/mod.ts";
import { archiveFileName, formatSha256, type MinimalManifest } from "../../../src/package/mod.ts";
import type { SeedFiles } from "../../../src/store/mod.ts";
import { signedMinimal } from "../../support/signed.ts";

const signer = keyPairFromSeed(new Uint8Array(32).fill(5));

export function sha256(bytes: Uint8Array): string {
  return formatSha256(new Uint8Array(createHash("sha256").update(bytes).digest()));
}

export function minimalOf(
  name: string,
  version: string,
  archive: Uint8Array,
  by: KeyPair = signer,
): MinimalManifest {
  return signedMinimal({
    name,
    version,
    archiveSha256: sha256(archive),
    btih: createHash("sha1").update(archive).digest("hex"),
    length: archive.length,
    timestamp: 1_763_800_000_000,
  }, by);
}

/** Writes an archive with the given contents into `dir`, which a test can add with `put`. */
export async function archiveIn(
  dir: string,
  name: string,
  version: string,
  contents: string | Uint8Array = `${name}@${version}`,
): Promise<SeedFiles> {
  const archive = typeof contents === "string" ? utf8(contents) : contents;
  const archivePath = join(dir, archiveFileName(name, version));
  await Deno.writeFile(archivePath, archive);
  return { archivePath, minimal: minimalOf(name, version, archive), torrent: utf8(`d4:name1:xe`) };
}

export async function namesIn(dir: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir(dir)) found.push(name);
  return found.sort();
}
