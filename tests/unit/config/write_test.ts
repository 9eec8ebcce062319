/**
 * Formatting settings in the form in which a user would write them.
 *
 * @module
 */

import assert from "node:assert/strict";
import { settingDefinitions, writeSetting } from "../../../src/config/mod.ts";
import { validateSetting } from "../../../src/config/validate.ts";

const base = { directory: "/", userHome: "/home/a" };

Deno.test("every setting's default, written and read again, is the same value", () => {
  for (const { key, type, default: text } of settingDefinitions) {
    const read = validateSetting(type, text, base);
    assert("value" in read, key);
    assert.deepEqual(validateSetting(type, writeSetting(type, read.value), base), read, key);
  }
});

Deno.test("a value is written in the largest unit that leaves no remainder", () => {
  const duration = { kind: "duration", minMs: 0, maxMs: 1e12 } as const;
  const size = { kind: "size", minBytes: 0, maxBytes: 1e15 } as const;
  const list = { kind: "host-port-list" } as const;
  for (
    const [type, value, text] of [
      [duration, 0, "0ms"],
      [duration, 1_500, "1500ms"],
      [duration, 90_000, "90s"],
      [duration, 3_000_000, "50m"],
      [duration, 172_800_000, "2d"],
      [size, 0, "0"],
      [size, 1_000_000, "1000000"],
      [size, 2 ** 34, "16GiB"],
      [{ kind: "address" }, undefined, "off"],
      [{ kind: "address" }, { host: "::1", port: 9881 }, "[::1]:9881"],
      [list, [], "none"],
      [list, [{ host: "a", port: 1 }, { host: "b", port: 2 }], "a:1,b:2"],
      [{ kind: "boolean" }, false, "false"],
      [{ kind: "path" }, "/a b", "/a b"],
    ] as const
  ) {
    assert.equal(writeSetting(type, value), text);
    assert.deepEqual(validateSetting(type, text, base), { value });
  }
});
