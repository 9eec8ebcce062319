/**
 * Installation from a simulated network: packages that enter the store, and packages that must not.
 *
 * @module
 */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { delay, systemClock } from "../../../src/base/mod.ts";
import { install } from "../../../src/install/install.ts";
import { makeLink } from "../../../src/launcher/links.ts";
import { defaultArchiveLimits } from "../../../src/package/mod.ts";
import { createTemporaryDirectory, PackageStore } from "../../../src/store/mod.ts";
import { canMount, overwrite, smallDisk, temporaryHome } from "../../support/mod.ts";
import {
  alice,
  aliceKey,
  failure,
  InstallPlace,
  installTest,
  mallory,
  malloryKey,
} from "./support.ts";
import { signedMinimal } from "../../support/signed.ts";
import { wanting } from "./wanted.ts";

/**
 * Returns the contents of the `index.js` that a package gets when it imports another package by
 * name.
 */
async function seenFrom(place: InstallPlace, spec: string, name: string): Promise<string> {
  const entries = await place.store.list();
  const entry = entries.find((entry) =>
    entry.problem === undefined && `${entry.name}@${entry.version}` === spec
  )!;
  return await Deno.readTextFile(join(entry.path, "..", "node_modules", name, "index.js"));
}

installTest(
  "install stores a package with its dependencies, each linked to its own",
  async (place) => {
    await place.make("app@1.0.0", { dependencies: { "@s/lib": "^1", x: "^2" } });
    await place.make("@s/lib@1.3.0", { dependencies: { x: "^1" } });
    await place.make("x@1.1.0");
    await place.make("x@2.0.0");
    const { direct, packages } = await install(place.context(), wanting("app"));
    assert.deepEqual(await place.stored(), ["@s/lib@1.3.0", "app@1.0.0", "x@1.1.0", "x@2.0.0"]);
    assert.equal(packages.length, 4);
    assert.equal(direct.length, 1);
    assert.equal(await Deno.readTextFile(join(direct[0]!.path, "index.js")), "// app@1.0.0\n");
    assert.equal(await seenFrom(place, "app@1.0.0", "x"), "// x@2.0.0\n");
    assert.equal(await seenFrom(place, "app@1.0.0", "@s/lib"), "// @s/lib@1.3.0\n");
    assert.equal(await seenFrom(place, "@s/lib@1.3.0", "x"), "// x@1.1.0\n");
    assert.ok(place.steps.includes("side by side: x 2.0.0, 1.1.0"), place.steps.join("\n"));
    assert.deepEqual(place.strays(), []);
  },
);

installTest(
  "an exact version of a known publisher needs no lookup the second time",
  async (place) => {
    await place.make("app@1.0.0", { dependencies: { x: "^1" } });
    await place.make("x@1.1.0");
    const first = await install(place.context(), wanting(`${aliceKey}/app@1.0.0`));
    assert.deepEqual(first.packages.map(({ present }) => present), [false, false]);
    await place.make("x@1.2.0");
    place.asked.length = 0;
    const second = await install(place.context(), wanting(`${aliceKey}/app@1.0.0`));
    assert.deepEqual(place.asked, []);
    assert.deepEqual(second.direct[0]!.path, first.direct[0]!.path);
    assert.deepEqual(second.packages.map(({ present }) => present), [true, true]);

    place.pins.set("app", aliceKey);
    await install(place.context(), wanting("app@1.0.0"));
    assert.deepEqual(place.asked, []);
    // A request with a range, or for a name without a pin, needs a lookup. The package's
    // dependencies are taken from the store without a lookup.
    await install(place.context(), wanting("app@^1"));
    assert.deepEqual(place.asked, ["resolve app@^1"]);
    place.pins.set("app", malloryKey);
    await install(place.context(), wanting("app@1.0.0"));
    assert.deepEqual(place.asked.slice(1), ["resolve app@1.0.0"]);
  },
);

installTest(
  "a dependency is resolved again after its name was pinned to another publisher",
  async (place) => {
    await place.make("app@1.0.0", { dependencies: { x: "^1" } });
    await place.make("x@1.0.0");
    await place.make("x@1.0.1", { signer: mallory });
    const resolve = (wanted: { name: string; publisher?: string }) =>
      Promise.resolve(
        place.found({ publisher: place.pins.get(wanted.name) ?? aliceKey, ...wanted }),
      );
    const spec = `${aliceKey}/app@1.0.0`;
    await install(place.context({ resolve }), wanting(spec));
    assert.equal(await seenFrom(place, "app@1.0.0", "x"), "// x@1.0.0\n");
    place.pins.set("x", malloryKey);
    await install(place.context({ resolve }), wanting(spec));
    assert.equal(await seenFrom(place, "app@1.0.0", "x"), "// x@1.0.1\n");
  },
);

installTest(
  "a missing dependency leaves the store empty, and the error names its dependent",
  async (place) => {
    await place.make("app@1.0.0", { dependencies: { here: "*", gone: "^1" } });
    await place.make("here@1.0.0");
    const error = await failure(install(place.context(), wanting("app")), "DEPENDENCY_NOT_FOUND");
    assert.match(error.message, /^gone@\^1, which app@1\.0\.0 needs/);
    assert.deepEqual(await place.stored(), []);
    assert.deepEqual(place.strays(), []);
  },
);

installTest(
  "an archive of another package is refused and not kept",
  async (place) => {
    const other = await place.make("other@1.0.0");
    const { archiveSha256, btih, length, timestamp } = other;
    for (const [name, version] of [["app", "1.0.0"], ["other", "1.0.1"]] as const) {
      const lying = signedMinimal({ name, version, archiveSha256, btih, length, timestamp }, alice);
      place.published.push(lying);
      const error = await failure(
        install(place.context(), wanting(`${name}@${version}`)),
        "MANIFEST_MISMATCH",
      );
      assert.deepEqual([error.kind, error.detail.step], ["verification", "full-manifest"]);
    }
    // Publish a manifest signed by mallory that names alice's archive.
    place.published.push(
      signedMinimal(
        { name: "other", version: "2.0.0", archiveSha256, btih, length, timestamp },
        mallory,
      ),
    );
    await failure(install(place.context(), wanting("other@2.0.0")), "MANIFEST_MISMATCH");
    assert.deepEqual(await place.stored(), []);
    assert.deepEqual(place.strays(), []);
  },
);

installTest(
  "a dependency that fails verification is named in the error and not kept",
  async (place) => {
    await place.make("app@1.0.0", { dependencies: { x: "*" } });
    const { archiveSha256 } = await place.make("x@1.0.0");
    const path = place.archives.get(archiveSha256)!;
    const bytes = await Deno.readFile(path);
    bytes[bytes.length - 20]! ^= 1;
    await Deno.writeFile(path, bytes);
    const error = await failure(install(place.context(), wanting("app")), "HASH_MISMATCH");
    assert.equal(error.kind, "verification");
    assert.match(error.message, /^x@1\.0\.0, which app@1\.0\.0 needs: /);
    assert.deepEqual(await place.stored(), []);
    assert.deepEqual(place.strays(), []);
  },
);

installTest("a stored version offered with other contents is refused", async (place) => {
  await place.make("app@1.0.0", { files: { "index.js": "first\n" } });
  await install(place.context(), wanting("app"));
  place.published.length = 0;
  await place.make("app@1.0.0", { files: { "index.js": "second\n" } });
  for (const force of [false, true]) {
    const request = { ...wanting("app"), force };
    const error = await failure(install(place.context(), request), "PACKAGE_CHANGED");
    assert.equal(error.kind, "verification");
  }
  const [entry] = await place.store.list();
  assert.equal(await Deno.readTextFile(join(entry!.path, "index.js")), "first\n");
});

installTest(
  "packages of the same name and version by two publishers are stored side by side",
  async (place) => {
    await place.make("app@1.0.0");
    await place.make("app@1.0.0", { signer: mallory });
    const { direct } = await install(
      place.context(),
      wanting(`${aliceKey}/app`, `${malloryKey}/app`),
    );
    assert.notEqual(direct[0]!.path, direct[1]!.path);
    assert.deepEqual(await place.stored(), ["app@1.0.0", "app@1.0.0"]);
  },
);

installTest("a dependency cycle is installed and reported as a step", async (place) => {
  await place.make("a@1.0.0", { dependencies: { b: "*" } });
  await place.make("b@1.0.0", { dependencies: { a: "*" } });
  await install(place.context(), wanting("a"));
  assert.equal(await seenFrom(place, "a@1.0.0", "b"), "// b@1.0.0\n");
  assert.equal(await seenFrom(place, "b@1.0.0", "a"), "// a@1.0.0\n");
  assert.ok(place.steps.includes("dependency cycle: a@1.0.0 → b@1.0.0 → a@1.0.0"));
});

installTest("the limit of unpacked bytes applies to the sum of all packages", async (place) => {
  const half = { "big.txt": "x".repeat(300_000) };
  await place.make("a@1.0.0", { dependencies: { b: "*" }, files: half });
  await place.make("b@1.0.0", { files: half });
  const limits = { ...defaultArchiveLimits, maxUnpackedBytes: 500_000 };
  const error = await failure(
    install(place.context({ limits }), wanting("a")),
    "INSTALL_TOO_LARGE",
  );
  assert.match(error.message, /more than 500000 bytes together/);
  assert.deepEqual(await place.stored(), []);
  assert.deepEqual(place.strays(), []);
  await install(place.context({ limits }), wanting("b"));

  // An archive that exceeds the size limit is not downloaded.
  place.asked.length = 0;
  const tiny = { ...defaultArchiveLimits, maxUnpackedBytes: 50 };
  await failure(install(place.context({ limits: tiny }), wanting("a")), "INSTALL_TOO_LARGE");
  assert.deepEqual(place.asked, ["resolve a@*"]);
});

installTest("an aborted install leaves no incomplete package", async (place) => {
  await place.make("app@1.0.0", { dependencies: { x: "*", y: "*" } });
  await place.make("x@1.0.0");
  await place.make("y@1.0.0");
  const usual = place.context();
  for (const at of ["unpacking app@1.0.0", "unpacking x@1.0.0", "unpacking y@1.0.0"]) {
    const outside = new AbortController();
    const context = place.context({
      signal: outside.signal,
      onStep: (step) => step === at && outside.abort(new Error(`enough ${at}`)),
    });
    await assert.rejects(install(context, wanting("app")), new RegExp(`enough ${at}`));
    assert.deepEqual([await place.stored(), place.strays()], [[], []]);
  }
  // Abort the installation during a download.
  const outside = new AbortController();
  const context = place.context({
    signal: outside.signal,
    fetch(minimal, signal) {
      if (minimal.name !== "x") return usual.fetch(minimal, signal);
      queueMicrotask(() => outside.abort(new Error("ended")));
      return delay(systemClock, 60_000, signal).then(() => ({ archivePath: "never" }));
    },
  });
  await assert.rejects(install(context, wanting("app")), /ended/);
  assert.deepEqual([await place.stored(), place.strays()], [[], []]);
});

installTest(
  "the next install removes temporaries of a killed process and keeps packages",
  async (place) => {
    await place.make("app@1.0.0");
    await install(place.context(), wanting("app"));
    // A temporary directory whose lock is not held by any process.
    const left = join(place.store.path, ".tmp-held-0123456789abcdef");
    await Deno.mkdir(join(left, "package"), { recursive: true });
    await Deno.writeTextFile(join(left, "package", "half"), "x");
    using mine = await createTemporaryDirectory(place.store.path);
    await install(place.context(), wanting("app"));
    assert.deepEqual(place.strays(), [basename(mine.path)]);
    assert.deepEqual(await place.stored(), ["app@1.0.0"]);
  },
);

installTest("two concurrent installs of one package both succeed", async (place) => {
  await place.make("app@1.0.0", { dependencies: { x: "*" } });
  await place.make("x@1.0.0");
  const stores = Array.from({ length: 4 }, () => new PackageStore(place.store.path, makeLink));
  const done = await Promise.all(
    stores.map((store) => install(place.context({ store }), wanting("app"))),
  );
  assert.equal(new Set(done.map(({ direct }) => direct[0]!.path)).size, 1);
  assert.deepEqual(await place.stored(), ["app@1.0.0", "x@1.0.0"]);
  assert.deepEqual(place.strays(), []);
  assert.equal(await seenFrom(place, "app@1.0.0", "x"), "// x@1.0.0\n");
});

installTest(
  "a package with damaged manifests is unpacked again and keeps its mark",
  async (place) => {
    await place.make("app@1.0.0");
    const { direct: [app] } = await install(place.context(), wanting("app"));
    const damages = [
      () => overwrite(join(app!.path, "manifest.json"), "{}"),
      () => Deno.remove(join(app!.path, "manifest.json")),
      () => Deno.writeTextFile(join(app!.path, "..", "minimal.json"), "{}"),
      () => Deno.remove(join(app!.path, "..", "minimal.json")),
      () => Deno.remove(app!.path, { recursive: true }),
    ];
    for (const damage of damages) {
      await damage();
      await install(place.context(), { ...wanting("app"), direct: false });
      assert.equal(await Deno.readTextFile(join(app!.path, "index.js")), "// app@1.0.0\n");
      const [entry] = await place.store.list();
      assert.ok(entry!.problem === undefined && entry!.direct);
    }
    await overwrite(join(app!.path, "index.js"), "altered\n");
    await install(place.context(), wanting("app"));
    assert.equal(await Deno.readTextFile(join(app!.path, "index.js")), "altered\n");
    await install(place.context(), { ...wanting("app"), force: true });
    assert.equal(await Deno.readTextFile(join(app!.path, "index.js")), "// app@1.0.0\n");
    assert.deepEqual(place.strays(), []);
  },
);

Deno.test({
  name: "a full disk leaves no incomplete package",
  ignore: !canMount,
  fn: async () => {
    await using home = await temporaryHome();
    await using disk = await smallDisk(256 << 10);
    const place = new InstallPlace(await Deno.realPath(home.path));
    const store = new PackageStore(join(disk.path, "packages"), makeLink);
    const noise = Array.from(
      crypto.getRandomValues(new Uint8Array(32_768)),
      (byte) => byte.toString(36),
    );
    const files = Object.fromEntries(
      Array.from({ length: 8 }, (_, i) => [`f${i}`, noise.slice(i).join("")]),
    );
    await place.make("large@1.0.0", { files });
    await place.make("small@1.0.0", { dependencies: { large: "*" } });
    await place.make("tiny@1.0.0");
    for (const spec of ["large", "small"]) {
      const error = await failure(install(place.context({ store }), wanting(spec)), "DISK_FULL");
      assert.equal(error.kind, "failed");
      assert.match(error.message, /for large@1\.0\.0/);
      assert.deepEqual(await store.list(), []);
    }
    assert.deepEqual(
      [...Deno.readDirSync(store.path)].map(({ name }) => name).filter((name) => name !== ".lock"),
      [],
    );
    await install(place.context({ store }), wanting("tiny"));
    assert.equal((await store.list()).length, 1);

    await disk.makeReadOnly();
    const error = await failure(
      install(place.context({ store }), wanting("small")),
      "NOT_WRITABLE",
    );
    assert.ok(error.message.includes(store.path), error.message);
    assert.equal((await store.list()).length, 1);
  },
});

installTest(
  "concurrent installs that unpack a package again wait for each other",
  async (place) => {
    await place.make("app@1.0.0", { dependencies: { lib: "^1" } });
    await place.make("lib@1.0.0");
    await install(place.context(), wanting("app"));
    let done = false;
    const looks = (async () => {
      let count = 0;
      // A concurrent reader always finds both packages intact.
      for (; !done || count === 0; count++) {
        const found = await new PackageStore(place.store.path, makeLink).list();
        assert.deepEqual(found.map(({ problem }) => problem), [undefined, undefined]);
      }
    })();
    try {
      await Promise.all(Array.from({ length: 6 }, () => {
        const context = place.context({ store: new PackageStore(place.store.path, makeLink) });
        return install(context, { ...wanting("app"), force: true });
      }));
    } finally {
      done = true;
    }
    await looks;
    assert.deepEqual(await place.stored(), ["app@1.0.0", "lib@1.0.0"]);
    assert.equal(await seenFrom(place, "app@1.0.0", "lib"), "// lib@1.0.0\n");
    assert.deepEqual(place.strays(), []);
  },
);
