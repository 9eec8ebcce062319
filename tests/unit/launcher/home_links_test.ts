/**
 * Tests finding symbolic and hard links that lead out of a home.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { linksAtStart, linksInHome } from "../../../src/launcher/home_links.ts";
import { temporaryHome } from "../../support/mod.ts";

const ID = "a".repeat(64);

/** Makes a home with a store, and a directory outside of the home. */
async function setUp() {
  const place = await temporaryHome();
  const path = await Deno.realPath(place.path);
  const [home, outside] = [join(path, "home"), join(path, "outside")];
  for (const name of ["keys", "seed", `packages/${ID}/package`, `packages/${ID}/node_modules/@s`]) {
    await Deno.mkdir(join(home, name), { recursive: true });
  }
  await Deno.mkdir(outside);
  for (const name of ["state.db", "config.yaml"]) await Deno.writeTextFile(join(home, name), "");
  return { home, outside, [Symbol.asyncDispose]: () => place.remove() };
}

const pathsOf = (links: { path: string }[]) => links.map(({ path }) => path).sort();

Deno.test("a home that is a link, and links within the home, are not reported", async () => {
  await using _ = await setUp();
  const { home } = _;
  await Deno.symlink("package", join(home, "packages", ID, "node_modules/own"));
  await Deno.symlink(`../../${ID}/package`, join(home, "packages", ID, "node_modules/lib"));
  await Deno.symlink(`${home}/keys`, join(home, "tmp"));
  const alias = `${home}-alias`;
  await Deno.symlink(home, alias);
  for (const path of [home, alias]) {
    assert.deepEqual(await linksAtStart(path, join(path, "seed")), []);
    assert.deepEqual(await linksInHome(path, 1_000), { links: [], isWhole: true });
  }
});

Deno.test("the check at a start covers only entries that commands write directly in the home", async () => {
  await using _ = await setUp();
  const { home, outside } = _;
  await Deno.remove(join(home, "seed"));
  for (const name of ["seed", "tmp"]) await Deno.symlink(outside, join(home, name));
  await Deno.symlink("/missing", join(home, "daemon.lock"));
  await Deno.link(join(home, "state.db"), join(outside, "state.db"));
  await Deno.symlink(outside, join(home, "packages", ID, "node_modules/out"));
  const links = await linksAtStart(home, join(home, "seed"));
  const expected = ["daemon.lock", "seed", "state.db", "tmp"].map((name) => join(home, name));
  assert.deepEqual(pathsOf(links), expected);
  const told = new Map(links.map((link) => [link.path, link]));
  assert.match(told.get(expected[1]!)!.mend, /setting dir/);
  assert.match(told.get(expected[2]!)!.what, /2 names/);
  assert.match(told.get(expected[2]!)!.mend, /cp -p/);
  assert.deepEqual(
    pathsOf(await linksAtStart(home, outside)),
    expected.filter((path) => !path.endsWith("seed")),
  );
});

Deno.test("the walk through a home finds links in the store, and stops at its bound", async () => {
  await using _ = await setUp();
  const { home, outside } = _;
  const found = [
    `packages/${ID}/node_modules/out`,
    `packages/${ID}/node_modules/@s/out`,
    "config.yaml",
  ]
    .map((name) => join(home, name));
  await Deno.remove(join(home, "config.yaml"));
  for (const path of found) await Deno.symlink(outside, path);
  const { links, isWhole } = await linksInHome(home, 1_000);
  assert.deepEqual(pathsOf(links), found.sort());
  assert.equal(isWhole, true);
  assert.equal((await linksInHome(home, 3)).isWhole, false);
});
