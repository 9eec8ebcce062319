/**
 * Plans what a download copies from other archives: looks each listed member up, and joins members that
 * lie side by side in both archives to runs. The list is a publisher's claim that nothing has verified.
 *
 * @module
 */

import { pause } from "../../base/mod.ts";
import type { ListedMember, MemberList } from "../../package/mod.ts";
import type { MemberPlace } from "../../store/mod.ts";

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

/** Options of {@linkcode planRuns}. */
export interface PlanOptions {
  list: MemberList;
  /** Number of bytes at the download's beginning that it has. Members that end there are left out. */
  readyBytes: number;
  /** Returns where a member may lie, the best place first. */
  find(hash: Uint8Array): MemberPlace[];
  /** Whether members of an archive may be used. Called once for each archive. */
  mayUse(path: string): boolean;
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

/** Plans what to copy, in the order of the download. */
export async function planRuns(
  { list, readyBytes, find, mayUse, signal }: PlanOptions,
): Promise<Run[]> {
  const usable = new Map<string, boolean>();
  const isUsable = ({ path }: MemberPlace) => {
    let is = usable.get(path);
    if (is === undefined) usable.set(path, is = mayUse(path));
    return is;
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
    if (targetAt <= readyBytes || lengthBytes > MAX_MEMBER_BYTES) continue;
    const places = find(hash).filter(isUsable);
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
