import assert from "node:assert/strict";
import {
  archiveFileName,
  minimalFileName,
  PackageError,
  torrentFileName,
  validateName,
  validateVersion,
} from "../../../../src/package/mod.ts";

const goodNames = ["a", "0", "left-pad", "a.b_c-d", "a..b", "x".repeat(64), "@s/n", "@0.a/b-"];
const badNames = [
  "",
  "A",
  "Hello",
  "-a",
  ".a",
  "_a",
  "a b",
  "a/b",
  "a\n",
  "a\0",
  "ä",
  "a@b",
  "a+b",
  "@a",
  "@/a",
  "@a/",
  "@A/b",
  "@a/b/c",
  "@a/.b",
  "@a//b",
  "..",
  "../a",
  "@../a",
  "x".repeat(65),
  `@a/${"x".repeat(65)}`,
  "a".repeat(1_000_000),
];
const goodVersions = ["0.0.0", "1.2.3", "10.20.30-rc.1", "1.0.0-0", "1.0.0-x-y.z"];
const badVersions = [
  "",
  "1",
  "1.2",
  "v1.2.3",
  "=1.2.3",
  " 1.2.3",
  "1.2.3 ",
  "1.2.3\n",
  "01.2.3",
  "1.2.3-01",
  "1.2.3-",
  "1.2.3+build",
  "1.2.3.4",
  "1.2.x",
  "^1.2.3",
  "1.2.3/..",
  "1.2.3-" + "a".repeat(60),
  "1.2.99999999999999999999",
  "9".repeat(1_000_000),
];

for (const name of goodNames) {
  Deno.test(`${name.slice(0, 20)} is a package name`, () => validateName(name));
}

Deno.test("an invalid name is a usage error that quotes the name", () => {
  for (const name of badNames) {
    assert.throws(() => validateName(name), (error: unknown) => {
      assert.ok(error instanceof PackageError);
      assert.equal(error.kind, "usage");
      assert.equal(error.code, "NAME_INVALID");
      assert.ok(!/\p{Cc}/u.test(error.message) && error.message.length < 600);
      return true;
    }, name.slice(0, 80));
  }
});

for (const version of goodVersions) {
  Deno.test(`${version} is a version`, () => validateVersion(version));
}

Deno.test("a version that is not strict semver is a usage error", () => {
  for (const version of badVersions) {
    assert.throws(
      () => validateVersion(version),
      { name: "PackageError", kind: "usage", code: "VERSION_INVALID" },
      version.slice(0, 80),
    );
  }
});

Deno.test("an archive's file name has name and version, with a plus for the slash of a scope", () => {
  assert.equal(archiveFileName("hello", "1.0.0"), "hello-1.0.0.tgz");
  assert.equal(archiveFileName("@scope/name", "1.0.0-rc.1"), "@scope+name-1.0.0-rc.1.tgz");
  assert.throws(() => archiveFileName("../x", "1.0.0"), { code: "NAME_INVALID" });
  assert.throws(() => archiveFileName("x", "../1.0.0"), { code: "VERSION_INVALID" });
});

Deno.test("the longest names of an archive and its companions fit into a file name", () => {
  const part = "x".repeat(64);
  const name = archiveFileName(`@${part}/${part}`, "1.0.0-" + "a".repeat(58));
  assert.ok(minimalFileName(name).length <= 255);
});

Deno.test("the companions of an archive have its name, with and without a directory", () => {
  assert.equal(minimalFileName("hello-1.0.0.tgz"), "hello-1.0.0.minimal.json");
  assert.equal(torrentFileName("/a.tgz/hello-1.0.0.tgz"), "/a.tgz/hello-1.0.0.torrent");
  assert.throws(() => minimalFileName("hello-1.0.0.tar.gz"), { code: "OUTPUT_INVALID" });
});
