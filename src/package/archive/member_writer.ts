/**
 * Compresses a tar to a sequence of gzip members.
 *
 * @module
 */

import type { Buffers, Compressed, Compressor } from "./compressor.ts";
import { MEMBER_HASH_BYTES, outputBytesFor } from "./gzip_member.ts";
import { type CutRule, MemberCutter } from "./member_cuts.ts";
import { type ListedMember, MAX_LISTED_MEMBERS } from "./member_list.ts";

/**
 * Length in bytes of the tar that is compressed at a time, in many members. The archive's bytes do not
 * depend on this value.
 */
export const BATCH_BYTES = 4 * 1024 * 1024;

/** The tar of a member in a batch. */
interface Member {
  /** Offset in the batch at which the member ends; 0 if that is not known yet. */
  end: number;
  files: number;
  firstFileAt: number;
}

/** Options of {@linkcode MemberWriter}. */
export interface MemberWriterOptions {
  compressor: Compressor;
  /** The rule by which the tar is cut. */
  rule: CutRule;
  /** Called with compressed members in order, one or more at a time. The bytes are valid during the call. */
  write: (members: Uint8Array) => Promise<void>;
}

/**
 * Cuts a stream of tar bytes into gzip members, and writes the members in order. Takes memory for
 * input and output of all batches that are compressed in parallel, and of two more.
 */
export class MemberWriter {
  /** Number of tar bytes compressed so far. */
  tarBytes = 0;
  /** Number of compressed bytes written so far. */
  gzipBytes = 0;
  /** The members written so far, in order; at most as many as an archive lists. */
  readonly members: ListedMember[] = [];
  readonly #options: MemberWriterOptions;
  readonly #cutter: MemberCutter;
  /** The entries that were announced, and have not begun. */
  readonly #entries: { entryBytes: number; isFile: boolean }[] = [];
  /** Number of bytes of the current entry that are still to come. */
  #leftBytes = 0;
  readonly #pending: { members: Member[]; compressed: Promise<Compressed> }[] = [];
  readonly #free: Buffers[] = [];
  #buffers = newBuffers();
  #used = 0;
  /** The members in the buffer. The last of them is not complete. */
  #members: Member[] = [{ end: 0, files: 0, firstFileAt: 0 }];

  constructor(options: MemberWriterOptions) {
    this.#options = options;
    this.#cutter = new MemberCutter(options.rule);
  }

  /**
   * Announces the next entry of the tar, before its bytes are added. Bytes that belong to no entry are
   * the end of the tar.
   *
   * @param entryBytes length of the entry in bytes: headers, contents and padding
   * @param isFile whether the list of members counts the entry
   */
  expectEntry(entryBytes: number, isFile: boolean): void {
    this.#entries.push({ entryBytes, isFile });
  }

  /** Adds the next bytes of the tar. The bytes are copied. */
  async add(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      if (this.#leftBytes === 0) this.#beginEntry();
      const part = rest.subarray(0, Math.min(this.#leftBytes, BATCH_BYTES - this.#used));
      const end = this.#leftBytes === Infinity ? undefined : this.#cutter.take(part);
      const taken = end ?? part.length;
      this.#buffers.input.set(part.subarray(0, taken), this.#used);
      this.#used += taken;
      this.#leftBytes -= taken;
      rest = rest.subarray(taken);
      if (end !== undefined) this.#endMember();
      if (this.#used === BATCH_BYTES) await this.#flush();
    }
  }

  /** Compresses and writes the remaining bytes of the tar. No bytes may be added afterwards. */
  async end(): Promise<void> {
    if (this.#used > this.#startOfMember()) this.#endMember();
    if (this.#used > 0) await this.#flush();
    while (this.#pending.length > 0) await this.#writeNext();
  }

  #beginEntry(): void {
    const { entryBytes, isFile } = this.#entries.shift() ?? { entryBytes: Infinity, isFile: false };
    this.#leftBytes = entryBytes;
    if (entryBytes === Infinity) return;
    if (this.#cutter.beginEntry(entryBytes)) this.#endMember();
    if (!isFile) return;
    const member = this.#members.at(-1)!;
    if (member.files++ === 0) member.firstFileAt = this.#used - this.#startOfMember();
  }

  #startOfMember(): number {
    return this.#members.at(-2)?.end ?? 0;
  }

  #endMember(): void {
    this.#members.at(-1)!.end = this.#used;
    this.#members.push({ end: 0, files: 0, firstFileAt: 0 });
  }

  /** Has the complete members in the buffer compressed. */
  async #flush(): Promise<void> {
    const { compressor } = this.#options;
    const open = this.#members.pop()!;
    const members = this.#members;
    const completeBytes = members.at(-1)!.end;
    const next = this.#free.pop() ?? newBuffers();
    // A member that has begun goes on in the next batch.
    next.input.set(this.#buffers.input.subarray(completeBytes, this.#used));
    const compressed = compressor.compress(this.#buffers, members.map(({ end }) => end));
    // An error of the compression is thrown when the members are awaited. If packing fails earlier
    // for another reason, they are never awaited, and their error must not count as an unhandled
    // rejection.
    compressed.catch(() => {});
    this.#pending.push({ members, compressed });
    this.tarBytes += completeBytes;
    this.#buffers = next;
    this.#used -= completeBytes;
    this.#members = [open];
    while (this.#pending.length > compressor.ahead) await this.#writeNext();
  }

  async #writeNext(): Promise<void> {
    const { members, compressed } = this.#pending.shift()!;
    const { bytes, lengths, hashes, buffers } = await compressed;
    for (const [at, { files, firstFileAt }] of members.entries()) {
      if (this.members.length === MAX_LISTED_MEMBERS) break;
      const hash = hashes.slice(at * MEMBER_HASH_BYTES, (at + 1) * MEMBER_HASH_BYTES);
      this.members.push({ hash, lengthBytes: lengths[at]!, files, firstFileAt });
    }
    this.gzipBytes += bytes.length;
    await this.#options.write(bytes);
    this.#free.push(buffers);
  }
}

function newBuffers(): Buffers {
  const output = new Uint8Array(outputBytesFor(BATCH_BYTES));
  return { input: new Uint8Array(BATCH_BYTES), output };
}
