/**
 * Divides the anchors of the rules for secrets into groups that rarely agree by chance, going by how
 * often pairs of bytes turn up in the files of a directory, and writes `src/secrets/anchor_groups.ts`.
 * To be run after a change to the rules: `deno run -A scripts/group_anchors.ts DIR`, where DIR holds
 * some 30 MB of packages, such as `node_modules/.deno`.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Anchor,
  type ByteClass,
  classesAround,
  GROUPS,
  prepareAnchors,
  STEP_BYTES,
} from "../src/secrets/anchor_search.ts";
import { allRules } from "../src/secrets/rules/rules.ts";

const OUTPUT = fileURLToPath(new URL("../src/secrets/anchor_groups.ts", import.meta.url));
const MAX_BYTES = 40e6;
/** Characters of a line of the output that are anchors. */
const LINE_CHARS = 88;
/** Pairs that are looked at for each offset: the one in the window, before it, and after it. */
const PLACES = [0, -2, 2];

/** The pairs of bytes that one place of one offset of a group lets through, and how often they are. */
interface Passing {
  pairs: Uint8Array;
  share: number;
}

/** How often each pair of bytes turns up in the files of a directory, as a part of all pairs. */
async function sharesIn(directory: string): Promise<Float64Array> {
  // None is impossible.
  const counts = new Float64Array(65_536).fill(1);
  let left = MAX_BYTES;
  async function count(path: string): Promise<void> {
    for await (const { name, isDirectory, isFile } of Deno.readDir(path)) {
      if (left <= 0) return;
      if (isDirectory) await count(join(path, name));
      if (!isFile) continue;
      const bytes = await Deno.readFile(join(path, name));
      left -= bytes.length;
      for (let i = 1; i < bytes.length; i++) counts[bytes[i - 1]! | bytes[i]! << 8]!++;
    }
  }
  await count(directory);
  const sum = counts.reduce((all, one) => all + one);
  return counts.map((one) => one / sum);
}

function pairsOf(ones: ByteClass, others: ByteClass): number[] {
  return ones.bytes.flatMap((one) => others.bytes.map((other) => one | other << 8));
}

/** Puts each anchor into the group that lets least through more because of it. */
function group(anchors: readonly Anchor[], shares: Float64Array): number[] {
  const groups: Passing[][][] = Array.from(
    { length: GROUPS },
    () =>
      Array.from(
        { length: STEP_BYTES },
        () => PLACES.map(() => ({ pairs: new Uint8Array(65_536), share: 0 })),
      ),
  );
  const chosen: number[] = [];
  for (const anchor of anchors.toSorted((a, b) => weightOf(b) - weightOf(a))) {
    const at = classesAround(anchor);
    const offsets = Array.from(
      { length: STEP_BYTES },
      (_, offset) => PLACES.map((place) => pairsOf(at(offset + place), at(offset + place + 1))),
    );
    let best = 0;
    let least = Infinity;
    for (const [index, passing] of groups.entries()) {
      let more = 0;
      for (const [offset, places] of offsets.entries()) {
        const before = passing[offset]!.reduce((product, { share }) => product * share, 1);
        const after = places.reduce((product, pairs, i) => {
          const { pairs: known, share } = passing[offset]![i]!;
          return product * pairs.reduce((sum, p) => known[p] ? sum : sum + shares[p]!, share);
        }, 1);
        more += after - before;
      }
      if (more >= least) continue;
      least = more;
      best = index;
    }
    chosen[anchor.index] = best;
    for (const [offset, places] of offsets.entries()) {
      for (const [i, pairs] of places.entries()) {
        const passing = groups[best]![offset]![i]!;
        for (const pair of pairs) {
          if (passing.pairs[pair] === 0) passing.share += shares[pair]!;
          passing.pairs[pair] = 1;
        }
      }
    }
  }
  return chosen;
}

/** Anchors that let much through come first: there is most choice for them. */
function weightOf(anchor: Anchor): number {
  const at = classesAround(anchor);
  return [0, 1, 2, 3].reduce((product, i) => product * at(i).weight, 1);
}

/** A text as lines of a source. */
function literal(text: string): string {
  const lines: string[] = [""];
  for (const part of text.match(/[^\n]*\n?/g)!) {
    if (lines.at(-1)!.length + part.length > LINE_CHARS) lines.push("");
    lines[lines.length - 1] += part;
  }
  return lines.map((line) => JSON.stringify(line)).join(" +\n    ");
}

const texts = [...new Set(allRules().flatMap(({ anchors }) => anchors))];
const chosen = group(prepareAnchors(texts), await sharesIn(Deno.args[0]!));
const groups = Array.from(
  { length: GROUPS },
  (_, index) => texts.filter((_, i) => chosen[i] === index).sort().join("\n"),
);
await Deno.writeTextFile(
  OUTPUT,
  `/**
 * Which anchors share bits in the tables of the search. Written by \`scripts/group_anchors.ts\`: grouped
 * by how they look, three to five times as many words would get a second look.
 *
 * @module
 */

/** The anchors of each group, a line each. */
const groups: readonly string[] = [
${groups.map((group) => `  ${literal(group)},\n`).join("")}];

const groupsByAnchor = new Map(
  groups.flatMap((group, index) => group.split("\\n").map((anchor) => [anchor, index] as const)),
);

/** The group of an anchor. One that is not listed is found too, with more second looks. */
export function groupOf(anchor: string): number {
  return groupsByAnchor.get(anchor) ?? 0;
}

/** Whether the list has an anchor. */
export function isGrouped(anchor: string): boolean {
  return groupsByAnchor.has(anchor);
}
`,
);
