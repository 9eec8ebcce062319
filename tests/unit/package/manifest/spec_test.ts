import assert from "node:assert/strict";
import { toHex } from "../../../../src/base/mod.ts";
import { formatPublicKey, generateKeyPair, keyPairFromSeed } from "../../../../src/identity/mod.ts";
import { isValidRange, parsePackageSpec } from "../../../../src/package/mod.ts";

const key = generateKeyPair().publicKey;

Deno.test("a spec is a name, with or without range and scope", () => {
  assert.deepEqual(parsePackageSpec("hello"), { name: "hello" });
  assert.deepEqual(parsePackageSpec("hello@1.2.3"), { name: "hello", range: "1.2.3" });
  assert.deepEqual(parsePackageSpec("@s/n"), { name: "@s/n" });
  assert.deepEqual(parsePackageSpec("@s/n@^1.0.0 || >=3 <4"), {
    name: "@s/n",
    range: "^1.0.0 || >=3 <4",
  });
});

Deno.test("a key in base64 or hexadecimal may precede the name, with or without scope and range", () => {
  for (const text of [formatPublicKey(key), toHex(key), toHex(key).toUpperCase()]) {
    assert.deepEqual(parsePackageSpec(`${text}/hello`), { publicKey: key, name: "hello" });
    assert.deepEqual(parsePackageSpec(`${text}/@s/n@~2.1`), {
      publicKey: key,
      name: "@s/n",
      range: "~2.1",
    });
  }
});

Deno.test("a key whose base64 has slashes is separated from the name", () => {
  let tried = 0;
  for (let i = 0; i < 64; i++) {
    const { publicKey } = keyPairFromSeed(new Uint8Array(32).fill(i));
    const text = formatPublicKey(publicKey);
    if (!text.includes("/")) continue;
    tried++;
    assert.deepEqual(parsePackageSpec(`${text}/a@1`), { publicKey, name: "a", range: "1" });
  }
  assert.ok(tried > 5);
});

Deno.test("a name of 64 hexadecimal digits is a name unless a slash follows", () => {
  assert.deepEqual(parsePackageSpec(toHex(key)), { name: toHex(key) });
});

Deno.test("any other text is a usage error", () => {
  const text = formatPublicKey(key);
  const cases: [string, string][] = [
    ["", "NAME_INVALID"],
    ["@", "NAME_INVALID"],
    ["@1.0.0", "NAME_INVALID"],
    ["Hello", "NAME_INVALID"],
    ["a/b", "NAME_INVALID"],
    [" hello", "NAME_INVALID"],
    ["hello@", "SPEC_INVALID"],
    ["hello@Newest", "SPEC_INVALID"],
    ["hello@v1-lts", "SPEC_INVALID"],
    ["hello@1@2", "SPEC_INVALID"],
    ["hello@" + "1 || ".repeat(50) + "1", "SPEC_INVALID"],
    ["hello@" + " ".repeat(1_000_000) + "1", "SPEC_INVALID"],
    [text, "SPEC_INVALID"],
    [text + "/", "NAME_INVALID"],
    [text.slice(0, -1) + "/a", "SPEC_INVALID"],
    [text.slice(0, -1) + "A/a", "SPEC_INVALID"],
    [text + "//a", "NAME_INVALID"],
    [toHex(key) + "/", "NAME_INVALID"],
    [toHex(key).slice(1) + "/a", "NAME_INVALID"],
    ["ed25519:AAAA/a", "SPEC_INVALID"],
  ];
  for (const [spec, code] of cases) {
    assert.throws(
      () => parsePackageSpec(spec),
      { name: "PackageError", kind: "usage", code },
      spec.slice(0, 90),
    );
  }
});

Deno.test("a tag may stand in place of a range, and is no range itself", () => {
  for (const tag of ["latest", "next", "beta-2"]) {
    assert.equal(parsePackageSpec(`hello@${tag}`).range, tag);
    assert.equal(isValidRange(tag), false);
  }
  assert.throws(() => parsePackageSpec("hello@Next"), /is neither a semver range nor a tag/);
});
