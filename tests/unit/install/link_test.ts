/**
 * Symbolic links from a project's directory into the package store.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { parseRequirement } from "../../../src/fetching/requirement.ts";
import { install } from "../../../src/install/install.ts";
import { linkPackage } from "../../../src/install/link.ts";
import { makeLink } from "../../../src/launcher/links.ts";
import { PackageStore } from "../../../src/store/mod.ts";
import { aliceKey, failure, type InstallPlace, installTest } from "./support.ts";

async function add(place: InstallPlace, ...specs: string[]) {
  const requirements = specs.map(parseRequirement);
  return (await install(place.context(), { requirements, direct: true })).direct;
}

function link(place: InstallPlace, spec: string, to?: string) {
  const request = { requirement: parseRequirement(spec), directory: place.project };
  return linkPackage(place.store, { ...request, ...(to !== undefined && { to }) });
}

installTest("a package is linked into node_modules, scoped or not", async (place) => {
  await place.make("app@1.0.0");
  await place.make("@s/lib@1.0.0");
  const [app, lib] = await add(place, "app", "@s/lib");
  for (const [spec, installed] of [["app", app], ["@s/lib@^1", lib]] as const) {
    const { path, before } = await link(place, spec);
    assert.equal(before, "nothing");
    assert.equal(path, join(place.project, "node_modules", spec.replace("@^1", "")));
    assert.equal(await Deno.realPath(path), installed!.path);
    assert.equal((await link(place, spec)).before, "same");
  }
  assert.deepEqual(
    [...Deno.readDirSync(join(place.project, "node_modules"))].map(({ name }) => name).sort(),
    [
      "@s",
      "app",
    ],
  );
});

installTest("--to names another path, relative to the project or absolute", async (place) => {
  await place.make("app@1.0.0");
  const [app] = await add(place, "app");
  for (const to of ["vendor/deep/app", join(place.path, "absolute")]) {
    const { path } = await link(place, "app", to);
    assert.equal(await Deno.realPath(path), app!.path);
  }
  assert.deepEqual((await place.store.roots.list()).length, 2);
});

installTest(
  "a link made by libreseed is replaced atomically by one to another version",
  async (place) => {
    await place.make("app@1.0.0");
    await place.make("app@2.0.0");
    const [one, two] = [(await add(place, "app@1.0.0"))[0]!, (await add(place, "app@2.0.0"))[0]!];
    const { path } = await link(place, "app@1.0.0");
    assert.equal(await Deno.realPath(path), one.path);
    assert.equal((await link(place, "app@2.0.0")).before, "other");
    assert.equal(await Deno.realPath(path), two.path);
    // libreseed recognizes its own link even after the link's target was removed.
    await Deno.remove(two.path, { recursive: true });
    assert.equal((await link(place, "app@1.0.0")).before, "other");
  },
);

installTest("a path that libreseed did not make is kept, and the error names it", async (place) => {
  await place.make("app@1.0.0");
  await add(place, "app");
  const path = join(place.project, "node_modules", "app");
  await Deno.mkdir(join(path, "inside"), { recursive: true });
  const refused = async (what: RegExp) => {
    const error = await failure(link(place, "app"), "LINK_OCCUPIED");
    assert.equal(error.kind, "failed");
    assert.ok(error.message.startsWith(`${path} is `), error.message);
    assert.match(error.message, what);
  };
  await refused(/is a directory that libreseed did not make/);
  assert.deepEqual([...Deno.readDirSync(path)].map(({ name }) => name), ["inside"]);
  await Deno.remove(path, { recursive: true });
  await Deno.mkdir(path);
  await refused(/is a directory/);
  await Deno.remove(path);
  await Deno.writeTextFile(path, "mine");
  await refused(/is a file/);
  assert.equal(await Deno.readTextFile(path), "mine");
  await Deno.remove(path);
  const lookalike = join(place.path, "packages-of-another", "0".repeat(64), "package");
  for (const target of ["/nowhere", "../../elsewhere", place.store.path, lookalike]) {
    await Deno.symlink(target, path);
    await refused(/is a link to /);
    assert.equal(await Deno.readLink(path), target);
    await Deno.remove(path);
  }
  assert.deepEqual(await place.store.roots.list(), []);
});

installTest("a home given by another path is recognized as the same home", async (place) => {
  await place.make("app@1.0.0");
  const [app] = await add(place, "app");
  const alias = join(place.path, "alias");
  await Deno.symlink(place.store.path, alias);
  const { path } = await link(place, "app");
  const again = await linkPackage(new PackageStore(alias, makeLink), {
    requirement: { name: "app" },
    directory: place.project,
  });
  assert.equal(again.before, "same");
  assert.equal(await Deno.realPath(path), app!.path);
});

installTest(
  "a requirement without a range means the locked version",
  async (place) => {
    await place.make("app@1.0.0");
    await place.make("app@2.0.0");
    await add(place, "app@2.0.0");
    const requirements = [parseRequirement("app@1.0.0")];
    await install(place.context(), { requirements, direct: false, lockPath: place.lockPath });
    assert.equal((await link(place, "app")).entry.version, "1.0.0");
    assert.equal((await link(place, "app@2.0.0")).entry.version, "2.0.0");
    await Deno.remove(place.lockPath);
    await failure(link(place, "app"), "PACKAGE_AMBIGUOUS");
  },
);

installTest(
  "a package that is not installed is not linked, and nothing is created",
  async (place) => {
    const error = await failure(link(place, "app"), "NOT_INSTALLED");
    assert.equal(error.kind, "not-found");
    assert.deepEqual([...Deno.readDirSync(place.project)], []);
  },
);

installTest("the error for a link that cannot be made names its path", async (place) => {
  await place.make("app@1.0.0");
  await add(place, "app");
  await Deno.writeTextFile(join(place.project, "node_modules"), "a file");
  const error = await failure(link(place, "app"), "LINK_FAILED");
  assert.ok(error.message.includes(join(place.project, "node_modules", "app")));
});

installTest("Node resolves a package's dependencies through the link", async (place) => {
  await place.make("app@1.0.0", {
    dependencies: { "@s/lib": "*" },
    files: { "index.mjs": "export { default } from '@s/lib/lib.mjs';\n" },
  });
  await place.make("@s/lib@1.0.0", { files: { "lib.mjs": "export default 'found';\n" } });
  await add(place, `${aliceKey}/app`);
  const { path } = await link(place, "app");
  await Deno.writeTextFile(
    join(place.project, "main.mjs"),
    "import found from 'app/index.mjs'; console.log(found);\n",
  );
  await Deno.writeTextFile(join(place.project, "package.json"), "{}");
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-config", "--node-modules-dir=manual", "-A", "main.mjs"],
    cwd: place.project,
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "found\n", new TextDecoder().decode(stderr));
  assert.ok(path.startsWith(place.project));
});
