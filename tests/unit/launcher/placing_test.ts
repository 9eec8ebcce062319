import assert from "node:assert/strict";
import { join } from "node:path";
import { LauncherError } from "../../../src/launcher/errors.ts";
import { checkPlace, placeFile } from "../../../src/launcher/placing.ts";
import { inDirectory } from "../../support/package_archives.ts";

const granted = {
  staging: new Map([
    ["/place", "/place/.tmp-held-0123456789abcdef"],
    ["/named", "/named/.tmp-held-0123456789abcdef"],
  ]),
  places: ["/place"],
  wantsEngine: true,
};
const staged = "/place/.tmp-held-0123456789abcdef/1";

function isRefused(from: string, to: string, replace = false): boolean {
  try {
    checkPlace(granted, from, to, replace);
    return false;
  } catch (error) {
    assert(error instanceof LauncherError);
    assert.equal(error.code, "PLACE_NOT_GRANTED");
    return true;
  }
}

async function failsWith(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error) => error instanceof LauncherError && error.code === code);
}

Deno.test("archives, minimal manifests and torrents may be placed beside the staging", () => {
  for (
    const name of ["tool-1.0.0.tgz", "@a+b-1.0.0-rc.1.minimal.json", "a.b_c-0.0.1.torrent"]
  ) assert.equal(isRefused(staged, `/place/${name}`), false, name);
});

Deno.test("a request for another name or directory is refused", () => {
  const names = [
    ...["../x", "../tool-1.0.0.tgz", "sub/tool-1.0.0.tgz", "/etc/passwd", ".bashrc", "", "."],
    ...["tool-1.0.0.tgz\n", "tool-1.0.0.tgz\0", "to\nol-1.0.0.tgz", "\0", "tool-1.0.0.tgz/"],
    ...[".tool-1.0.0.tgz", "tool.tgz", "tool-1.0.tgz", "tool-01.0.0.tgz", "Tool-1.0.0.tgz"],
    ...["tool-1.0.0.sh", "tool-1.0.0", "libreseed.lock.json", "package.json", "-1.0.0.tgz"],
    ...["tool-1.0.0+x.tgz", "@a/b-1.0.0.tgz", "tool-1.0.0~ab.tgz", `${"a".repeat(65)}-1.0.0.tgz`],
    `tool-1.0.0-${"a".repeat(65)}.tgz`,
  ];
  for (const name of names) assert(isRefused(staged, `/place/${name}`), JSON.stringify(name));
  for (
    const path of ["tool-1.0.0.tgz", "/tool-1.0.0.tgz", "/workshop/tool-1.0.0.tgz", "/etc/passwd"]
  ) assert(isRefused(staged, path), path);
});

Deno.test("only a file directly in a staging directory of the command may be placed", () => {
  const to = "/place/tool-1.0.0.tgz";
  const stagings = [
    ...["/place/1", "/etc/passwd", "1", "/place/.tmp-held-0123456789abcdef", `${staged}/../../x`],
    ...["/place/.tmp-held-0123456789abcdef/", "/place/.tmp-held-0123456789abcdef/a/b"],
    ...["/place/.tmp-held-0123456789abcdef/..", "/place/.tmp-held-0123456789abcdef/1\0"],
    "/place/.tmp-held-fedcba9876543210/1",
    "/named/.tmp-held-0123456789abcdef/1",
  ];
  for (const from of stagings) assert(isRefused(from, to), from);
  assert(isRefused("/named/.tmp-held-0123456789abcdef/1", "/named/tool-1.0.0.tgz"));
});

Deno.test("only a command without network may replace a file", () => {
  assert(isRefused(staged, "/place/tool-1.0.0.tgz", true));
  checkPlace({ ...granted, wantsEngine: false }, staged, "/place/tool-1.0.0.tgz", true);
});

async function stage(dir: string, contents: string): Promise<string> {
  await Deno.mkdir(join(dir, "staging"), { recursive: true });
  await Deno.writeTextFile(join(dir, "staging/1"), contents);
  return join(dir, "staging/1");
}

async function namesIn(dir: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(dir), ({ name }) => name)).sort();
}

inDirectory("a placed file has its new name, and no other", async (dir) => {
  const path = join(dir, "tool-1.0.0.tgz");
  await placeFile(await stage(dir, "new"), path);
  assert.equal(await Deno.readTextFile(path), "new");
  assert.equal((await Deno.lstat(path)).nlink, 1);
  assert.deepEqual(await namesIn(join(dir, "staging")), []);
});

inDirectory(
  "a file with other bytes is not replaced, one with the same bytes is kept",
  async (dir) => {
    const path = join(dir, "tool-1.0.0.tgz");
    await Deno.writeTextFile(path, "old");
    const staged = await stage(dir, "new");
    await failsWith(placeFile(staged, path), "FILE_EXISTS");
    assert.equal(await Deno.readTextFile(path), "old");
    const { ino } = await Deno.lstat(path);
    await placeFile(await stage(dir, "old"), path);
    assert.equal((await Deno.lstat(path)).ino, ino);
    assert.deepEqual(await namesIn(join(dir, "staging")), []);
  },
);

inDirectory(
  "a directory and a link at the path are left alone, also when replacing",
  async (dir) => {
    const staged = await stage(dir, "new");
    await Deno.writeTextFile(join(dir, "target"), "precious");
    await Deno.symlink("target", join(dir, "link-1.0.0.tgz"));
    await Deno.symlink("nowhere", join(dir, "dangling-1.0.0.tgz"));
    await Deno.mkdir(join(dir, "directory-1.0.0.tgz"));
    for (const name of ["link", "dangling", "directory"]) {
      for (const replace of [false, true]) {
        await failsWith(placeFile(staged, join(dir, `${name}-1.0.0.tgz`), replace), "FILE_EXISTS");
      }
    }
    assert.equal(await Deno.readTextFile(join(dir, "target")), "precious");
    assert.equal(await Deno.readTextFile(staged), "new");
  },
);

inDirectory("replacing a file gives it the new bytes", async (dir) => {
  const path = join(dir, "tool-1.0.0.tgz");
  await Deno.writeTextFile(path, "old");
  await placeFile(await stage(dir, "new"), path, true);
  assert.equal(await Deno.readTextFile(path), "new");
});

inDirectory("a link in place of the staged file or its directory is refused", async (dir) => {
  const path = join(dir, "tool-1.0.0.tgz");
  await Deno.writeTextFile(join(dir, "secret"), "secret");
  await Deno.mkdir(join(dir, "staging"));
  await Deno.symlink("../secret", join(dir, "staging/1"));
  for (const replace of [false, true]) {
    await failsWith(placeFile(join(dir, "staging/1"), path, replace), "PLACE_FAILED");
  }
  await Deno.symlink(dir, join(dir, "elsewhere"));
  await failsWith(placeFile(join(dir, "elsewhere/secret"), path), "PLACE_FAILED");
  assert.equal(await Deno.readTextFile(join(dir, "secret")), "secret");
  assert(!(await namesIn(dir)).includes("tool-1.0.0.tgz"));
});

inDirectory("a missing staged file is an error that names the path", async (dir) => {
  await Deno.mkdir(join(dir, "staging"));
  await failsWith(placeFile(join(dir, "staging/1"), join(dir, "a-1.0.0.tgz")), "PLACE_FAILED");
});
