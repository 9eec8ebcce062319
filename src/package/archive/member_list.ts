/**
 * The list of an archive's gzip members (docs/protocol.md section 4). It tells a reader which
 * members an archive on its disk has as well, before the members are downloaded.
 *
 * The list lies at the archive's beginning in empty gzip members, in their extra field (RFC 1952
 * section 2.3.1.1), so every program that unpacks gzip files skips it. The list is a hint: only the
 * hashes of the torrent and of the archive decide whether bytes are right. A list that does not have
 * this form counts as none.
 *
 * @module
 */

import { GZIP_EXTRA_FLAG, GZIP_HEADER, GZIP_NOTHING, MEMBER_HASH_BYTES } from "./gzip_member.ts";

/** A gzip member of an archive, as the archive's list describes it. */
export interface ListedMember {
  /** Length of the compressed member in bytes, header and trailer included. */
  lengthBytes: number;
  /** The first 16 bytes of the SHA-256 of the compressed member. */
  hash: Uint8Array;
  /** Number of files whose tar entries begin in the member, at most 4,095. The manifest is not counted. */
  files: number;
  /** Offset in the member's tar at which the first of these entries begins, in bytes. 0 if none begins. */
  firstFileAt: number;
}

/** The list at the beginning of an archive. */
export interface MemberList {
  /** Length of the list in bytes. The first member that it describes begins there. */
  lengthBytes: number;
  /**
   * The members in the order of the archive, without those that hold the list. Only the first 65,536
   * members of an archive are listed.
   */
  members: ListedMember[];
}

/** Result of reading a list: the list, or how many bytes of the archive are needed to read it. */
export type ReadMemberList = { list: MemberList } | { neededBytes: number } | undefined;

/** Maximum number of members that a list describes. */
export const MAX_LISTED_MEMBERS = 65_536;
/** Maximum length of a member's tar in bytes, because an offset in it has 20 bits. */
const MAX_MEMBER_TAR_BYTES = 1 << 20;
const MAX_FILES = 0xfff;

/** Number of bytes at an archive's beginning that tell whether it has a list. */
export const LIST_MARK_BYTES = 14;

/** Length of one entry: hash, length, and number and offset of files. */
const ENTRY_BYTES = MEMBER_HASH_BYTES + 4 + 4;
/**
 * Number of entries in one extra field. The field could be longer, but BusyBox refuses gzip headers of 32
 * KiB and more.
 */
const ENTRIES_IN_A_PART = 512;
/** Identifier of the subfield, the ASCII letters `LS`. */
const SUBFIELD = [0x4c, 0x53] as const;
/** Offset of the entries in a part: header, length of the field, subfield's header, parts that follow. */
const ENTRIES_AT = GZIP_HEADER.length + 2 + 4 + 2;
/** Length of a part with as many entries as it may have, in bytes. */
const FULL_PART_BYTES = ENTRIES_AT + ENTRIES_IN_A_PART * ENTRY_BYTES + GZIP_NOTHING.length;
/** Length of a gzip member that holds nothing, in bytes: the shortest that a list may describe. */
const LEAST_MEMBER_BYTES = GZIP_HEADER.length + GZIP_NOTHING.length;

/**
 * Encodes the list of an archive's members. Members beyond the first 65,536 are left out.
 *
 * @throws {RangeError} if a number does not fit its field
 */
export function encodeMemberList(members: readonly ListedMember[]): Uint8Array<ArrayBuffer> {
  const listed = members.slice(0, MAX_LISTED_MEMBERS);
  const parts = Math.max(1, Math.ceil(listed.length / ENTRIES_IN_A_PART));
  const fixedBytes = ENTRIES_AT + GZIP_NOTHING.length;
  const bytes = new Uint8Array(parts * fixedBytes + listed.length * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (let part = 0; part < parts; part++) {
    const entries = listed.slice(part * ENTRIES_IN_A_PART, (part + 1) * ENTRIES_IN_A_PART);
    const dataBytes = 2 + entries.length * ENTRY_BYTES;
    bytes.set(GZIP_HEADER, at);
    bytes[at + 3] = GZIP_EXTRA_FLAG;
    view.setUint16(at + 10, 4 + dataBytes, true);
    bytes.set(SUBFIELD, at + 12);
    view.setUint16(at + 14, dataBytes, true);
    view.setUint16(at + 16, parts - 1 - part, true);
    at += ENTRIES_AT;
    for (const { hash, lengthBytes, files, firstFileAt } of entries) {
      const fits = hash.length === MEMBER_HASH_BYTES && lengthBytes <= 0xffffffff &&
        files <= MAX_FILES && firstFileAt < MAX_MEMBER_TAR_BYTES;
      if (!fits) throw new RangeError("A member of an archive does not fit its list");
      bytes.set(hash, at);
      view.setUint32(at + 16, lengthBytes, true);
      view.setUint32(at + 20, firstFileAt * (MAX_FILES + 1) + files, true);
      at += ENTRY_BYTES;
    }
    bytes.set(GZIP_NOTHING, at);
    at += GZIP_NOTHING.length;
  }
  return bytes;
}

/**
 * Whether an archive begins with a list, as its first 14 bytes tell. The piece length of the archive's
 * torrent depends on this.
 */
export function hasMemberList(beginning: Uint8Array): boolean {
  return beginning.length >= LIST_MARK_BYTES &&
    GZIP_HEADER.every((byte, at) => beginning[at] === (at === 3 ? GZIP_EXTRA_FLAG : byte)) &&
    SUBFIELD.every((byte, at) => beginning[12 + at] === byte);
}

/**
 * Reads the list from the beginning of an archive. The bytes are a stranger's.
 *
 * @param beginning bytes of the archive from its start
 * @param lengthBytes length of the archive
 * @returns `undefined` if the archive has no list, or a list that does not have the form
 */
export function readMemberList(beginning: Uint8Array, lengthBytes: number): ReadMemberList {
  const view = new DataView(beginning.buffer, beginning.byteOffset, beginning.byteLength);
  const members: ListedMember[] = [];
  let at = 0;
  let membersBytes = 0;
  let following: number | undefined;
  for (let isLast = false; !isLast;) {
    if (beginning.length - at < ENTRIES_AT) return needs(at + ENTRIES_AT, lengthBytes);
    if (!hasMemberList(beginning.subarray(at))) return undefined;
    const fieldBytes = view.getUint16(at + 10, true);
    const dataBytes = view.getUint16(at + 14, true);
    const entries = (dataBytes - 2) / ENTRY_BYTES;
    if (fieldBytes !== dataBytes + 4 || !Number.isInteger(entries) || entries < 0) return undefined;
    const left = view.getUint16(at + 16, true);
    isLast = left === 0;
    // Every part but the last is full, so the number of parts limits the number of members.
    if (isLast ? entries > ENTRIES_IN_A_PART : entries !== ENTRIES_IN_A_PART) return undefined;
    following ??= left + 1;
    if (left !== --following || left >= MAX_LISTED_MEMBERS / ENTRIES_IN_A_PART) return undefined;
    const end = at + ENTRIES_AT + entries * ENTRY_BYTES + GZIP_NOTHING.length;
    if (beginning.length < end) {
      // Every part but the last is full, so nearly all of the list can be asked for at once.
      const rest = isLast ? 0 : (left - 1) * FULL_PART_BYTES + ENTRIES_AT;
      return needs(end + rest, lengthBytes);
    }
    for (at += ENTRIES_AT; at < end - GZIP_NOTHING.length; at += ENTRY_BYTES) {
      const memberBytes = view.getUint32(at + 16, true);
      const place = view.getUint32(at + 20, true);
      membersBytes += memberBytes;
      if (memberBytes < LEAST_MEMBER_BYTES || membersBytes > lengthBytes) return undefined;
      members.push({
        hash: beginning.slice(at, at + MEMBER_HASH_BYTES),
        lengthBytes: memberBytes,
        files: place & MAX_FILES,
        firstFileAt: place >>> 12,
      });
    }
    if (!GZIP_NOTHING.every((byte, i) => beginning[at + i] === byte)) return undefined;
    at = end;
  }
  const isWhole = at + membersBytes === lengthBytes;
  const isCut = at + membersBytes < lengthBytes && members.length === MAX_LISTED_MEMBERS;
  return isWhole || isCut ? { list: { lengthBytes: at, members } } : undefined;
}

/** The members of an archive that hold a file. */
export interface FilePlace {
  /** Position of the first member in the archive, in bytes. */
  start: number;
  /** Position behind the last member, in bytes. */
  end: number;
  /** Offset of the first file that begins in the first member, in the member's tar, in bytes. */
  firstFileAt: number;
  /** Index of this file among the files of the manifest. */
  firstFile: number;
}

/**
 * Returns the length of the list and of the manifest's members together, in bytes: the files begin there.
 */
export function headBytes({ lengthBytes, members }: MemberList): number {
  const first = members.findIndex(({ files }) => files > 0);
  return members.slice(0, first === -1 ? members.length : first)
    .reduce((sum, member) => sum + member.lengthBytes, lengthBytes);
}

/**
 * Finds the members that hold a file, as the list has it.
 *
 * @param file index of the file in the manifest
 * @param lengthBytes length of the archive
 * @returns `undefined` if no member of the list holds the file
 */
export function placeOfFile(
  { lengthBytes: listBytes, members }: MemberList,
  file: number,
  lengthBytes: number,
): FilePlace | undefined {
  let start = listBytes;
  let firstFile = 0;
  for (const [index, { lengthBytes: memberBytes, files, firstFileAt }] of members.entries()) {
    if (file < firstFile + files) {
      const isLast = file === firstFile + files - 1;
      const end = isLast
        ? endOfFile(members.slice(index + 1), start + memberBytes) ?? lengthBytes
        : start + memberBytes;
      return { start, end, firstFileAt, firstFile };
    }
    start += memberBytes;
    firstFile += files;
  }
  return undefined;
}

/**
 * Returns the position behind the last member that holds a file, if another file is listed after it.
 *
 * @param members the members after the one in which the file begins
 * @param at position of the first of them, in bytes
 */
function endOfFile(members: readonly ListedMember[], at: number): number | undefined {
  for (const { lengthBytes, files, firstFileAt } of members) {
    if (files > 0) return firstFileAt === 0 ? at : at + lengthBytes;
    at += lengthBytes;
  }
  return undefined;
}

/** Asks for more bytes, unless the archive has no more. */
function needs(neededBytes: number, lengthBytes: number): ReadMemberList {
  return neededBytes <= lengthBytes ? { neededBytes } : undefined;
}
