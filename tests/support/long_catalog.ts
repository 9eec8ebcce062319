/**
 * Long catalogs, made in a moment: only the manifests that a test reads have signatures that hold.
 *
 * @module
 */

import { join } from "node:path";
import { utf8 } from "../../src/base/mod.ts";
import { writeCatalog } from "../../src/fetching/catalog_files.ts";
import type { KeyPair } from "../../src/identity/mod.ts";
import {
  buildIndex,
  catalogFileName,
  indexFileName,
  type MinimalManifest,
  serializeCatalog,
  torrentOfBytes,
} from "../../src/package/mod.ts";
import { announceSalt, encodeCatalogRecord } from "../../src/records/mod.ts";
import type { Testnet } from "../../src/testnet/mod.ts";
import { Home } from "./engine_home.ts";
import { signedItem, signedMinimal } from "./signed.ts";

/** Options of {@linkcode longCatalog}. */
export interface LongCatalogOptions {
  keys: KeyPair;
  /** Number of packages, `package-000000` and so on. */
  packages: number;
  /** Number of versions of each package, `1.0.0`, `1.1.0` and so on. Default 1. */
  versions?: number;
  /** Number of the package whose manifests are signed. */
  signed: number;
  /** Manifests besides. */
  others?: readonly MinimalManifest[];
}

/** A catalog and its index. */
export interface LongCatalog {
  catalog: Uint8Array;
  index: Uint8Array;
  /** Torrent of the index, and its infohash, 20 bytes. */
  torrent: Uint8Array;
  infoHash: Uint8Array;
}

/** Returns the name of a package in a long catalog. */
export function packageName(number: number): string {
  return `package-${String(number).padStart(6, "0")}`;
}

/** Makes a catalog and its index. */
export async function longCatalog(options: LongCatalogOptions): Promise<LongCatalog> {
  const { keys, packages, versions = 1, signed, others = [] } = options;
  const hash = { archiveSha256: `sha256:${"00".repeat(32)}`, btih: "00".repeat(20) };
  const first = signedMinimal(
    { name: "a", version: "1.0.0", ...hash, length: 1, timestamp: 0 },
    keys,
  );
  const manifests: MinimalManifest[] = [];
  for (let number = 0; number < packages; number++) {
    for (let minor = 0; minor < versions; minor++) manifests.push(manifestOf(number, minor));
  }
  const catalog = utf8(serializeCatalog([...others, ...manifests]));
  const index = (await buildIndex(catalog, keys.publicKey))!;
  return { catalog, index, ...torrentOfBytes(indexFileName(keys.publicKey), index) };

  function manifestOf(number: number, minor: number): MinimalManifest {
    // Hashes have no pattern, as those of archives.
    const digits = Array.from(
      { length: 4 },
      (_, part) => (Math.imul(number * 7919 + minor * 104_729 + part, 2_654_435_761) >>> 0),
    ).map((word) => word.toString(16).padStart(8, "0")).join("");
    const fields = {
      name: packageName(number),
      version: `1.${minor}.0`,
      archiveSha256: `sha256:${digits}${digits}`,
      btih: `${digits}${digits.slice(0, 8)}`,
      length: 1_000 + number,
      timestamp: 1_780_000_000_000 + minor,
    };
    if (number === signed) return signedMinimal(fields, keys);
    const { protocol, pubkey } = first;
    return { ...fields, protocol, pubkey, signature: first.signature };
  }
}

/**
 * Puts a long catalog into a home, as `publish` does: the daemon of the home seeds the files, and the DHT gets
 * the record.
 *
 * @param path path of the home
 * @param parts which files are made; `record` says which the record names, if that is another choice
 */
export async function listCatalog(
  { path, keys }: { path: string; keys: KeyPair },
  testnet: Testnet,
  { catalog, index, infoHash }: LongCatalog,
  parts: { index: boolean; record?: { index: boolean } } = { index: true },
): Promise<void> {
  await using home = await Home.open(path, testnet);
  const { operations } = home.node;
  const { publicKey } = keys;
  const seedDirectory = home.settings.dir;
  const grown = { bytes: catalog, sameBytes: 0, added: 0 };
  const catalogInfoHash = await writeCatalog(seedDirectory, publicKey, grown);
  await operations.addCatalog({ fileName: catalogFileName(publicKey), announce: true });
  if (parts.index) {
    const fileName = indexFileName(publicKey);
    await Deno.writeFile(join(seedDirectory, fileName), index);
    await operations.addCatalog({ fileName, announce: true });
  }
  const namesIndex = (parts.record ?? parts).index;
  const nowMs = Date.now();
  const count = new TextDecoder().decode(catalog).split("\n").length - 1;
  const value = encodeCatalogRecord({
    ...{ count, timestampMs: nowMs, catalogInfoHash },
    ...(namesIndex && { indexInfoHash: infoHash }),
  });
  const item = signedItem(keys, { salt: announceSalt(publicKey), seq: nowMs, value });
  await operations.store({ item, record: { kind: "announce" } });
}
