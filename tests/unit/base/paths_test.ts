/**
 * Paths without Node's modules, compared with `node:path`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { posix } from "node:path";
import fc from "fast-check";
import { directoryOf, isAbsolutePath, isWithin, resolvePath } from "../../../src/base/mod.ts";

const part = fc.constantFrom("", ".", "..", "a", "b c", "...", "..d", "é");
const relative = fc.array(part, { maxLength: 6 }).map((parts) => parts.join("/"));
const absolute = relative.map((path) => `/${path}`);
const isWindows = Deno.build.os === "windows";

Deno.test({
  name: "paths are resolved as node:path resolves them",
  ignore: isWindows,
  fn() {
    fc.assert(fc.property(absolute, fc.array(fc.oneof(relative, absolute)), (directory, paths) => {
      const resolved = resolvePath(directory, ...paths);
      assert.equal(resolved, posix.resolve(directory, ...paths));
      assert.equal(directoryOf(resolved), posix.dirname(resolved));
    }));
    fc.assert(fc.property(fc.oneof(relative, absolute), (path) => {
      assert.equal(isAbsolutePath(path), posix.isAbsolute(path));
    }));
  },
});

Deno.test({
  name: "a path lies within a directory if the way there does not begin with ..",
  ignore: isWindows,
  fn() {
    fc.assert(fc.property(absolute, absolute, (a, b) => {
      const [path, directory] = [posix.resolve(a), posix.resolve(b)];
      const way = posix.relative(directory, path);
      assert.equal(isWithin(path, directory), way !== ".." && !way.startsWith("../"), way);
    }));
    assert.ok(!isWithin("/ab", "/a"));
  },
});
