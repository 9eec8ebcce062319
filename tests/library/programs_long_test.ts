/**
 * Tests the library from outside: a project of its own, in Node.js with the installed package, and in
 * Deno with the file.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { freePort, spawnCli, temporaryHome } from "../support/mod.ts";
import {
  buildPackage,
  type Example,
  examplesInComments,
  examplesOf,
  hasNode,
  makeFiles,
  run,
} from "./world.ts";

const root = join(import.meta.dirname!, "..", "..");
const DOCUMENTED = ["magnet", "manifests", "pack", "records", "verify"];

/** Makes a project that has the package installed. */
async function projectIn(directory: string): Promise<{ project: string; file: string }> {
  const [built, project] = [join(directory, "package"), join(directory, "project")];
  await buildPackage(built);
  await Deno.mkdir(project);
  await makeFiles(project);
  await Deno.writeTextFile(join(project, "package.json"), '{ "type": "module", "private": true }');
  if (hasNode) {
    const tarball = (await run(built, "npm", "pack", "--offline", "--silent")).trim();
    const flags = ["--offline", "--no-audit", "--no-fund", "--silent"];
    await run(project, "npm", "install", ...flags, join(built, tarball));
  }
  return { project, file: pathToFileURL(join(built, "mod.js")).href };
}

/** Runs a module in Deno, which imports the file, and in Node.js, which imports the package. */
async function runInBoth(
  { project, file }: { project: string; file: string },
  { code }: Example,
): Promise<Record<string, string>> {
  const printed: Record<string, string> = {};
  for (const runtime of hasNode ? ["deno", "node"] : ["deno"]) {
    await Deno.remove(join(project, "unpacked"), { recursive: true }).catch(() => {});
    await Deno.remove(join(project, "new"), { recursive: true }).catch(() => {});
    const text = runtime === "deno" ? code.replaceAll('from "libreseed"', `from "${file}"`) : code;
    await Deno.writeTextFile(join(project, `${runtime}.mjs`), text);
    printed[runtime] = runtime === "deno"
      ? await run(project, Deno.execPath(), "run", "-q", "-A", "--no-config", "deno.mjs")
      : await run(project, "node", "node.mjs");
  }
  return printed;
}

Deno.test("the examples of the library run in a project, in Deno and Node.js", async (t) => {
  await using home = await temporaryHome();
  const world = await projectIn(home.path);

  const page = await Deno.readTextFile(join(root, "docs", "library.md"));
  const examples = examplesOf(page);
  assert.equal(examples.length, 5, "examples of docs/library.md");
  for (const [at, example] of examples.entries()) {
    if (example.code.includes("createClient")) continue;
    await t.step(`docs/library.md, example ${at + 1}`, async () => {
      for (const printed of Object.values(await runInBoth(world, example))) {
        assert.equal(printed, example.prints);
      }
    });
  }

  await t.step("docs/library.md, the API of a real daemon", async () => {
    const example = examples.find(({ code }) => code.includes("createClient"))!;
    await using daemonHome = await temporaryHome();
    const port = await freePort();
    const args = ["seed", "--port", `${await freePort()}`, "--http", `127.0.0.1:${port}`];
    await using daemon = spawnCli([...args, "--no-dht"], { home: daemonHome });
    await daemon.waitForLine(/^ready: /);
    const token = join(daemonHome.path, "http.token");
    await using shown = spawnCli(["token", "show"], { home: daemonHome });
    assert.equal((await shown.result).code, 0, shown.stderr);
    await Deno.copyFile(token, join(world.project, "http.token"));
    const code = example.code.replace("127.0.0.1:9090", `127.0.0.1:${port}`);
    for (const printed of Object.values(await runInBoth(world, { code }))) {
      assert.equal(printed, example.prints);
    }
    daemon.kill();
    assert.equal((await daemon.result).code, 0);
  });

  for (const name of ["../mod", ...DOCUMENTED.map((one) => `library/${one}`)]) {
    const examples = examplesInComments(await Deno.readTextFile(join(root, "src", `${name}.ts`)));
    assert(examples.length > 0, `${name}.ts has no example`);
    for (const example of examples) {
      await t.step(`the example in ${name}.ts`, async () => {
        for (const printed of Object.values(await runInBoth(world, example))) {
          assert.match(printed, /tool@?|tool 1\.0\.0/);
        }
      });
    }
  }

  await t.step("the items of the test vectors", async () => {
    const code = (await Deno.readTextFile(join(import.meta.dirname!, "read_vectors.mjs.txt")))
      .replace("VECTORS", join(root, "tests", "vectors", "records.json"));
    for (const printed of Object.values(await runInBoth(world, { code }))) {
      assert.equal(printed, "4 manifest, 7 announce, 1 name-index\n");
    }
  });

  await t.step("what Node.js has packed, the program verifies", async () => {
    if (!hasNode) return;
    const archive = join(world.project, "dist", "tool-1.0.0.tgz");
    await using verifying = spawnCli(["verify", archive]);
    const { code, stdout, stderr } = await verifying.result;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /: ok tool@1\.0\.0 ed25519:/);
  });

  await t.step("a file with a secret is refused", async () => {
    await Deno.mkdir(join(world.project, "leak"));
    await Deno.copyFile(
      join(world.project, "keys", "publisher.key"),
      join(world.project, "leak", "a.txt"),
    );
    const code = `
      import { packDirectory, SigningKey } from "libreseed";
      const key = SigningKey.generate();
      const options = { key, name: "leak", version: "1.0.0", outDirectory: "dist" };
      await packDirectory("leak", options).catch(({ kind, code }) => console.log(kind, code));
    `;
    for (const printed of Object.values(await runInBoth(world, { code }))) {
      assert.equal(printed, "failed SECRET_FOUND\n");
    }
  });

  await t.step("the types are sound and refuse wrong calls", async () => {
    const code = await Deno.readTextFile(join(import.meta.dirname!, "typed_program.ts.txt"));
    await Deno.writeTextFile(join(world.project, "typed.ts"), code);
    const inDeno = code.replaceAll('from "libreseed"', `from "${world.file}"`);
    await Deno.writeTextFile(join(world.project, "typed_in_deno.ts"), inDeno);
    await run(world.project, Deno.execPath(), "check", "-q", "--no-config", "typed_in_deno.ts");
    if (!hasNode) return;
    const tsc = join(root, "node_modules", ".bin", "tsc");
    const flags = ["--noEmit", "--strict", "--skipLibCheck", "false", "--types", ""];
    const target = ["--target", "es2022", "--lib", "esnext,dom", "--module", "nodenext"];
    await run(world.project, tsc, "--ignoreConfig", ...flags, ...target, "typed.ts");
  });
});

Deno.test("the library exports what it promises, and nothing else", async () => {
  const library = await import("../../mod.ts");
  assert.deepEqual(Object.keys(library).sort(), [
    ...["ApiError", "LibreseedError", "SigningKey", "checkManifest", "createClient", "decodeItem"],
    ...["encodeItem", "fingerprintOf", "formatMagnet", "formatManifest", "magnetOf"],
    ...["makeManifestRecord", "packDirectory", "parseMagnet", "parseManifest"],
    ...["readAnnounceRecord", "readManifestBeside", "readManifestRecord", "readNameIndex"],
    ...["readPublisherRecord", "targetOfItem", "verifyArchive", "verifyItem"],
  ]);
});
