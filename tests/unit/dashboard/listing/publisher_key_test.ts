import assert from "node:assert/strict";
import { toBase64 } from "../../../../src/base/mod.ts";
import { typedKeyOf } from "../../../../src/dashboard/listing/mod.ts";
import { formatPublicKey, parsePublicKey } from "../../../../src/identity/mod.ts";

const bytes = Uint8Array.from({ length: 32 }, (_, index) => 255 - 7 * index);
const key = formatPublicKey(bytes);

Deno.test("a key is read in its written form and as hexadecimal digits, with white space around it", () => {
  assert.deepEqual(typedKeyOf(key), { publisher: key });
  assert.deepEqual(typedKeyOf(`  ${key}\n`), { publisher: key });
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  assert.deepEqual(typedKeyOf(hex), { publisher: key });
  assert.deepEqual(typedKeyOf(hex.toUpperCase()), { publisher: key });
  assert.deepEqual(parsePublicKey(key), bytes);
});

Deno.test("each mistake has its own sentence", () => {
  const mistakes: [typed: string, problem: RegExp][] = [
    ["", /Paste/],
    ["   ", /Paste/],
    [toBase64(bytes), /begins with ed25519:/],
    ["ed25519:", /this one has 0 characters/],
    [key.slice(0, -1), /this one has 43 characters/],
    [`${key}=`, /this one has 45 characters/],
    [key.replace(/.=$/, "_="), /only letters, digits/],
    [key.replace(/.=$/, "=="), /only letters, digits/],
    [`${key.slice(0, -2)}B=`, /last characters/],
    [`${key} x`, /this one has/],
  ];
  for (const [typed, problem] of mistakes) {
    const result = typedKeyOf(typed);
    assert("problem" in result, typed);
    assert.match(result.problem, problem);
  }
});
