/**
 * The archives of the seed directory that were verified at an earlier start, as `state.db` knows them. Their
 * files are not looked at.
 *
 * @module
 */

import { join } from "node:path";
import { isArchiveName, knownMark, type StateDatabase } from "../../store/mod.ts";
import type { Trust } from "../../trust/mod.ts";
import type { DatedOrder } from "./seeder.ts";

/** An archive that was verified at an earlier start. */
export interface KnownArchive {
  fileName: string;
  /** Mark (see `markOf`) of its files at the time of verification. */
  mark: string;
  order: DatedOrder;
}

/** Number of archives that are passed to the worker in one message. */
const SLICE = 250;

/** Yields the known archives of a seed directory, in slices for one message to the worker each. */
export function* knownArchives(
  directory: string,
  state: Pick<StateDatabase, "verifiedFiles">,
  trust: Pick<Trust, "revocations">,
): Generator<KnownArchive[]> {
  // Archives of a revoked key are checked one by one, since only some of them may be good.
  const doubtful = new Set(
    trust.revocations().flatMap(({ key }) => state.verifiedFiles.ofKey(key)),
  );
  // Joined once: the file names have no slash, and `join` would normalize each path.
  const prefix = join(directory, "/");
  for (const seeds of state.verifiedFiles.seedsIn(directory, SLICE)) {
    const slice: KnownArchive[] = [];
    for (const seed of seeds) {
      const { fileName, infoHashHex, sizeBytes: lengthBytes, mtimeMs: modifiedMs } = seed;
      const filePath = prefix + fileName;
      if (!isArchiveName(fileName) || doubtful.has(filePath)) continue;
      const order = { infoHashHex, filePath, lengthBytes, modifiedMs };
      slice.push({ fileName, mark: knownMark(seed), order });
    }
    yield slice;
  }
}
