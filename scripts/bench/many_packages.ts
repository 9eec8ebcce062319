/**
 * Makes homes with many packages for benchmarks. A home is in the state in which publishing all
 * packages would leave it.
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { fromHex, systemClock, toHex } from "../../src/base/mod.ts";
import { ensureHome, homePaths } from "../../src/control/home.ts";
import { rememberVerified } from "../../src/fetching/verified.ts";
import { generateKeyPair, type KeyPair, writeKeyFile } from "../../src/identity/mod.ts";
import {
  archiveFileName,
  buildTorrent,
  formatSha256,
  minimalFileName,
  type MinimalManifest,
  serializeMinimal,
  torrentFileName,
} from "../../src/package/mod.ts";
import {
  announceSalt,
  dayOf,
  encodeAnnounceRecord,
  encodeNameIndex,
  type MutableItem,
  nameIndexKeyPair,
  nameIndexSalt,
  nameIndexSlot,
  targetOf,
} from "../../src/records/mod.ts";
import { SeedDirectory, StateDatabase, type ValidSeedEntry } from "../../src/store/mod.ts";
import {
  signedEntry,
  signedItem,
  signedMinimal,
  signedRecord,
} from "../../tests/support/signed.ts";

/**
 * Size of a generated archive, in bytes. Its contents are arbitrary, because an idle daemon does
 * not read them.
 */
export const ARCHIVE_BYTES = 65_536;

/** Interval after which a torrent is announced again, in milliseconds. */
const TORRENT_MS = 22 * 60_000;

/** A seed directory, and the key pair of the publisher of its packages. */
export interface Filled {
  path: string;
  keys: KeyPair;
  manifests: MinimalManifest[];
}

/** How a seed directory is filled. */
export interface FillOptions {
  /** Number of versions of each name. Default: one. */
  versionsPerName?: number;
  /**
   * Whether archives are sparse files of zeros, which take no space on the disk. Default: they have
   * random contents.
   */
  sparse?: boolean;
}

/** Writes generated archives with their torrents and manifests into a directory. */
export async function fillSeedDirectory(
  path: string,
  count: number,
  options: FillOptions = {},
): Promise<Filled> {
  const keys = generateKeyPair();
  await new SeedDirectory(path).ensure();
  return { path, keys, manifests: writePackages(path, keys, count, options) };
}

function writePackages(
  directory: string,
  keys: KeyPair,
  count: number,
  { versionsPerName = 1, sparse = false }: FillOptions,
): MinimalManifest[] {
  const contents = new Uint8Array(ARCHIVE_BYTES);
  const hashes = () => ({
    pieces: createHash("sha1").update(contents).digest(),
    archiveSha256: formatSha256(createHash("sha256").update(contents).digest()),
  });
  let { pieces, archiveSha256 } = hashes();
  return Array.from({ length: count }, (_, i) => {
    const name = `package-${Math.floor(i / versionsPerName)}`;
    const version = `1.${i % versionsPerName}.0`;
    const path = join(directory, archiveFileName(name, version));
    if (sparse) {
      using file = Deno.openSync(path, { write: true, createNew: true });
      file.truncateSync(contents.length);
    } else {
      crypto.getRandomValues(contents);
      ({ pieces, archiveSha256 } = hashes());
      Deno.writeFileSync(path, contents);
    }
    const { torrent, infoHash } = buildTorrent({
      name: archiveFileName(name, version),
      lengthBytes: contents.length,
      pieceBytes: contents.length,
      pieces,
    });
    const manifest = signedMinimal({
      ...{ name, version, archiveSha256 },
      btih: toHex(infoHash),
      length: contents.length,
      timestamp: Date.now(),
    }, keys);
    Deno.writeFileSync(torrentFileName(path), torrent);
    Deno.writeTextFileSync(minimalFileName(path), serializeMinimal(manifest));
    return manifest;
  });
}

/**
 * Fills a home with `count` packages as `publish` would leave it: all records and torrents have
 * just been announced, and the times of their next announcements are spread out.
 *
 * @param options.port port with which the torrents were announced
 * @param options.filled a seed directory that several homes share; by default the home gets its own
 * @param options.isMirror whether the home follows the publisher of the packages and mirrors them, with a
 * key of its own that publishes nothing. By default the home has the publisher's key
 */
export async function fillHome(
  home: string,
  { count, port, filled, isMirror = false }: {
    count: number;
    port: number;
    filled?: Filled;
    isMirror?: boolean;
  },
): Promise<void> {
  await ensureHome(home);
  const { path, keys, manifests } = filled ?? await fillSeedDirectory(join(home, "seed"), count);
  const seeds = new SeedDirectory(path);
  const { publicKey } = keys;
  await writeKeyFile(
    join(home, "keys", "publisher.key"),
    isMirror ? generateKeyPair() : keys,
  );
  using state = StateDatabase.open(homePaths(home).state, systemClock);
  const nowMs = Date.now();
  const entries = await seeds.list();
  const announced = (target: Uint8Array, i: number, port?: number, everyMs = 3_600_000) =>
    state.outcomes.set({
      ...{ target, lastAttemptMs: nowMs, lastSuccessMs: nowMs, failures: 0, port },
      ...{ asked: 8, responded: 8, holding: 8, stored: 8 },
      nextDueMs: nowMs + Math.round(everyMs * (i + 1) / Math.max(count, 1)),
    });
  const keep = (item: MutableItem, kind: string, name?: string, version?: string) => {
    const target = targetOf(item.publicKey, item.salt);
    state.records.put({
      ...{ item, target, kind, name, version },
      own: !isMirror || kind.startsWith("name-"),
      createdMs: nowMs,
    });
    return target;
  };
  const newest = new Map(manifests.map((minimal) => [minimal.name, minimal]));
  state.transaction(() => {
    for (const entry of entries) rememberVerified(state, entry as ValidSeedEntry);
    for (const [i, minimal] of manifests.entries()) {
      const { name, version } = minimal;
      announced(keep(signedRecord(minimal, keys, nowMs), "manifest", name, version), i);
      announced(fromHex(minimal.btih)!, i, port, TORRENT_MS);
      if (newest.get(name) !== minimal) continue;
      const times = { firstSeenMs: nowMs, timestampMs: nowMs };
      const entry = signedEntry(keys, name, { version, ...times });
      const { signature } = entry;
      const slot = nameIndexSlot(publicKey);
      const salt = nameIndexSalt(name, slot);
      const value = encodeNameIndex([entry]);
      keep({ publicKey, salt, seq: nowMs, value, signature }, "name-entry", name, version);
      const index = signedItem(nameIndexKeyPair(name, dayOf(nowMs)), { salt, seq: nowMs, value });
      announced(keep(index, "name-index", name, String(slot)), i);
    }
    const value = encodeAnnounceRecord({ packages: new Map(), timestampMs: nowMs });
    announced(
      keep(signedItem(keys, { salt: announceSalt(publicKey), seq: nowMs, value }), "announce"),
      count - 1,
    );
    if (!isMirror) return;
    state.follows.add(publicKey, nowMs);
    state.follows.settle(publicKey, [{ key: publicKey, seq: nowMs }], nowMs, manifests);
  });
}
