/**
 * Programs that know nothing of the list at an archive's beginning unpack the archive: the list lies in
 * gzip headers, which they skip.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { readMemberList } from "../../src/package/mod.ts";
import { runCli, temporaryHome } from "../support/mod.ts";
import { interopTest } from "../support/interop_test_case.ts";
import { libreseed } from "./seeded_package.ts";

/** Length of the large file. Its members are more than one part of a list describes. */
const LARGE_BYTES = 96 * 1024 * 1024;

/** Python's tarfile unpacks what gzip inflates, and hashes what it finds. */
const PYTHON = `
import hashlib, json, sys, tarfile
with tarfile.open(sys.argv[1], "r:gz") as archive:
    print(json.dumps([[m.name, hashlib.sha256(archive.extractfile(m).read()).hexdigest()] for m in archive]))
`;

async function run(program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(args, { program: [program] });
  assert.deepEqual([code, stderr], [0, ""], program);
  return stdout;
}

/** Packs a directory with a large file, and returns the archive with the SHA-256 of each file. */
async function packLarge(home: string) {
  await libreseed(["keygen", "--signing-only"], home);
  const dir = join(home, "package");
  await Deno.mkdir(dir);
  await Deno.writeTextFile(join(dir, "a.txt"), "before the large file");
  await Deno.writeTextFile(join(dir, "z.txt"), "behind the large file");
  using file = await Deno.open(join(dir, "large"), { write: true, createNew: true });
  const block = new Uint8Array(65_536);
  const hash = createHash("sha256");
  for (let at = 0; at < LARGE_BYTES; at += block.length) {
    crypto.getRandomValues(block);
    await file.write(block);
    hash.update(block);
  }
  const archive = join(home, "hello-1.0.0.tgz");
  await libreseed(["pack", "--name=hello", "--version=1.0.0", `--out=${archive}`, dir], home);
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  const hashes: [string, string][] = [
    ["a.txt", sha256("before the large file")],
    ["large", hash.digest("hex")],
    ["z.txt", sha256("behind the large file")],
  ];
  const beginning = new Uint8Array(1 << 20);
  using opened = await Deno.open(archive);
  await opened.read(beginning);
  const read = readMemberList(beginning, (await opened.stat()).size);
  assert.ok(read && "list" in read);
  assert.ok(read.list.members.length > 513, `${read.list.members.length} members`);
  return { archive, hashes };
}

async function hashesOf(directory: string, names: string[]): Promise<[string, string][]> {
  const hashes = names.map(async (name): Promise<[string, string]> => {
    const bytes = await Deno.readFile(join(directory, name));
    return [name, createHash("sha256").update(bytes).digest("hex")];
  });
  return await Promise.all(hashes);
}

/** The programs, each with the arguments with which it unpacks an archive into a directory. */
const unpackers: [name: string, needs: string, args: (archive: string, to: string) => string[]][] =
  [
    ["GNU tar", "tar", (archive, to) => ["-xzf", archive, "-C", to]],
    ["bsdtar", "bsdtar", (archive, to) => ["-xf", archive, "-C", to]],
    ["BusyBox", "busybox", (archive, to) => ["tar", "-xzf", archive, "-C", to]],
  ];

for (const [name, program, args] of unpackers) {
  await interopTest(
    `${name} unpacks an archive whose list has several parts`,
    [program],
    async () => {
      await using home = await temporaryHome();
      const { archive, hashes } = await packLarge(home.path);
      const target = join(home.path, "unpacked");
      await Deno.mkdir(target);
      await run(program, ...args(archive, target));
      const names = hashes.map(([path]) => path);
      assert.deepEqual(await hashesOf(target, names), hashes);
      const found = [...Deno.readDirSync(target)].map(({ name }) => name).sort();
      assert.deepEqual(found, [...names, "manifest.json"].sort());
    },
  );
}

await interopTest(
  "Python's tarfile, gzip and BusyBox's gunzip read an archive whose list has several parts",
  ["python3", "gzip", "busybox"],
  async () => {
    await using home = await temporaryHome();
    const { archive, hashes } = await packLarge(home.path);
    const [manifest, ...files] = JSON.parse(await run("python3", "-c", PYTHON, archive));
    assert.equal(manifest[0], "manifest.json");
    assert.deepEqual(files, hashes);
    await run("gzip", "--test", archive);
    await run("busybox", "gunzip", "-t", archive);
  },
);
