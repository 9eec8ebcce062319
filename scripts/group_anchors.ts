/**
 * Divides the anchors of the rules for secrets into groups that rarely agree by chance, going by
 * a sample of the files of a directory, and writes `src/secrets/anchor_table.ts`.
 * To be run after a change to the rules: `deno run -A scripts/group_anchors.ts DIR`, where DIR holds
 * some 30 MB of packages, such as `node_modules/.deno`.
 *
 * @module
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
/** Words that the groups are tried on: a multiple of 32. */
const SAMPLES = 131_072;
/** How often each anchor is moved to the group that suits it best. */
const PASSES = 2;
/** Characters of a line of the output that are anchors. */
const LINE_CHARS = 88;
/** Pairs that are looked at for each offset: the one in the window, before it, and after it. */
const PLACES = [0, -2, 2];

/** A bit for each sample. */
type Bits = Uint32Array;

/** Eight bytes of files each, at equal distances: a word in the middle, and a pair on either side. */
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

/** Which samples have a pair in a place that is of two classes. */
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

/** Of an anchor, by offset and place: which samples have such a pair. */
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

/** How many samples get a second look because of a group, with one more anchor in it. */
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

/** Puts each anchor into the group that gets fewest second looks more because of it. */
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
  // Those that agree with most by themselves come first: there is most choice for them.
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

/** A text as lines of a source. */
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
