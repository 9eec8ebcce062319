/** The search in front of the rules, and how its anchors are grouped. */

import assert from "node:assert/strict";
import { groupOf, isGrouped } from "../../../src/secrets/anchor_groups.ts";
import { AnchorSearch, GROUPS } from "../../../src/secrets/anchor_search.ts";
import { allRules } from "../../../src/secrets/rules/rules.ts";
import { alnum } from "./made_up.ts";

const anchors = allRules().flatMap(({ anchors }) => anchors);

/** A text that an anchor stands for, with what has to follow the short ones. */
function textOf(anchor: string): string {
  return anchor
    .replace(/^\^/, "")
    .replace(/…$/, alnum(12))
    .replace(/\[([^\]])[^\]]*\]/g, "$1")
    .padEnd(5, "a");
}

/** `index at offset` of all that a search finds. */
function foundBy(search: AnchorSearch, text: string): string[] {
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  const found: string[] = [];
  search.visit(bytes, 0, bytes.length, (anchor, at) => {
    found.push(`${anchor} at ${at}`);
    return false;
  });
  return found.sort();
}

Deno.test("every anchor is in the list that scripts/group_anchors.ts writes", () => {
  assert.deepEqual(anchors.filter((anchor) => !isGrouped(anchor)), []);
  assert(anchors.every((anchor) => groupOf(anchor) < GROUPS));
});

Deno.test("each anchor is found at each offset in a word, wherever it stands in a file", () => {
  const search = new AnchorSearch(anchors, groupOf);
  for (const [index, anchor] of anchors.entries()) {
    for (let offset = 0; offset < 8; offset++) {
      for (const behind of [" ".repeat(40), "     "]) {
        const text = " ".repeat(offset) + textOf(anchor) + behind;
        const found = foundBy(search, text);
        assert(found.includes(`${index} at ${offset}`), `${anchor} at ${offset}`);
      }
    }
  }
});

Deno.test("the groups of anchors do not change what is found", () => {
  const text = anchors.map((anchor, i) => textOf(anchor) + alnum(i % 7)).join(" ");
  assert.deepEqual(
    foundBy(new AnchorSearch(anchors, () => 0), text),
    foundBy(new AnchorSearch(anchors, groupOf), text),
  );
});
