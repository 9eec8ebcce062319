import assert from "node:assert/strict";
import { join } from "node:path";
import { appendLine, logBytes, readLines, StoreError } from "../../../../src/store/mod.ts";
import { temporaryHome } from "../../../support/mod.ts";

Deno.test("lines are read from where the reader was", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "log");
  assert.equal(logBytes(path), 0);
  assert.deepEqual(readLines(path, 0), { lines: [], endBytes: 0 });
  appendLine(path, "one");
  appendLine(path, "zwei ü");
  const { lines, endBytes } = readLines(path, 0);
  assert.deepEqual(lines, ["one", "zwei ü"]);
  assert.equal(endBytes, logBytes(path));
  appendLine(path, "three");
  assert.deepEqual(readLines(path, endBytes).lines, ["three"]);
});

Deno.test("an incomplete last line is not read, and ends before the next line", async () => {
  await using home = await temporaryHome();
  const path = join(home.path, "log");
  await Deno.writeTextFile(path, "one\ntw");
  assert.deepEqual(readLines(path, 0), { lines: ["one"], endBytes: 4 });
  appendLine(path, "three");
  assert.deepEqual(readLines(path, 0).lines, ["one", "tw", "three"]);
});

Deno.test("a symbolic link is not followed", async () => {
  await using home = await temporaryHome();
  const [path, target] = [join(home.path, "log"), join(home.path, "target")];
  await Deno.symlink(target, path);
  for (const attempt of [() => appendLine(path, "line"), () => readLines(path, 0)]) {
    assert.throws(attempt, (error: StoreError) => error.code === "LINK_REFUSED");
  }
  await assert.rejects(Deno.stat(target), Deno.errors.NotFound);
});
