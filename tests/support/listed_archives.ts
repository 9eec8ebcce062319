/**
 * Archives that begin with a list of their members, made by hand.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { concatBytes } from "../../src/base/mod.ts";
import { encodeMemberList, type ListedMember } from "../../src/package/mod.ts";

/** The same bytes for the same seed, as random ones: they do not compress. The vectors use them, too. */
export function noise(seed: number | string, lengthBytes: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let i = 0; i * 32 < lengthBytes; i++) {
    blocks.push(createHash("sha256").update(`${seed} ${i}`).digest());
  }
  return concatBytes(...blocks).subarray(0, lengthBytes);
}

/** Describes a member as a list does. */
export function listed(member: Uint8Array): ListedMember {
  const hash = new Uint8Array(createHash("sha256").update(member).digest().subarray(0, 16));
  return { lengthBytes: member.length, hash, files: 0, firstFileAt: 0 };
}

/** An archive with a list: its bytes, its members, and where each of them lies. */
export interface ListedArchive {
  bytes: Uint8Array;
  members: Uint8Array[];
  offsets: number[];
}

/**
 * Makes an archive out of contents, each of which becomes one gzip member.
 *
 * @param describe changes what the list says, for lists that lie
 */
export function listedArchive(
  contents: readonly Uint8Array[],
  describe: (member: Uint8Array, n: number) => ListedMember = listed,
): ListedArchive {
  const members = contents.map((content) => new Uint8Array(gzipSync(content)));
  const list = encodeMemberList(members.map(describe));
  let at = list.length;
  const offsets = members.map(({ length }) => (at += length) - length);
  return { bytes: concatBytes(list, ...members), members, offsets };
}
