/** Tests that a stored package is repaired from the archive in the seed directory. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { parseRequirement } from "../../../src/fetching/requirement.ts";
import { install } from "../../../src/install/install.ts";
import { repairStored } from "../../../src/install/repair.ts";
import {
  defaultArchiveLimits,
  describeArchive,
  type MinimalManifest,
} from "../../../src/package/mod.ts";
import {
  checkStored,
  readLinks,
  SeedDirectory,
  type StoredPackage,
} from "../../../src/store/mod.ts";
import { overwrite } from "../../support/mod.ts";
import { failure, type InstallPlace, installTest } from "./support.ts";

const limits = defaultArchiveLimits;

async function seedsWith(place: InstallPlace, minimal: MinimalManifest): Promise<SeedDirectory> {
  const seeds = new SeedDirectory(join(place.path, "seed"));
  await seeds.ensure();
  const archivePath = place.archives.get(minimal.archiveSha256)!;
  const { torrent } = await describeArchive(archivePath);
  await seeds.put({ archivePath, minimal, torrent });
  return seeds;
}

async function entryOf(place: InstallPlace, name: string): Promise<StoredPackage> {
  const entry = (await place.store.list())
    .find((one) => one.problem === undefined && one.name === name);
  assert(entry && entry.problem === undefined);
  return entry;
}

installTest("a repair writes damaged and missing files, and keeps the rest", async (place) => {
  const files = { "a.js": "a\n", "b.js": "b\n", "lib/c.js": "c\n", "d.js": "d\n" };
  const minimal = await place.make("app@1.0.0", { files, dependencies: { lib: "*" } });
  await place.make("lib@1.0.0");
  const requirements = [parseRequirement("app")];
  await install(place.context(), { requirements, direct: true });
  const seeds = await seedsWith(place, minimal);
  const before = await entryOf(place, "app");
  const at = (path: string) => join(before.path, path);
  await overwrite(at("a.js"), "x\n");
  await Deno.remove(at("lib"), { recursive: true });
  await Deno.writeTextFile(at("extra.js"), "");
  assert.equal((await checkStored(before)).length, 3);
  const kept = Deno.lstatSync(at("b.js")).ino;
  const links = await readLinks(before.directory);

  assert(await repairStored(place.store, seeds, before, { limits }));
  const after = await entryOf(place, "app");
  assert.deepEqual(await checkStored(after), []);
  assert(after.direct);
  assert.deepEqual(await readLinks(after.directory), links);
  assert.equal(links.size, 1);
  if (Deno.build.os !== "windows") assert.equal(Deno.lstatSync(at("b.js")).ino, kept);
  assert.deepEqual(place.strays(), []);
});

installTest("without the archive nothing changes", async (place) => {
  const minimal = await place.make("app@1.0.0");
  const other = await place.make("other@1.0.0");
  await install(place.context(), { requirements: [parseRequirement("app")], direct: true });
  const seeds = await seedsWith(place, other);
  const entry = await entryOf(place, "app");
  await overwrite(join(entry.path, "index.js"), "x\n");
  assert(!await repairStored(place.store, seeds, entry, { limits }));
  assert.equal(await Deno.readTextFile(join(entry.path, "index.js")), "x\n");

  // An archive that was damaged, too, repairs nothing.
  await seedsWith(place, minimal);
  const archive = join(seeds.path, "app-1.0.0.tgz");
  const bytes = await Deno.readFile(archive);
  bytes[bytes.length - 20]! ^= 1;
  await Deno.writeFile(archive, bytes);
  const { detail } = await failure(
    repairStored(place.store, seeds, entry, { limits }),
    "HASH_MISMATCH",
  );
  assert.equal(detail.step, "archive-hash");
  assert.equal(await Deno.readTextFile(join(entry.path, "index.js")), "x\n");
  assert.deepEqual(place.strays(), []);
});
