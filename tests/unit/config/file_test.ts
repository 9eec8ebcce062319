/**
 * Parsing the config file: the accepted settings, and the line number in the message for every
 * mistake.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfigError, loadSettings } from "../../../src/config/mod.ts";

function load(file: string) {
  return loadSettings({
    flags: {},
    env: {},
    cwd: "/",
    userHome: "/u",
    readFile: () => Promise.resolve(file),
  });
}

async function refuses(file: string, code: string, line: number, part: string): Promise<void> {
  await assert.rejects(load(file), (error) => {
    assert(error instanceof ConfigError, String(error));
    assert.equal(error.code, code, error.message);
    assert.equal(error.kind, "usage");
    assert(error.message.startsWith(`/u/.libreseed/config.yaml:${line}: `), error.message);
    assert(error.message.includes(part), error.message);
    return true;
  });
}

Deno.test("an empty file, or one of comments, sets nothing", async () => {
  for (const file of ["", "\n\n", "# nothing\n", "---\n", "\uFEFF# mark\n", "''"]) {
    assert.equal((await load(file)).values.port, 6881, JSON.stringify(file));
  }
});

Deno.test("a value means what the same text means in a flag, quoted or not", async () => {
  assert.equal((await load("port: 7000")).values.port, 7000);
  assert.equal((await load('port: "7000"')).values.port, 7000);
  assert.equal((await load("dir: 2024")).values.dir, "/u/.libreseed/2024");
  assert.equal((await load("dir: null")).values.dir, "/u/.libreseed/null");
  assert.equal((await load("timeout: 90")).values.timeoutMs, 90_000);
  assert.equal((await load("dht: no")).values.dht, false);
  assert.equal((await load("port: 7000 # why\r\ntimeout: 5s\r\n")).values.timeoutMs, 5_000);
});

Deno.test("an unknown key is refused with its line and the nearest key", async () => {
  await refuses("port: 1\nmin-node: 3\n", "UNKNOWN_SETTING", 2, "did you mean min-nodes?");
  await refuses("Port: 1\n", "UNKNOWN_SETTING", 1, "did you mean port?");
  await refuses("constructor: 1\n", "UNKNOWN_SETTING", 1, "constructor");
  await refuses("__proto__: 1\n", "UNKNOWN_SETTING", 1, "__proto__");
});

Deno.test("a key that is there twice is refused with both lines", async () => {
  await refuses("port: 1\n# x\nport: 2\n", "DUPLICATE_SETTING", 3, "first on line 1");
  await refuses("{port: 1, port: 1}", "DUPLICATE_SETTING", 1, "port");
});

Deno.test("the home cannot be set in the file that lies in it", async () => {
  await refuses("home: /x\n", "NOT_A_FILE_SETTING", 1, "home");
});

Deno.test("a key without a value is refused", async () => {
  await refuses("port: 1\ntimeout:\n", "CONFIG_BAD_VALUE", 2, "no value");
  await refuses("timeout: ''\n", "CONFIG_BAD_VALUE", 1, "no value");
  await refuses("? timeout\n", "CONFIG_BAD_VALUE", 1, "no value");
});

Deno.test("a value of another shape is refused", async () => {
  await refuses("dir: {a: b}\n", "CONFIG_BAD_VALUE", 1, "plain value");
  await refuses("bootstrap: [[a:1]]\n", "CONFIG_BAD_VALUE", 1, "plain value");
  await refuses("timeout: [1s]\n", "BAD_SETTING", 1, "not a list");
  await refuses("[port, 1]: x\n", "CONFIG_BAD_VALUE", 1, "name of a setting");
  await refuses("- port\n", "CONFIG_NOT_A_MAPPING", 1, "name: value");
  await refuses("port\n", "CONFIG_NOT_A_MAPPING", 1, "name: value");
});

Deno.test("anchors, aliases, merges and tags are refused", async () => {
  await refuses("dir: &a x\n", "CONFIG_BAD_VALUE", 1, "plain value");
  await refuses("bootstrap: &a [a:1]\nhttp: *a\n", "CONFIG_BAD_VALUE", 2, "plain value");
  await refuses("<<: {port: 1}\n", "UNKNOWN_SETTING", 1, "<<");
  await refuses("port: !!int 1\n", "CONFIG_NOT_YAML", 1, "tag");
  await refuses("port: !secret 1\n", "CONFIG_NOT_YAML", 1, "tag");
});

Deno.test("text that is not YAML is refused with the line", async () => {
  await refuses("port: 1\ndir: 'open\n", "CONFIG_NOT_YAML", 3, "quote");
  await refuses("port: 1\n\tdir: x\n", "CONFIG_NOT_YAML", 2, "Tabs");
  await refuses("port: 1\n---\nport: 2\n", "CONFIG_NOT_YAML", 2, "document");
});

Deno.test("a file larger than any config is refused before it is parsed", async () => {
  await assert.rejects(load("#".repeat(65_537)), { code: "CONFIG_TOO_LARGE" });
});

Deno.test("levels beyond number are refused, not run into", async () => {
  for (const level of ["- ", "[", "? ", "{a: "]) {
    const text = level.repeat(Math.floor(30_000 / level.length));
    await assert.rejects(load(text), { name: "ConfigError", code: "CONFIG_NOT_YAML" }, level);
  }
});

Deno.test("no text makes the reader throw anything but a ConfigError", async () => {
  const yamlish = fc.array(
    fc.constantFrom(
      "port",
      "dir",
      ":",
      " ",
      "\n",
      "- ",
      "[",
      "]",
      "{",
      "}",
      "&a",
      "*a",
      "!!x",
      "'",
      "|",
      "#",
      "?",
      "1",
    ),
    { maxLength: 20 },
  ).map((parts) => parts.join(""));
  await fc.assert(
    fc.asyncProperty(fc.oneof(yamlish, fc.string()), async (text) => {
      await load(text).catch((error) =>
        assert(error instanceof ConfigError, `${error} for ${text}`)
      );
    }),
    { numRuns: 500 },
  );
});
