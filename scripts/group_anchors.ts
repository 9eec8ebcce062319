/**
 * Divides the anchors of the rules for secrets into groups, and writes
 * `src/secrets/anchor_table.ts`. A sample of real files shows which groups rarely match ordinary
 * text by chance. Has to run after a change to the rules: `deno run -A scripts/group_anchors.ts
 * DIR`, where DIR holds some 30 MB of npm packages, such as `node_modules/.deno`.
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { allRules } from "../src/secrets/rules/mod.ts";
import { GROUPS, STEP_BYTES } from "../src/secrets/search_memory.ts";
import {
  type Anchor,
  anchorTable,
  type ByteClass,
  classesAround,
  prepareAnchors,
} from "./anchor_windows.ts";

const OUTPUT = fileURLToPath(new URL("../src/secrets/anchor_table.ts", import.meta.url));
/** Number of four-byte words on which the groups are tried; a multiple of 32. */
const SAMPLES = 131_072;
/**
 * Number of passes. Each pass moves every anchor to the group in which it causes the fewest false
 * matches.
 */
const PASSES = 2;
/** Number of characters of anchors in one line of the generated file. */
const LINE_CHARS = 88;
/**
 * Offsets of the three pairs of bytes that the filter examines, relative to the pair in the
 * anchor's window: the pair itself, the pair before it, and the pair after it.
 */
const PLACES = [0, -2, 2];

/** A bit set of samples: bit n tells whether sample n matches. */
type Bits = Uint32Array;

/**
 * Reads samples from files, at equal distances. A sample has eight bytes: a word of four bytes in
 * the middle, and a pair of bytes on either side.
 */
async function samplesIn(directory: string): Promise<Uint8Array[]> {
  const paths: string[] = [];
  let words = 0;
  async function list(path: string): Promise<void> {
    for await (const { name, isDirectory, isFile } of Deno.readDir(path)) {
      if (isDirectory) await list(join(path, name));
      if (isFile) paths.push(join(path, name));
    }
  }
  await list(directory);
  paths.sort();
  for (const path of paths) words += (await Deno.stat(path)).size >> 2;
  const distance = Math.max(1, Math.floor(words / SAMPLES));
  const samples: Uint8Array[] = [];
  let word = 0;
  for (const path of paths) {
    const bytes = await Deno.readFile(path);
    const end = word + (bytes.length >> 2);
    for (; word < end; word++) {
      const at = bytes.length - 4 * (end - word) - 2;
      if (word % distance === 0 && at >= 0) samples.push(bytes.slice(at, at + 8));
    }
  }
  return samples.slice(0, SAMPLES);
}

/** Returns the bit set of samples whose pair of bytes at `place` matches the two given classes. */
function samplesWith(samples: Uint8Array[], place: number, one: ByteClass, other: ByteClass): Bits {
  const [ones, others] = [new Uint8Array(256), new Uint8Array(256)];
  for (const byte of one.bytes) ones[byte] = 1;
  for (const byte of other.bytes) others[byte] = 1;
  const bits = new Uint32Array(SAMPLES / 32);
  for (const [i, sample] of samples.entries()) {
    const at = place + 2;
    if (ones[sample[at]!]! & others[sample[at + 1]!]!) bits[i >> 5]! |= 1 << (i & 31);
  }
  return bits;
}

/**
 * Returns, for each offset of the window and each place, the bit set of samples that match the
 * anchor there.
 */
function bitsOf(anchor: Anchor, samples: Uint8Array[]): Bits[] {
  const at = classesAround(anchor);
  return Array.from(
    { length: STEP_BYTES },
    (_, offset) =>
      PLACES.map((place) =>
        samplesWith(samples, place, at(offset + place), at(offset + place + 1))
      ),
  ).flat();
}

/**
 * Returns the number of samples that match a group by chance after one more anchor has joined the
 * group. The search has to examine every matching text a second time.
 */
function secondLooks(group: Bits[], more: Bits[]): number {
  let count = 0;
  for (let i = 0; i < group.length; i += PLACES.length) {
    const [here, before, after] = [group[i]!, group[i + 1]!, group[i + 2]!];
    const [moreHere, moreBefore, moreAfter] = [more[i]!, more[i + 1]!, more[i + 2]!];
    for (let word = 0; word < here.length; word++) {
      let bits = (here[word]! | moreHere[word]!) & (before[word]! | moreBefore[word]!) &
        (after[word]! | moreAfter[word]!);
      for (; bits !== 0; bits &= bits - 1) count++;
    }
  }
  return count;
}

/** Puts each anchor into the group in which the anchor adds the fewest matches by chance. */
function group(anchors: readonly Anchor[], samples: Uint8Array[]): number[] {
  const all = anchors.map((anchor) => bitsOf(anchor, samples));
  const none = all[0]!.map(() => new Uint32Array(SAMPLES / 32));
  const chosen: (number | undefined)[] = anchors.map(() => undefined);
  const groups = Array.from({ length: GROUPS }, () => none.map((bits) => bits.slice()));
  const enter = (group: Bits[], anchor: Bits[]) => {
    for (const [i, bits] of anchor.entries()) {
      for (let word = 0; word < bits.length; word++) group[i]![word]! |= bits[word]!;
    }
  };
  // Anchors that match most samples on their own are placed first, while the choice of groups is
  // largest.
  const order = all.map((bits, index) => ({ index, looks: secondLooks(none, bits) }))
    .toSorted((a, b) => b.looks - a.looks);
  for (let pass = 0; pass < PASSES; pass++) {
    for (const { index } of order) {
      const from = chosen[index];
      if (from !== undefined) {
        chosen[index] = undefined;
        groups[from] = none.map((bits) => bits.slice());
        for (const [i, group] of chosen.entries()) {
          if (group === from) enter(groups[from], all[i]!);
        }
      }
      const more = groups.map((group) =>
        secondLooks(group, all[index]!) - secondLooks(group, none)
      );
      const best = more.indexOf(Math.min(...more));
      chosen[index] = best;
      enter(groups[best]!, all[index]!);
    }
    const looks = groups.reduce((sum, group) => sum + secondLooks(group, none), 0);
    console.error(`pass ${pass + 1}: ${(100 * looks / samples.length).toFixed(2)} % second looks`);
  }
  return chosen.map((group) => group!);
}

/** Formats a text as lines of source code. */
function literal(text: string): string {
  const lines: string[] = [""];
  for (const part of text.match(/[^\n]*\n?/g)!) {
    if (lines.at(-1)!.length + part.length > LINE_CHARS) lines.push("");
    lines[lines.length - 1] += part;
  }
  const escape = (char: string) => "\\x" + char.charCodeAt(0).toString(16);
  return lines.map((line) => JSON.stringify(line).replace(/[\x80-\xff]/g, escape)).join(" +\n  ");
}

const texts = allRules().flatMap(({ anchors }) => anchors);
const chosen = group(prepareAnchors(texts), await samplesIn(Deno.args[0]!));
const { classes, rows } = anchorTable(texts, (index) => chosen[index]!);
await Deno.writeTextFile(
  OUTPUT,
  `/**
 * The anchors of all rules in their order, in the format of \`AnchorSearch\`. They are divided into groups
 * whose bits rarely agree by chance. Written by \`scripts/group_anchors.ts\`; not to be edited.
 *
 * @module
 */

/** Classes of the characters from \`\\x80\` on, as between the brackets of a regular expression. */
export const classes: readonly string[] = [
${classes.map((text) => `  ${JSON.stringify(text)},\n`).join("")}];

/** One line per anchor: group, offset of the window, flags, bytes. */
export const rows: string = ${literal(rows.join("\n") + "\n")};
`,
);
