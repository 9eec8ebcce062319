/**
 * Room for mirrored archives: decides which of them leave when the seed directory has reached `max-disk`, and
 * removes those. Archives that this home's user has published, fetched or added are not touched.
 *
 * Left to `follow_keeper.ts`: when there is too little room, and fetching.
 *
 * @module
 */

import { dirname, isAbsolute } from "node:path";
import semver from "semver";
import { type Clock, fromHex, LibreseedError } from "../../base/mod.ts";
import type { LeftJson } from "../../control/mod.ts";
import { mayBeFollowed } from "../../fetching/mod.ts";
import { formatPublicKey, parsePublicKey } from "../../identity/mod.ts";
import { type MinimalManifest, parseMinimal } from "../../package/mod.ts";
import {
  type MirroredArchive,
  type SeedDirectory,
  stampOf,
  type StateDatabase,
} from "../../store/mod.ts";

/**
 * A new archive takes the place of another if it is wanted more by this factor and this sum.
 * Without the margin, two archives that are wanted alike would replace each other again and again.
 */
const [MARGIN_FACTOR, MARGIN_SUM] = [1.5, 0.5];
/**
 * Number of requests that the newest version of a package counts as having beside those of peers.
 */
const NEWEST_WORTH = 1;
/** Maximum number of archives that left and are kept for `status`. */
const MAX_LEFT = 20;

/** Demand for an archive. */
export interface Standing {
  /** An archive of a higher rank leaves later. */
  rank: Rank;
  /** Number of requests of peers, which halves each week; the newest version has one more. */
  worth: number;
  isNewest: boolean;
}

/** Ranks of archives, from those that leave first. A rank outweighs all requests. */
export const RANKS = ["yanked", "unfollowed", "deprecated", "listed"] as const;

/** Rank of a version by its flags, and by whether it is followed. */
export type Rank = typeof RANKS[number];

/** Compares two archives for sorting: the archive that leaves first comes first. */
function compareStandings(a: Standing, b: Standing): number {
  return RANKS.indexOf(a.rank) - RANKS.indexOf(b.rank) || a.worth - b.worth ||
    Number(a.isNewest) - Number(b.isNewest);
}

/** Whether an archive is so much more wanted than another that it takes the other's place. */
export function displaces(coming: Standing, leaving: Standing): boolean {
  const ranks = RANKS.indexOf(coming.rank) - RANKS.indexOf(leaving.rank);
  return ranks > 0 || ranks === 0 && coming.worth > leaving.worth * MARGIN_FACTOR + MARGIN_SUM;
}

/** Options of {@linkcode MirrorSpace}. */
export interface MirrorSpaceOptions {
  state: StateDatabase;
  seeds: SeedDirectory;
  clock: Clock;
  /** Returns the infohashes (hex) of the archives that are being uploaded now. */
  uploading: () => Promise<ReadonlySet<string>>;
  /** Stops seeding a package, and removes its archive and records. */
  evict: (minimal: MinimalManifest) => Promise<void>;
  onNotice: (message: string) => void;
  onWarning: (message: string) => void;
}

/** An archive that may leave. */
interface Candidate extends MirroredArchive {
  minimal: MinimalManifest;
  standing: Standing;
}

/** Makes room for mirrored archives. */
export class MirrorSpace {
  readonly #options: MirrorSpaceOptions;
  readonly #left: LeftJson[] = [];

  constructor(options: MirrorSpaceOptions) {
    this.#options = options;
  }

  /** The archives that have left since the start, at most the last twenty; `undefined` if none has. */
  get left(): LeftJson[] | undefined {
    return this.#left.length > 0 ? this.#left : undefined;
  }

  /** Whether there are archives that may leave. */
  get hasMirrored(): boolean {
    const { state, clock } = this.#options;
    return state.mirrored.held(clock.now()).length > 0;
  }

  /** Returns a function that tells how wanted archives are, by what this home knows now. */
  standings(): (minimal: MinimalManifest) => Standing {
    const { state, clock } = this.#options;
    const follows = new Map(
      state.follows.list().map((one) => [formatPublicKey(one.publicKey), one.scopes]),
    );
    const newest = new Map<string, string>();
    const flags = new Map<string, ReturnType<typeof state.offers.ofManifest>>();
    return (minimal) => {
      const { name, version, pubkey, btih } = minimal;
      const id = `${minimal.signer?.key} ${pubkey} ${name}`;
      if (!flags.has(id)) {
        const offer = state.offers.ofManifest(minimal);
        flags.set(id, offer);
        const listed = state.follows.versionsOf(parsePublicKey(pubkey), name);
        newest.set(id, newestOf(listed.map((one) => one.version), offer?.flags.yanked));
      }
      const known = flags.get(id)?.flags;
      const isNewest = newest.get(id) === version;
      const rank: Rank = known?.yanked.has(version)
        ? "yanked"
        : !mayBeFollowed(follows.get(pubkey) ?? [], minimal)
        ? "unfollowed"
        : known?.deprecated.has(version)
        ? "deprecated"
        : "listed";
      const asked = state.mirrored.wanted(fromHex(btih)!, clock.now()) ?? 0;
      return { rank, worth: asked + (isNewest ? NEWEST_WORTH : 0), isNewest };
    };
  }

  /** Whether so many bytes can be freed by archives that a new one displaces. */
  async hasRoomFor(coming: MinimalManifest, bytes: number): Promise<boolean> {
    const standing = this.standings()(coming);
    let freed = 0;
    for (const one of await this.#candidates()) {
      if (!displaces(standing, one.standing)) break;
      freed += one.sizeBytes;
      if (freed >= bytes) return true;
    }
    return false;
  }

  /**
   * Removes the least wanted archives until so many bytes are free, or none is left that may leave.
   *
   * @param coming archive that needs the room, and stays; absent if `max-disk` is lower now
   * @returns the number of bytes that were freed
   */
  async free(bytes: number, coming?: MinimalManifest): Promise<number> {
    const { state, clock, evict, onNotice, onWarning } = this.#options;
    let freed = 0;
    if (bytes <= 0) return freed;
    for (const { minimal, standing, infoHashHex, sizeBytes } of await this.#candidates()) {
      if (freed >= bytes) break;
      const infoHash = fromHex(infoHashHex)!;
      // A user may have fetched the archive meanwhile: then it is the user's.
      if (infoHashHex === coming?.btih || !state.mirrored.isHeld(infoHash)) continue;
      const label = `${minimal.name}@${minimal.version}`;
      try {
        await evict(minimal);
      } catch (error) {
        if (!(error instanceof LibreseedError)) throw error;
        if (error.code !== "PACKAGE_NOT_FOUND") {
          onWarning(`${label} does not leave the seed directory: ${error.message}`);
          continue;
        }
      }
      // The row is changed last: after a kill in between, the missing file tells that it has left.
      state.mirrored.leave(infoHash);
      freed += sizeBytes;
      const why = reasonOf(standing);
      const room = coming ? `for ${coming.name}@${coming.version}` : "within --max-disk";
      onNotice(`${label} has left the seed directory to make room ${room}: ${why}`);
      this.#left.push({ package: label, why, timeMs: clock.now() });
      if (this.#left.length > MAX_LEFT) this.#left.shift();
    }
    return freed;
  }

  /** Lists the archives that may leave, the least wanted first. */
  async #candidates(): Promise<Candidate[]> {
    const { state, seeds, clock, uploading } = this.#options;
    const used = await uploading();
    const standingOf = this.standings();
    const found: Candidate[] = [];
    for (const one of state.mirrored.held(clock.now())) {
      if (!isAbsolute(one.path) || dirname(one.path) !== seeds.path) continue;
      if (!stampOf(one.path)) state.mirrored.leave(fromHex(one.infoHashHex)!);
      else if (!used.has(one.infoHashHex)) {
        const minimal = parseMinimal(one.manifest);
        found.push({ ...one, minimal, standing: standingOf(minimal) });
      }
    }
    // Among archives of equal standing, the one that has been here longest leaves first.
    return found.sort((a, b) => compareStandings(a.standing, b.standing) || a.sinceMs - b.sinceMs);
  }
}

/** Returns the version that a publisher's users get: the highest stable one that is not yanked. */
function newestOf(versions: readonly string[], yanked?: ReadonlyMap<string, string>): string {
  const good = versions.filter((one) => !yanked?.has(one) && semver.valid(one));
  const stable = good.filter((one) => !semver.prerelease(one));
  const [newest = ""] = (stable.length > 0 ? stable : good).sort(semver.rcompare);
  return newest;
}

function reasonOf({ rank, worth, isNewest }: Standing): string {
  if (rank === "yanked") return "its publisher has yanked it";
  if (rank === "unfollowed") return "it is not followed any more";
  if (rank === "deprecated") return "its publisher advises against it";
  const asked = Math.round(worth - (isNewest ? NEWEST_WORTH : 0));
  const version = isNewest ? "the newest version" : "an older version";
  return `${version}, and peers have asked for it ${asked} times lately`;
}
