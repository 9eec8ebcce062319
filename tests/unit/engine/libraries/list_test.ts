import assert from "node:assert/strict";
import bencode from "bencode";
import {
  applyReplacements,
  changedMembers,
  replacements,
} from "../../../../src/engine/libraries/mod.ts";

// This is a single test, because members of libraries can be compared only before they are
// replaced.
Deno.test("the replaced members of the installed packages are those that are pinned", () => {
  assert.deepEqual(changedMembers(), []);
  const { buffer } = bencode.decode as unknown as Record<string, unknown>;
  applyReplacements();
  assert.notEqual((bencode.decode as unknown as Record<string, unknown>).buffer, buffer);
  const { buffer: replaced } = bencode.decode as unknown as Record<string, unknown>;
  applyReplacements();
  assert.equal((bencode.decode as unknown as Record<string, unknown>).buffer, replaced, "once");
});

Deno.test("each replacement tells why it is there and what would let it go", () => {
  for (const { member, because, until, pinned } of replacements) {
    assert.match(because, /^[a-z`].*[^.]$/, member);
    assert.match(until, /^[a-z`].*[^.]$/, member);
    assert.match(pinned, /^[0-9a-f]{64}$/, member);
  }
});
