/**
 * Tests the symbolic links that the launcher makes for other threads.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { checkLink, makeLink } from "../../../src/launcher/links.ts";
import { temporaryHome } from "../../support/mod.ts";

const [ID, OTHER] = ["a".repeat(64), "b".repeat(64)];
const HELD = ".tmp-held-0123456789abcdef";

/** Makes a store with two packages, and a project. */
async function setUp() {
  const home = await temporaryHome();
  const path = await Deno.realPath(home.path);
  const [store, project] = [join(path, "packages"), join(path, "project")];
  for (const name of [`${ID}/package`, `${ID}/node_modules/@s`, `${OTHER}/package`]) {
    await Deno.mkdir(join(store, name), { recursive: true });
  }
  await Deno.mkdir(join(store, HELD, "node_modules"), { recursive: true });
  await Deno.mkdir(project);
  const link = join(project, "node_modules", "app");
  const check = (target: string, path: string) =>
    checkLink({ storePath: store, links: [link] }, target, path);
  return { path, store, project, link, check, [Symbol.asyncDispose]: () => home.remove() };
}

const refused = { name: "LauncherError", code: "LINK_NOT_GRANTED" };

Deno.test("links from the store and from a granted path to a package are allowed", async () => {
  await using place = await setUp();
  const { store, link, check } = place;
  await check(`../../${OTHER}/package`, join(store, ID, "node_modules/lib"));
  await check(`../../../${OTHER}/package`, join(store, ID, "node_modules/@s/lib"));
  await check(`../../${ID}/package`, join(store, HELD, "node_modules/lib"));
  await check(join(store, ID, "package"), link);
});

Deno.test("links to other targets, at other paths or in another form are refused", async () => {
  await using place = await setUp();
  const { path, store, project, link, check } = place;
  const inStore = join(store, ID, "node_modules/lib");
  const sound = `../../${OTHER}/package`;
  const cases: [target: string, path: string][] = [
    ["/etc", inStore],
    ["/etc", link],
    ["../../../../etc", inStore],
    [join(path, "other", ID, "package"), link],
    [`${store}/${ID}/package/../../../project`, link],
    [store, link],
    [join(store, ID), link],
    [join(store, ID, "package/deep"), link],
    [`../../packages/${ID}/package`, link],
    [join(store, OTHER, "package"), inStore],
    [`./${sound}`, inStore],
    [`../../../packages/${OTHER}/package`, inStore],
    [sound, join(store, ID, "lib")],
    [sound, join(store, ID, "package/node_modules/lib")],
    [sound, join(store, ID, "node_modules/..lib")],
    [sound, `${store}/${ID}/node_modules/../node_modules/lib`],
    [`../../../${OTHER}/package`, join(store, ID, "node_modules/s/lib")],
    [sound, join(store, OTHER, "node_modules/lib")],
    [join(store, ID, "package"), join(project, "node_modules/other")],
    [join(store, ID, "package"), join(project, "node_modules")],
    [join(store, ID, "package"), `${link}/`],
    [join(store, ID, "package"), "node_modules/app"],
  ];
  for (const [target, path] of cases) {
    await assert.rejects(check(target, path), refused, `${path} -> ${target}`);
  }
  const none = { storePath: undefined, links: [link] };
  await assert.rejects(checkLink(none, join(store, ID, "package"), link), refused);
});

Deno.test("no link is made in a directory of the store that is itself a link", async () => {
  await using place = await setUp();
  const { store, project, check } = place;
  await Deno.symlink(project, join(store, OTHER, "node_modules"));
  const path = join(store, OTHER, "node_modules/lib");
  await assert.rejects(check(`../../${ID}/package`, path), refused);
});

Deno.test("outside of the store, a new link replaces only a link to a package", async () => {
  await using place = await setUp();
  const { store, project, link, check } = place;
  const [first, second] = [join(store, ID, "package"), join(store, OTHER, "package")];
  await makeLink(first, link);
  await check(second, link);
  await makeLink(second, link);
  assert.equal(await Deno.readLink(link), second);
  const others: (() => Promise<void>)[] = [
    () => Deno.writeTextFile(link, "mine"),
    () => Deno.mkdir(link),
    () => Deno.symlink(project, link),
  ];
  for (const make of others) {
    await Deno.remove(link);
    await make();
    await assert.rejects(check(first, link), refused);
  }
});

Deno.test("a link that cannot be made is an error with the system's code, and leaves nothing", async () => {
  await using place = await setUp();
  const { store, project, link } = place;
  await Deno.mkdir(join(link, "inside"), { recursive: true });
  await assert.rejects(makeLink(join(store, ID, "package"), link), (error) => {
    const { code, detail } = error as { code: string; detail: Record<string, unknown> };
    assert.equal(code, "LINK_FAILED");
    assert.equal(detail.path, link);
    assert.match(String(detail.errno), /^E[A-Z]+$/);
    return true;
  });
  const left = [...Deno.readDirSync(join(project, "node_modules"))].map(({ name }) => name);
  assert.deepEqual(left, ["app"]);
});

Deno.test("making a link removes temporary links of killed processes beside it, and no others", async () => {
  await using place = await setUp();
  const { store, project, link } = place;
  const directory = join(project, "node_modules");
  const [stale, theirs] = [`.tmp-1-${"0".repeat(16)}`, `.tmp-2-${"0".repeat(16)}`];
  await Deno.mkdir(directory);
  await Deno.symlink(join(store, ID, "package"), join(directory, stale));
  await Deno.symlink(project, join(directory, theirs));
  await makeLink(join(store, ID, "package"), link);
  assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name).sort(), [
    theirs,
    "app",
  ]);
});
