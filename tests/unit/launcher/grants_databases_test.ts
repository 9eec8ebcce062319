/** Tests that a command opens the state of its home only where it cannot write the journal. */

import assert from "node:assert/strict";
import { homePaths, isWithin, journalOf } from "../../../src/base/mod.ts";
import { granted, home } from "../../support/grants.ts";

const { state, packages } = homePaths(home);

Deno.test("a command that has the state may open it, and cannot write its journal", async () => {
  for (const raw of [["seed"], ["verify", "a.tgz"], ["install", "a"], ["search", "a"]]) {
    const { databases, permissions } = await granted(raw);
    assert.deepEqual(databases, [{ path: state, realPath: state }], raw.join(" "));
    const written = permissions.write as string[];
    assert.ok(written.includes(state));
    assert.ok(!written.some((path) => isWithin(journalOf(state), path)), raw.join(" "));
  }
});

Deno.test("a command without the state may open no database", async () => {
  for (const raw of [["list"], ["keygen"], ["pack", "a"], ["version"]]) {
    assert.deepEqual((await granted(raw)).databases, [], raw.join(" "));
  }
});

Deno.test("a home behind a link has its state by both paths", async () => {
  const linked = (path: string) => path.replace(home, "/disk/home");
  const { databases } = await granted(["seed"], { realPath: linked });
  const realPath = homePaths("/disk/home").state;
  assert.deepEqual(databases, [state, realPath].map((path) => ({ path, realPath })));
});

Deno.test("a state that is a link may be opened, but not where its journal can be written", async () => {
  const linkTo = (target: string) => (path: string) => path === state ? target : path;
  const elsewhere = await granted(["store", "check"], { realPath: linkTo("/disk/state") });
  assert.deepEqual(elsewhere.databases, [{ path: state, realPath: "/disk/state" }]);
  const inStore = await granted(["store", "check"], { realPath: linkTo(`${packages}/state`) });
  assert.deepEqual(inStore.databases, []);
});
