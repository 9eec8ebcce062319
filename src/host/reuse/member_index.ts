/**
 * Keeps the index of members in `state.db` up to date, and looks members up in it. The lists of verified
 * archives are read when they are first needed: an archive with a list costs two reads, any other one.
 *
 * @module
 */

import { pause, readFully } from "../../base/mod.ts";
import { type MemberList, readMemberList } from "../../package/mod.ts";
import {
  type IndexedMember,
  type MemberPlace,
  type ReadArchive,
  stampOf,
  type StateDatabase,
  type UnreadArchive,
} from "../../store/mod.ts";

/**
 * Minimum length of a member that is reused, in bytes. Requesting a shorter range costs no more than reusing
 * it, and an archive of many short members could fill the index.
 */
export const MIN_MEMBER_BYTES = 256;

/** Maximum number of archives that go into the index together. */
const ARCHIVES_AT_ONCE = 256;
/** Number of members from which on the archives that were read go into the index. */
const MEMBERS_AT_ONCE = 5_000;
/** Number of bytes of an archive that are read first. Most lists fit, so that they need no second read. */
const FIRST_READ_BYTES = 4 * 1024;

/** The index of the members of a seed directory's verified archives. */
export class MemberIndex {
  readonly #state: StateDatabase;
  readonly #directory: string;
  #filling: Promise<void> | undefined;

  /** @param directory path of the seed directory, as in the paths of verified archives */
  constructor(state: StateDatabase, directory: string) {
    this.#state = state;
    this.#directory = directory;
  }

  /** Whether the index has no members, and no archive is left whose list was not read. */
  get isEmpty(): boolean {
    const { members } = this.#state;
    return members.isEmpty && members.unread(this.#directory, 1).length === 0;
  }

  /**
   * Reads the lists of all archives that are not in the index yet. Calls at the same time share the work.
   *
   * @param signal aborting it ends the work, which the next call continues
   */
  fill(signal?: AbortSignal): Promise<void> {
    return this.#filling ??= this.#fill(signal).finally(() => this.#filling = undefined);
  }

  /** Returns where a member may lie. */
  find(hash: Uint8Array): MemberPlace[] {
    return this.#state.members.find(hash);
  }

  async #fill(signal: AbortSignal | undefined): Promise<void> {
    const { members } = this.#state;
    for (;;) {
      const unread = members.unread(this.#directory, ARCHIVES_AT_ONCE);
      if (unread.length === 0) return;
      const read: ReadArchive[] = [];
      let count = 0;
      for (const archive of unread) {
        if (signal?.aborted) return;
        const one = await membersOf(archive);
        read.push(one);
        count += one.members.length;
        // Lists may be long, so few of them are in memory at a time. The rest is read in the next turn.
        if (count >= MEMBERS_AT_ONCE) break;
      }
      for (const _ of members.add(read)) {
        if (signal?.aborted) return;
        await pause();
      }
    }
  }
}

/** Reads the list of an archive. An archive that cannot be read, or is another one now, has no members. */
async function membersOf(archive: UnreadArchive): Promise<ReadArchive> {
  const { path } = archive;
  const list = isSame(archive) ? await listOf(archive).catch(() => undefined) : undefined;
  let offsetBytes = list?.lengthBytes ?? 0;
  const members: IndexedMember[] = [];
  for (const { hash, lengthBytes } of list?.members ?? []) {
    if (lengthBytes >= MIN_MEMBER_BYTES) members.push({ hash, offsetBytes });
    offsetBytes += lengthBytes;
  }
  return { path, members };
}

/** Whether an archive is the file that was verified. */
function isSame({ path, sizeBytes, mtimeMs, inode }: UnreadArchive): boolean {
  const stamp = stampOf(path);
  return stamp !== undefined && stamp.isSeedable && stamp.sizeBytes === sizeBytes &&
    stamp.mtimeMs === mtimeMs && stamp.inode === inode;
}

async function listOf({ path, sizeBytes }: UnreadArchive): Promise<MemberList | undefined> {
  const file = await Deno.open(path);
  try {
    return await readList(file, sizeBytes);
  } finally {
    file.close();
  }
}

/**
 * Reads the list of an archive from its file; `undefined` if there is none.
 *
 * @param lengthBytes length of the archive
 */
export async function readList(
  file: Deno.FsFile,
  lengthBytes: number,
): Promise<MemberList | undefined> {
  let beginning = new Uint8Array(Math.min(FIRST_READ_BYTES, lengthBytes));
  for (let readBytes = 0;;) {
    readBytes += await readAt(file, readBytes, beginning.subarray(readBytes));
    const found = readMemberList(beginning.subarray(0, readBytes), lengthBytes);
    if (!found) return undefined;
    if ("list" in found) return found.list;
    if (readBytes < beginning.length) return undefined;
    const longer = new Uint8Array(Math.max(found.neededBytes, readBytes + 1));
    longer.set(beginning);
    beginning = longer;
  }
}

/** Fills `target` from a position of a file on. Returns fewer bytes than asked for at the file's end. */
export async function readAt(
  file: Deno.FsFile,
  position: number,
  target: Uint8Array,
): Promise<number> {
  // Setting the position is a cheap system call, so it is made on this thread.
  file.seekSync(position, Deno.SeekMode.Start);
  return await readFully(file, target);
}
