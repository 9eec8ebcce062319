import assert from "node:assert/strict";
import { PathList } from "../../../../src/package/paths/path_list.ts";

Deno.test("a list of paths returns its paths by index and in order", () => {
  const list = new PathList();
  const paths = Array.from({ length: 3_000 }, (_, i) => `${i % 7 ? "" : "\ufeff"}d\u00e9/${i}`)
    .concat("\u{1f600}".repeat(40_000), "x".repeat(70_000), "end");
  for (const path of paths) list.push(path);
  assert.equal(list.length, paths.length);
  assert.deepEqual([...list], paths);
  for (const i of [0, 2_999, 511, 512, 513, 3_000, 3_001, 3_002, 1]) {
    assert.equal(list.at(i), paths[i], `${i}`);
  }
});
