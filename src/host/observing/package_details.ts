/**
 * The operation `describePackage`: one version of a package in detail. The files come from the archive,
 * the torrent and its peers from the engine, all else from `state.db`.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";
import type { FileListing } from "../../package/mod.ts";
import type { Operations, PackageDetailsJson } from "../../control/mod.ts";
import { formatPublicKey } from "../../identity/mod.ts";
import { archiveFileName, archiveLimitsOf, listFiles } from "../../package/mod.ts";
import { markOf, stampOf, type ValidSeedEntry } from "../../store/mod.ts";
import { findPackage } from "../seeding/mod.ts";
import { knownVersionsOf } from "./package_versions.ts";
import type { ObservedHost } from "./parts.ts";

/** Maximum number of files that are listed. */
const MAX_FILES = 10_000;
/**
 * Time and bytes for which an archive is inflated to learn the lengths of its files (ms). The files beyond
 * are listed without them.
 */
const INFLATING_MS = 1_000;
const MAX_INFLATED_BYTES = 64 << 20;
/** Number of listings that are remembered: a page asks for its package again and again. */
const REMEMBERED = 2;

/** The parts of a host that know packages. */
export type PackageSources = Pick<
  ObservedHost,
  "clock" | "settings" | "state" | "seeds" | "packages" | "records" | "worker"
>;

/** Describes single packages of the seed directory. */
export class PackageDetails {
  readonly #host: PackageSources;
  /** The last listings, by path and mark of the archive; the one that was asked for last is the last. */
  readonly #listings = new Map<string, Promise<FileListing | undefined>>();
  /** One archive at a time is inflated, so that any number of requests leaves the host responsive. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(host: PackageSources) {
    this.#host = host;
  }

  /**
   * Describes one version of a package.
   *
   * @throws {HostError} `PACKAGE_NOT_FOUND`, `PACKAGE_AMBIGUOUS`
   */
  describe: Operations["describePackage"] = async (request) => {
    const { name, version, publicKey, files = true } = request;
    const { state, seeds, packages, records, worker } = this.#host;
    packages.flush();
    // File names begin with the name of their package.
    const begin = archiveFileName(name, version).slice(0, -`${version}.tgz`.length);
    const seeded = state.verifiedFiles.ofName(name, join(seeds.path, begin))
      .filter(({ path }) => dirname(path) === seeds.path);
    const pubkey = publicKey && formatPublicKey(publicKey);
    const entries = await Promise.all(
      seeded.filter((one) => one.version === version && (pubkey ?? one.pubkey) === one.pubkey)
        .map(({ path }) => packages.entry(basename(path))),
    );
    const valid = entries.filter((entry) => entry?.problem === undefined) as ValidSeedEntry[];
    const [only, ...others] = valid.filter((entry) => entry !== undefined);
    // An archive that has not been verified is not in the table.
    const entry = only && others.length === 0
      ? only
      : await findPackage(seeds, name, version, pubkey);
    if (entry.problem !== undefined) {
      return { package: await packages.describe(entry), versions: [], records: [] };
    }
    const { minimal } = entry;
    const [torrent, listing] = await Promise.all([
      worker.torrentDetails(minimal.btih),
      files ? this.#list(entry) : undefined,
    ]);
    const { description, license } = listing?.said ?? {};
    const details: PackageDetailsJson = {
      package: await packages.describe(entry, torrent?.status),
      ...(description !== undefined && { description }),
      ...(license !== undefined && { license }),
      ...(listing && { files: listing.files, fileCount: listing.fileCount }),
      versions: knownVersionsOf(minimal, seeded, {
        state,
        isSeeding: (path) => packages.has(basename(path)),
      }),
      ...(torrent?.details && { torrent: torrent.details }),
      records: records.ofVersion(minimal),
    };
    return details;
  };

  /** Lists the files of an archive; `undefined` if it cannot be read. */
  #list({ archivePath, minimal }: ValidSeedEntry): Promise<FileListing | undefined> {
    const stamp = stampOf(archivePath);
    const key = `${archivePath}\n${stamp && markOf(stamp)}`;
    const listing = this.#listings.get(key) ?? this.#read(archivePath, minimal);
    this.#listings.delete(key);
    this.#listings.set(key, listing);
    const [oldest] = this.#listings.keys();
    if (this.#listings.size > REMEMBERED) this.#listings.delete(oldest!);
    return listing;
  }

  #read(
    archivePath: string,
    minimal: ValidSeedEntry["minimal"],
  ): Promise<FileListing | undefined> {
    const { clock, settings } = this.#host;
    const listing = this.#last.then(async () => {
      const untilMs = clock.now() + INFLATING_MS;
      return await listFiles({
        ...{ archivePath, minimal, limits: archiveLimitsOf(settings()), maxFiles: MAX_FILES },
        mayGoOn: (inflatedBytes) => inflatedBytes < MAX_INFLATED_BYTES && clock.now() < untilMs,
      });
    }).catch(() => undefined);
    this.#last = listing;
    return listing;
  }
}
