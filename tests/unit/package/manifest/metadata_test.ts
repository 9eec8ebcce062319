import assert from "node:assert/strict";
import { join } from "node:path";
import { inDirectory, packIn, refusal, type Tree } from "../../../support/package_archives.ts";

const unnamed = { name: undefined, version: undefined };

inDirectory("name, version and texts come from package.json", async (dir) => {
  const packed = await packIn(dir, {
    "package.json": JSON.stringify({
      name: "@scope/thing",
      version: "1.2.3-rc.1",
      description: "  does\n\tthings \u001b[31m ",
      author: { name: "Ada", email: "ada@example.org", url: "https://example.org/" },
      license: "MIT",
      homepage: "https://example.org/thing",
      repository: { type: "git", url: "https://example.org/thing.git" },
      dependencies: { "left-pad": "^1.0.0" },
      libreseed: { dependencies: { "@other/thing": "^2.0.0" } },
      scripts: { test: "true" },
    }),
  }, unnamed);
  const { name, version, description, author, license, homepage, repository, dependencies } =
    packed.full;
  assert.deepEqual({ name, version, description, author, license, homepage, repository }, {
    name: "@scope/thing",
    version: "1.2.3-rc.1",
    description: "does things [31m",
    author: "Ada <ada@example.org> (https://example.org/)",
    license: "MIT",
    homepage: "https://example.org/thing",
    repository: "https://example.org/thing.git",
  });
  assert.deepEqual(dependencies, { "@other/thing": "^2.0.0" });
  assert.equal(packed.archivePath, join(dir, "out/@scope+thing-1.2.3-rc.1.tgz"));
});

inDirectory("name, version and texts come from deno.json with comments", async (dir) => {
  const packed = await packIn(dir, {
    "deno.json": `{
      // a comment, with "quotes"
      "name": "@scope/thing", /* and another, */
      "version": "2.0.0",
      "description": "not // a comment, ]", "imports": { "a": "npm:a", },
    }`,
  }, unnamed);
  assert.equal(packed.full.name, "@scope/thing");
  assert.equal(packed.full.description, "not // a comment, ]");
});

inDirectory(
  "package.json overrides deno.json, which fills in missing fields",
  async (dir) => {
    const packed = await packIn(dir, {
      "package.json": JSON.stringify({ name: "one", author: "Ada", repository: "https://a/" }),
      "deno.json": JSON.stringify({ name: "two", version: "2.0.0", author: "Bob" }),
    }, unnamed);
    const { name, version, author, repository } = packed.full;
    assert.deepEqual([name, version, author, repository], ["one", "2.0.0", "Ada", "https://a/"]);
  },
);

inDirectory("name and version of the caller override those of the directory", async (dir) => {
  const tree = { "package.json": JSON.stringify({ name: "one", version: "1.0.0" }) };
  const packed = await packIn(dir, tree, { name: "two", version: "2.0.0" });
  assert.deepEqual([packed.full.name, packed.full.version], ["two", "2.0.0"]);
});

inDirectory("a byte order mark is ignored", async (dir) => {
  const tree = { "package.json": "\ufeff" + JSON.stringify({ license: "MIT" }) };
  assert.equal((await packIn(dir, tree)).full.license, "MIT");
});

inDirectory("empty texts are left out", async (dir) => {
  const packed = await packIn(dir, {
    "package.json": JSON.stringify({ description: "", author: " \n" }),
  });
  assert.ok(!("description" in packed.full) && !("author" in packed.full));
});

const bad: [string, Tree, string, RegExp][] = [
  ["no JSON", { "package.json": "{" }, "METADATA_INVALID", /package\.json/],
  ["no object", { "package.json": "[]" }, "METADATA_INVALID", /package\.json/],
  ["no UTF-8", { "package.json": new Uint8Array([0xff]) }, "METADATA_INVALID", /package\.json/],
  ["comments in package.json", { "package.json": "{} // x" }, "METADATA_INVALID", /JSON/],
  [
    "a name that is a number",
    { "package.json": '{"name":1}' },
    "METADATA_INVALID",
    /: name: it has to be text\./,
  ],
  [
    "an author that is a list",
    { "package.json": '{"author":[]}' },
    "METADATA_INVALID",
    /: author: it has to be text or an object\./,
  ],
  [
    "an author whose name is a number",
    { "package.json": '{"author":{"name":1}}' },
    "METADATA_INVALID",
    /: author\.name: it has to be text\./,
  ],
  [
    "a repository without its address",
    { "package.json": '{"repository":{"type":"git"}}' },
    "METADATA_INVALID",
    /: repository\.url: it is missing\./,
  ],
  [
    "a libreseed that is text",
    { "deno.json": '{"libreseed":"x"}' },
    "METADATA_INVALID",
    /: libreseed: it has to be an object\./,
  ],
  [
    "a description that is too long",
    { "deno.json": JSON.stringify({ description: "x".repeat(5000) }) },
    "METADATA_INVALID",
    /deno\.json .* description/,
  ],
  [
    "an unknown key for us",
    { "deno.json": '{"libreseed":{"dependancies":{}}}' },
    "METADATA_INVALID",
    /dependancies/,
  ],
  [
    "a dependency on a bad range",
    { "deno.json": '{"libreseed":{"dependencies":{"a":"^one"}}}' },
    "MANIFEST_INVALID",
    /dependencies.*range/,
  ],
  [
    "a dependency that is a number",
    { "deno.json": '{"libreseed":{"dependencies":{"a":1}}}' },
    "MANIFEST_INVALID",
    /dependencies/,
  ],
  ["more than a MiB", { "package.json": " ".repeat(1_100_000) }, "METADATA_INVALID", /bytes/],
];
for (const [what, tree, code, message] of bad) {
  inDirectory(`metadata with ${what} is a usage error that says where`, async (dir) => {
    const error = await refusal(packIn(dir, tree), code);
    assert.equal(error.kind, "usage");
    assert.match(error.message, message);
  });
}

inDirectory("an invalid name in package.json is NAME_INVALID", async (dir) => {
  const tree = { "package.json": JSON.stringify({ name: "Hello", version: "1.0.0" }) };
  await refusal(packIn(dir, tree, unnamed), "NAME_INVALID");
});
