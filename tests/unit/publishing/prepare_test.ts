/**
 * Preparing a package for publishing: progress, and the reuse of an archive that has been published
 * before.
 *
 * @module
 */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { systemClock, version } from "../../../src/base/mod.ts";
import { generateKeyPair } from "../../../src/identity/mod.ts";
import { type Contents, defaultArchiveLimits, packDirectory } from "../../../src/package/mod.ts";
import { prepare } from "../../../src/publishing/prepare.ts";
import { noteSearched, SeedDirectory } from "../../../src/store/mod.ts";
import { temporaryHome } from "../../support/mod.ts";

async function workplace() {
  const directory = await temporaryHome();
  const seeds = new SeedDirectory(join(directory.path, "seed"));
  await seeds.ensure();
  const source = join(directory.path, "source");
  await Deno.mkdir(join(source, "node_modules"), { recursive: true });
  await Deno.writeTextFile(join(source, "package.json"), '{"name":"hello","version":"1.0.0"}');
  await Deno.writeFile(join(source, "data"), crypto.getRandomValues(new Uint8Array(60_000)));
  await Deno.writeTextFile(join(source, "node_modules", "x.js"), "x");
  const keys = generateKeyPair();
  const request = { path: source, signer: () => Promise.resolve(keys) };
  const said: string[] = [];
  const heard: Contents[] = [];
  const context = {
    seeds,
    clock: systemClock,
    limits: defaultArchiveLimits,
    onContents(contents: Contents) {
      heard.push(contents);
      said.push("contents");
    },
    onProgress(path: string, { doneBytes, totalBytes }: { doneBytes: number; totalBytes: number }) {
      assert.equal(path, source);
      assert(doneBytes <= totalBytes);
      said.push("progress");
    },
  };
  return {
    ...{ seeds, source, keys, request, context, said, heard },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

Deno.test("packing reports the contents before it begins, and its progress", async () => {
  await using place = await workplace();
  await using ready = await prepare(place.context, place.request);
  assert.equal(ready.files.minimal.name, "hello");
  assert.equal(place.said[0], "contents");
  assert(place.said.includes("progress"));
  const [contents] = place.heard;
  assert.deepEqual([place.heard.length, contents!.fileCount, contents!.bytes], [1, 2, 60_034]);
});

Deno.test("an unchanged directory that is published already keeps its archive", async () => {
  await using place = await workplace();
  const packed = await packDirectory({
    dir: place.source,
    outDir: place.seeds.path,
    signer: place.keys,
    timestampMs: 1_790_000_000_000,
    leaveOut: "version-control",
  });
  const before = await Deno.readFile(packed.archivePath);
  {
    await using ready = await prepare(place.context, place.request);
    assert.equal(ready.files.minimal.archiveSha256, packed.minimal.archiveSha256);
    assert.equal(ready.files.archivePath, packed.archivePath);
  }
  assert.deepEqual(place.said, ["contents"]);
  assert.equal(place.heard[0]!.fileCount, 3);
  assert.deepEqual(await Deno.readFile(packed.archivePath), before);
  await Deno.writeTextFile(join(place.source, "new.js"), "n");
  await using ready = await prepare(place.context, place.request);
  assert.notEqual(ready.files.minimal.archiveSha256, packed.minimal.archiveSha256);
});

Deno.test("a ready archive reports no packing progress, and its files are counted", async () => {
  await using place = await workplace();
  const { archivePath, minimal } = await packDirectory({
    dir: place.source,
    out: join(place.source, "..", "ready.tgz"),
    signer: place.keys,
    timestampMs: 1_790_000_000_000,
  });
  await using ready = await prepare(place.context, { ...place.request, path: archivePath });
  assert.equal(ready.files.minimal.archiveSha256, minimal.archiveSha256);
  assert.deepEqual(place.said, ["contents"]);
  assert.deepEqual([place.heard[0]!.fileCount, place.heard[0]!.bytes], [2, minimal.length]);
});

Deno.test("a ready archive is searched for secrets unless this program noted a search of it", async () => {
  await using place = await workplace();
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  await Deno.writeTextFile(join(place.source, "server.key"), pem);
  // The archive holds a secret, so it can be told whether it was searched.
  const { archivePath, minimal } = await packDirectory({
    dir: place.source,
    out: join(place.source, "..", "ready.tgz"),
    signer: place.keys,
    allowSecrets: ["server.key"],
    timestampMs: 1_790_000_000_000,
  });
  const searchedPath = join(place.source, "..", "searched.log");
  const request = { ...place.request, path: archivePath };
  const context = { ...place.context, searchedPath };
  const others = [
    "",
    `${minimal.archiveSha256} 0.0.0\n`,
    `sha256:${"0".repeat(64)} ${version}\n`,
    `${minimal.archiveSha256} ${version}`,
  ];
  for (const text of others) {
    await Deno.writeTextFile(searchedPath, text);
    await assert.rejects(prepare(context, request), { code: "SECRET_FOUND" }, text);
  }
  await Deno.remove(searchedPath);
  await assert.rejects(prepare(context, request), { code: "SECRET_FOUND" });
  noteSearched(searchedPath, `sha256:${"1".repeat(64)}`);
  noteSearched(searchedPath, minimal.archiveSha256);
  await using ready = await prepare(context, request);
  assert.equal(ready.files.minimal.archiveSha256, minimal.archiveSha256);
  await assert.rejects(prepare(place.context, request), { code: "SECRET_FOUND" });
});
