/** The search for anchors (short fixed texts that precede secrets), and its lookup table. */

import assert from "node:assert/strict";
import { anchorTable } from "../../../scripts/anchor_windows.ts";
import { AnchorSearch } from "../../../src/secrets/anchor_search.ts";
import { classes, rows } from "../../../src/secrets/anchor_table.ts";
import { allRules } from "../../../src/secrets/rules/mod.ts";
import { GROUPS } from "../../../src/secrets/search_memory.ts";
import { alnum } from "./made_up.ts";

const anchors = allRules().flatMap(({ anchors }) => anchors);
const search = new AnchorSearch(classes, rows);

/** Makes a text that contains the anchor, with padding where a token has to follow. */
function textOf(anchor: string): string {
  return anchor
    .replace(/^\^/, "")
    .replace(/…$/, alnum(12))
    .replace(/\[([^\]])[^\]]*\]/g, "$1")
    .padEnd(5, "a");
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Lists all anchors that the search finds, as `INDEX at OFFSET`. */
function foundBy(search: AnchorSearch, bytes: Uint8Array, from = 0, to = bytes.length): string[] {
  const found: string[] = [];
  search.visit(bytes, from, to, (anchor, at) => {
    found.push(`${anchor} at ${at}`);
    return false;
  });
  return found.sort();
}

/** Lists the anchors that regular expressions find, as a reference for the search. */
function expectedIn(text: string, from: number, to: number): string[] {
  const found: string[] = [];
  for (const [index, anchor] of anchors.entries()) {
    const isToken = anchor.endsWith("…");
    const isWord = anchor.startsWith("^");
    const parts = anchor.slice(isWord ? 1 : 0, isToken ? -1 : undefined)
      .replace(/\[[^\]]+\]|[^[]/gs, (part) => part.length > 1 ? part : `\\x${hex(part)}`);
    const length = (isWord ? 1 : 0) + [...parts.matchAll(/\[[^\]]+\]|\\x../g)].length;
    const token = "[A-Za-z0-9+/_=~.%:@$!-]";
    const behind = `${token}{${Math.max(0, 5 - length) + (isToken ? 10 : 0)}}`;
    const before = isWord ? "(?<![A-Za-z0-9_])" : "";
    const pattern = new RegExp(`${before}(?=${parts}${behind})`, "g");
    for (const { index: at } of text.matchAll(pattern)) {
      if (at >= from && at < to) found.push(`${index} at ${at}`);
    }
  }
  return found.sort();
}

function hex(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(2, "0");
}

Deno.test("the anchor table is current with the rules (else run scripts/group_anchors.ts)", () => {
  const lines = rows.split("\n");
  const groups = lines.map((line) => line.charCodeAt(0) - 48);
  assert.equal(lines.pop(), "");
  assert(groups.slice(0, -1).every((group) => group < GROUPS));
  assert.deepEqual(anchorTable(anchors, (index) => groups[index]!), { classes, rows: lines });
});

Deno.test("the search finds each anchor at each offset within a word, also at the end of a file", () => {
  for (const [index, anchor] of anchors.entries()) {
    for (let offset = 0; offset < 8; offset++) {
      for (const behind of [" ".repeat(40), "     "]) {
        const text = " ".repeat(offset) + textOf(anchor) + behind;
        const found = foundBy(search, latin1(text));
        assert(found.includes(`${index} at ${offset}`), `${anchor} at ${offset}`);
      }
    }
  }
});

Deno.test("the grouping of anchors does not change the result", () => {
  const bytes = latin1(anchors.map((anchor, i) => textOf(anchor) + alnum(i % 7)).join(" "));
  const table = anchorTable(anchors, () => 0);
  const ungrouped = new AnchorSearch(table.classes, table.rows.join("\n") + "\n");
  assert.deepEqual(foundBy(ungrouped, bytes), foundBy(search, bytes));
});

Deno.test("the search finds each anchor once, as regular expressions do, in any part of the bytes", () => {
  const pieces = [...anchors.map(textOf), " ", "-", "\n", "=", "ghp", "_", "\xff", "x".repeat(9)];
  for (let round = 0, state = 1; round < 60; round++) {
    const next = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    let text = "";
    while (text.length < 300) text += pieces[next(pieces.length)];
    const skipped = next(9);
    const bytes = latin1("z".repeat(skipped) + text).subarray(skipped);
    const from = round % 2 === 0 ? 0 : next(text.length);
    const to = round % 3 === 0 ? text.length : from + next(text.length - from);
    assert.deepEqual(foundBy(search, bytes, from, to), expectedIn(text, from, to), text);
  }
});

Deno.test("the search finds all anchors when there are more than its result buffer holds", () => {
  const token = "ghp_" + alnum(10);
  const count = 30_000;
  const found = foundBy(search, latin1(token.repeat(count) + alnum(20)));
  const index = anchors.indexOf("ghp_…");
  const offsets = Array.from({ length: count }, (_, i) => `${index} at ${i * token.length}`);
  assert.deepEqual(found.filter((one) => one.startsWith(`${index} at `)), offsets.sort());
});

// On an x86 processor without SSE4.1, V8 refuses WebAssembly SIMD.
Deno.test("the search runs on an x86 processor without SSE4.1", async () => {
  const room = JSON.stringify(import.meta.resolve("../../../src/secrets/mod.ts"));
  const code = `import { SecretDetector } from ${room};
    const scan = new SecretDetector().file("a.txt", 40);
    scan.add(new TextEncoder().encode("ghp_${alnum(36)}"));
    console.log(scan.end());`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--v8-flags=--no-enable-sse4-1", code],
  }).output();
  assert.equal(
    new TextDecoder().decode(stdout),
    "GitHub token\n",
    new TextDecoder().decode(stderr),
  );
});
