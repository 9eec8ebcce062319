/**
 * Tests every replacement of files in a package store: the process is killed before each of its
 * file operations in turn. After each kill, either the complete old or the complete new state
 * exists, and the next command deletes leftovers.
 */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { parseRequirement } from "../../src/fetching/requirement.ts";
import { keyPairFromSeed } from "../../src/identity/mod.ts";
import { linkPackage } from "../../src/install/link.ts";
import { formatLockFile, readLockFile } from "../../src/install/lock_file.ts";
import { pruneStore } from "../../src/install/prune.ts";
import { makeLink } from "../../src/launcher/links.ts";
import {
  defaultArchiveLimits,
  describeArchive,
  type MinimalManifest,
  packDirectory,
} from "../../src/package/mod.ts";
import { checkStored, packageId, PackageStore, SeedDirectory } from "../../src/store/mod.ts";
import { killingImportMap, runKilled } from "../support/killed_process.ts";
import { temporaryHome } from "../support/mod.ts";
import { type Place, replacements } from "./replacement.ts";

type Name = keyof typeof replacements;

const signer = keyPairFromSeed(new Uint8Array(32).fill(31));
/**
 * Upper bound for the number of file operations in one replacement (an operation that replaces
 * files in the store).
 */
const MAX_OPERATIONS = 200;

/**
 * Checks of the store's state after a replacement was killed, one per replacement (an operation
 * that replaces files in the store).
 */
const checks: Record<Name, (place: Place) => Promise<void>> = {
  async "install --force"({ store, minimal, later }) {
    await assertSound(store, minimal);
    // The later version shares a file with the one that is replaced.
    await assertSound(store, later);
  },
  async link({ store, project, later, minimal }) {
    const to = await Deno.realPath(join(project, "node_modules", later.name));
    const packages = new PackageStore(store, makeLink);
    assert([minimal, later].some((one) => to === packages.treePath(one)), to);
    if (to === packages.treePath(later)) await assertKept(store, later);
  },
  async "install --save"({ store, lockPath, minimal, later }) {
    const [locked] = (await readLockFile(lockPath))!.packages.values();
    assert([minimal.version, later.version].includes(locked!.minimal.version));
    if (locked!.minimal.version === later.version) await assertKept(store, later);
  },
  async uninstall({ store, minimal }) {
    if (await new PackageStore(store, makeLink).find(minimal)) await assertSound(store, minimal);
  },
  async "get -o DIR"({ target, minimal }) {
    if (namesIn(target).length === 0) return;
    const text = await Deno.readTextFile(join(target, "index.js"));
    assert.equal(text, `// ${minimal.version}\n`);
  },
  async remove({ seeds }) {
    for (const entry of await new SeedDirectory(seeds).list()) {
      assert.equal(entry.problem, undefined);
    }
  },
};

/**
 * Functions that tell whether a killed replacement can be repeated. A replacement that the killed
 * process has already completed cannot be repeated.
 */
const canRepeat: Partial<Record<Name, (place: Place) => Promise<boolean>>> = {
  uninstall: async ({ store, minimal }) =>
    await new PackageStore(store, makeLink).find(minimal) !== undefined,
  "get -o DIR": ({ target }) => Promise.resolve(namesIn(target).length === 0),
};

/**
 * Checks of the store's state after a killed replacement was repeated successfully, one per
 * replacement.
 */
const ends: Record<Name, (place: Place) => Promise<void>> = {
  "install --force": ({ store, minimal }) => assertSound(store, minimal),
  async link({ project, store, later }) {
    assert.deepEqual(namesIn(join(project, "node_modules")), [later.name]);
    const to = await Deno.realPath(join(project, "node_modules", later.name));
    assert.equal(to, new PackageStore(store, makeLink).treePath(later));
  },
  async "install --save"({ project, lockPath, later }) {
    assert.deepEqual(namesIn(project), [basename(lockPath), "node_modules"]);
    const [locked] = (await readLockFile(lockPath))!.packages.values();
    assert.equal(locked!.minimal.version, later.version);
  },
  async uninstall({ store, minimal }) {
    assert.equal(await new PackageStore(store, makeLink).find(minimal), undefined);
  },
  "get -o DIR": ({ target }) => {
    assert.deepEqual(namesIn(target), ["index.js", "manifest.json", "shared.js"]);
    return Promise.resolve();
  },
  remove: ({ seeds }) => {
    assert.deepEqual(namesIn(seeds).filter((name) => !name.startsWith(".")), []);
    return Promise.resolve();
  },
};

/** Asserts that `prune` keeps the package, because a link or a lock file refers to the package. */
async function assertKept(path: string, minimal: MinimalManifest): Promise<void> {
  const { removed } = await pruneStore(new PackageStore(path, makeLink), { dryRun: true });
  assert(!removed.some((one) => one.id === packageId(minimal)), "the package would be pruned");
}

async function assertSound(path: string, minimal: MinimalManifest): Promise<void> {
  const listed = (await new PackageStore(path, makeLink).list())
    .filter((entry) => entry.problem !== undefined || entry.version === minimal.version);
  assert.deepEqual(listed.map(({ problem }) => problem), [undefined]);
  const entry = await new PackageStore(path, makeLink).find(minimal);
  assert(entry && entry.problem === undefined, entry?.problem ?? "the package is gone");
  assert.deepEqual(await checkStored(entry), []);
}

function namesIn(path: string): string[] {
  return [...Deno.readDirSync(path)].map(({ name }) => name).sort();
}

/**
 * Makes a package store with two versions, a seed directory, and a project that links and locks the
 * first version. The store's list of roots does not contain the project.
 */
async function makePlace(path: string): Promise<Place> {
  const at = (name: string) => join(path, name);
  for (const name of ["project", "seeds", "target", "archives"]) await Deno.mkdir(at(name));
  const store = new PackageStore(at("packages"), makeLink);
  await store.ensure();
  const packed = [];
  for (const version of ["1.0.0", "2.0.0"]) {
    const dir = at(`source-${version}`);
    await Deno.mkdir(dir);
    await Deno.writeTextFile(join(dir, "index.js"), `// ${version}\n`);
    await Deno.writeTextFile(join(dir, "shared.js"), "// shared\n");
    const { archivePath, minimal } = await packDirectory({
      dir,
      name: "app",
      version,
      outDir: at("archives"),
      signer,
      timestampMs: 1_700_000_000_000,
    });
    await using staged = await store.stage(minimal, archivePath, { limits: defaultArchiveLimits });
    await staged.commit({ links: new Map(), direct: false });
    packed.push({ archivePath, minimal });
  }
  const [{ archivePath, minimal }, { minimal: later }] = packed as [
    typeof packed[0],
    typeof packed[0],
  ];
  const { torrent } = await describeArchive(archivePath);
  await new SeedDirectory(at("seeds")).put({ archivePath, minimal, torrent });
  const lockPath = at("project/libreseed.lock.json");
  const project = at("project");
  const requirement = parseRequirement("app@1.0.0");
  await linkPackage(store, { requirement, directory: project });
  const ref = `${minimal.pubkey}/app@1.0.0`;
  const text = formatLockFile({
    packages: new Map([[ref, { minimal, dependencies: new Map() }]]),
    requirements: new Map([["app", { requirement: { name: "app" }, ref }]]),
  });
  await Deno.writeTextFile(lockPath, text);
  for (const path of await store.roots.list()) await store.roots.delete(path);
  const [seeds, target] = [at("seeds"), at("target")];
  return { store: store.path, project, lockPath, seeds, target, minimal, archivePath, later };
}

/** Lists the files in the store that are neither packages nor locks nor roots. */
function strays({ store }: Place): string[] {
  return namesIn(store)
    .filter((name) => !/^([0-9a-f]{64}|\.lock|\.place\.lock|\.save\.lock|\.roots)$/.test(name));
}

/** Runs the replacement in a child process. Returns whether the process was killed. */
function replace(map: string, name: Name, place: Place, killAt: number): Promise<boolean> {
  return runKilled({
    map,
    script: "tests/fault/replacement.ts",
    args: [name, JSON.stringify(place)],
    killAt,
  });
}

for (const name of Object.keys(replacements) as Name[]) {
  Deno.test(`${name} loses nothing when it is killed before any of its file operations`, async () => {
    await using home = await temporaryHome();
    const path = await Deno.realPath(home.path);
    const map = await killingImportMap(join(path, "map.json"));
    let killAt = 0;
    let place: Place;
    do {
      await Deno.mkdir(join(path, `${++killAt}`));
      place = await makePlace(join(path, `${killAt}`));
      assert(killAt < MAX_OPERATIONS);
      if (!await replace(map, name, place, killAt)) break;
      try {
        await checks[name](place);
        if (await canRepeat[name]?.(place) ?? true) await replacements[name](place);
        await ends[name](place);
        // The next command that changes the store deletes the leftovers.
        await new PackageStore(place.store, makeLink).ensure();
        assert.deepEqual(strays(place), []);
      } catch (cause) {
        throw new Error(`killed before operation ${killAt}: ${(cause as Error).message}`, {
          cause,
        });
      }
    } while (true);
    assert(killAt > 2, "nothing was killed");
    await ends[name](place);
  });
}
