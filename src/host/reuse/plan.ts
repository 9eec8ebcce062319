/**
 * Plans what a download copies from other archives: looks each listed member up, and joins members that
 * lie side by side in both archives to runs. The list is a publisher's claim that nothing has verified.
 *
 * @module
 */

import { pause } from "../../base/mod.ts";
import type { ListedMember, MemberList } from "../../package/mod.ts";
import type { MemberPlace } from "../../store/mod.ts";
import { MIN_MEMBER_BYTES } from "./member_index.ts";

/** Members that lie side by side in an archive and in the download, in bytes. */
export interface Run {
  /** Path of the archive that has them. */
  path: string;
  /** Position of the first member in that archive. */
  sourceAt: number;
  /** Position of the first member in the download. */
  targetAt: number;
  lengthBytes: number;
  members: ListedMember[];
}

/**
 * Owner of an archive that may be used: `own` is the publisher of the archive that is downloaded, `other`
 * another publisher; `undefined` if the archive may not be used.
 */
export type Usable = "own" | "other" | undefined;

/** Options of {@linkcode planRuns}. */
export interface PlanOptions {
  list: MemberList;
  /** Number of bytes at the download's beginning that it has. Members that end there are left out. */
  readyBytes: number;
  /** Returns where a member may lie, the best place first. */
  find(hash: Uint8Array): MemberPlace[];
  /** Tells whether members of an archive may be used. Called once for each archive. */
  mayUse(path: string): Usable;
  signal?: AbortSignal;
}

/**
 * Maximum length of a member that is reused, in bytes. The format's members have at most 512 KiB before
 * they are compressed. A longer one would have to be in memory at once.
 */
const MAX_MEMBER_BYTES = 1 << 20;
/** Maximum length of a run, in bytes, so that little is in memory at a time. */
const MAX_RUN_BYTES = 4 << 20;
/** Number of members that are looked up in one turn; a look-up takes some 5 µs. */
const LOOKED_UP_AT_ONCE = 500;

/**
 * Plans what to copy, in the order of the download. A member that an archive of the same publisher lists is
 * taken from such an archive: the list of another publisher's may claim members that are not there.
 */
export async function planRuns(
  { list, readyBytes, find, mayUse, signal }: PlanOptions,
): Promise<Run[]> {
  const usable = new Map<string, Usable>();
  const useOf = ({ path }: MemberPlace) => {
    if (!usable.has(path)) usable.set(path, mayUse(path));
    return usable.get(path);
  };
  const runs: Run[] = [];
  let last: Run | undefined;
  let targetAt = list.lengthBytes;
  for (const [n, member] of list.members.entries()) {
    if (n % LOOKED_UP_AT_ONCE === LOOKED_UP_AT_ONCE - 1) {
      await pause();
      if (signal?.aborted) return [];
    }
    const { lengthBytes, hash } = member;
    const start = targetAt;
    targetAt += lengthBytes;
    if (targetAt <= readyBytes) continue;
    if (lengthBytes < MIN_MEMBER_BYTES || lengthBytes > MAX_MEMBER_BYTES) continue;
    const found = find(hash);
    const own = found.filter((place) => useOf(place) === "own");
    const places = own.length > 0 ? own : found.filter((place) => useOf(place) === "other");
    if (places.length === 0) continue;
    const next = last && last.targetAt + last.lengthBytes === start ? last : undefined;
    const goesOn = next &&
      places.some(({ path, offsetBytes }) =>
        path === next.path && offsetBytes === next.sourceAt + next.lengthBytes
      );
    if (goesOn && next.lengthBytes + lengthBytes <= MAX_RUN_BYTES) {
      next.lengthBytes += lengthBytes;
      next.members.push(member);
      continue;
    }
    // Members after one that is in several archives are most likely in the archive that had the one before.
    const place = places.find(({ path }) => path === last?.path) ?? places[0]!;
    last = {
      ...{ path: place.path, sourceAt: place.offsetBytes, targetAt: start, lengthBytes },
      members: [member],
    };
    runs.push(last);
  }
  return runs;
}
