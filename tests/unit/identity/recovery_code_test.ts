import assert from "node:assert/strict";
import fc from "fast-check";
import {
  IdentityError,
  RECOVERY_GROUPS,
  recoveryGroups,
  seedOfRecoveryCode,
} from "../../../src/identity/mod.ts";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const seed = Uint8Array.from({ length: 32 }, (_, at) => at * 7);
const groups = recoveryGroups(seed);
const code = groups.join(" ");

/** Returns the number of the group that the error names; `undefined` if it names none. */
function wrongGroup(text: string): unknown {
  try {
    seedOfRecoveryCode(text);
  } catch (error) {
    assert(error instanceof IdentityError);
    assert.deepEqual([error.code, error.kind], ["RECOVERY_CODE_INVALID", "usage"]);
    return error.detail.group;
  }
  assert.fail("the code was accepted");
}

Deno.test("a recovery code is 14 groups of five characters, and reads back as its seed", () => {
  assert.deepEqual(
    recoveryGroups(new Uint8Array(32).fill(7)).join(" "),
    "0w3g8 e1r7x 0w3g2 e1r79 0w3gf e1r7k 0w3gy e1r7m 0w3gg e1r78 0w3gd e1r7q 0w3gp jd00d",
  );
  fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
    const made = recoveryGroups(bytes);
    assert.equal(made.length, RECOVERY_GROUPS);
    assert(made.every((group) => group.length === 5));
    assert.deepEqual(seedOfRecoveryCode(made.join(" ")), bytes);
  }));
});

Deno.test("capitals, hyphens, line feeds and letters that look like digits are read", () => {
  for (
    const text of [
      code.toUpperCase(),
      groups.join("-"),
      groups.join(""),
      ` ${groups.slice(0, 7).join(" ")}\n  ${groups.slice(7).join(" ")}\n`,
      code.replaceAll("0", "O").replaceAll("1", "l"),
    ]
  ) assert.deepEqual(seedOfRecoveryCode(text), seed);
});

Deno.test("each wrong character is noticed, and its group is named", () => {
  const characters = [...groups.join("")];
  for (const [at, right] of characters.entries()) {
    for (const wrong of ALPHABET) {
      if (wrong === right) continue;
      assert.equal(wrongGroup(characters.with(at, wrong).join("")), Math.floor(at / 5) + 1);
    }
  }
});

Deno.test("exchanged neighbours and exchanged groups are noticed", () => {
  const characters = [...groups.join("")];
  for (let at = 0; at + 1 < characters.length; at++) {
    const [a, b] = [characters[at]!, characters[at + 1]!];
    if (a === b) continue;
    const group = wrongGroup(characters.with(at, b).with(at + 1, a).join(""));
    assert([Math.floor(at / 5) + 1, Math.floor((at + 1) / 5) + 1].includes(group as number));
  }
  for (let at = 0; at + 1 < groups.length; at++) {
    const swapped = groups.with(at, groups[at + 1]!).with(at + 1, groups[at]!);
    assert.equal(wrongGroup(swapped.join(" ")), at + 1);
  }
});

Deno.test("a code that is cut short, or mixed of two codes, is refused", () => {
  assert.equal(wrongGroup(groups.slice(0, -1).join(" ")), undefined);
  assert.equal(wrongGroup(`${code} ${groups[0]}`), undefined);
  assert.equal(wrongGroup(code.slice(0, -1)), 14);
  assert.equal(wrongGroup(code.replace(groups[2]!, groups[2]!.slice(1))), 3);
  assert.equal(wrongGroup(code.replace(groups[4]!, "abcd!")), 5);
  assert.equal(wrongGroup(""), undefined);
  const other = recoveryGroups(new Uint8Array(32).fill(9));
  assert.equal(wrongGroup(groups.with(5, other[5]!).join(" ")), undefined);
});
