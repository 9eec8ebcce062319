/**
 * Homes with many packages, as they are after everything was published: for benchmarks and torture,
 * which measure what comes after.
 *
 * @module
 */

import { join } from "node:path";
import { systemClock } from "../../src/base/mod.ts";
import { ensureHome, homePaths, manifestItem, rememberVerified } from "../../src/daemon/mod.ts";
import { generateKeyPair, type KeyPair, writeKeyFile } from "../../src/identity/mod.ts";
import { packDirectory, type PackedArchive } from "../../src/package/mod.ts";
import { targetOf } from "../../src/records/mod.ts";
import { SeedDirectory, StateDatabase, type ValidSeedEntry } from "../../src/store/mod.ts";

/** What {@linkcode fillSeedDirectory} makes. */
export interface ManyPackages {
  keys: KeyPair;
  packages: PackedArchive[];
}

/** Packs `count` small packages of `sizeBytes` random bytes each into a directory, as `pack` would. */
export async function fillSeedDirectory(
  directory: string,
  count: number,
  sizeBytes: number,
): Promise<ManyPackages> {
  const keys = generateKeyPair();
  const packages: PackedArchive[] = [];
  const source = await Deno.makeTempDir();
  const contents = new Uint8Array(sizeBytes);
  try {
    for (let i = 0; i < count; i++) {
      for (let at = 0; at < sizeBytes; at += 65_536) {
        crypto.getRandomValues(contents.subarray(at, at + 65_536));
      }
      await Deno.writeFile(join(source, "data"), contents);
      packages.push(
        await packDirectory({
          dir: source,
          name: `package-${i}`,
          version: "1.0.0",
          outDir: directory,
          signer: keys,
          timestampMs: Date.now(),
        }),
      );
    }
  } finally {
    await Deno.remove(source, { recursive: true });
  }
  return { keys, packages };
}

/** A home with `count` packages whose records were put a moment ago, and are due within the hour. */
export async function fillHome(home: string, count: number, sizeBytes: number): Promise<void> {
  await ensureHome(home);
  const paths = homePaths(home);
  const seeds = new SeedDirectory(join(home, "seed"));
  await seeds.ensure();
  const { keys, packages } = await fillSeedDirectory(seeds.path, count, sizeBytes);
  await writeKeyFile(join(home, "keys", "publisher.key"), keys);
  using state = StateDatabase.open(paths.state, systemClock);
  const nowMs = Date.now();
  const entries = await seeds.list();
  state.transaction(() => {
    for (const entry of entries) rememberVerified(state, entry as ValidSeedEntry);
    for (const [i, { minimal }] of packages.entries()) {
      const item = manifestItem(minimal, keys, nowMs);
      const target = targetOf(item.publicKey, item.salt);
      state.records.put({
        ...item,
        target,
        kind: "manifest",
        name: minimal.name,
        version: minimal.version,
        own: true,
        createdMs: nowMs,
      });
      state.outcomes.set({
        target,
        lastAttemptMs: nowMs,
        lastSuccessMs: nowMs,
        asked: 8,
        responded: 8,
        holding: 8,
        stored: 8,
        failures: 0,
        nextDueMs: nowMs + Math.round(3_600_000 * (i + 1) / packages.length),
      });
    }
  });
}
