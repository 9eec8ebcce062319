/** Tests the completion scripts in real shells, and the words that they ask libreseed for. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { homePaths } from "../../src/base/mod.ts";
import { formatPublicKey, keyPairFromSeed } from "../../src/identity/mod.ts";
import { makeLink } from "../../src/launcher/links.ts";
import { defaultArchiveLimits, parseMinimal } from "../../src/package/mod.ts";
import { PackageStore } from "../../src/store/mod.ts";
import { canComplete, completedIn, needed, shells } from "../support/completing_shells.ts";
import { runCli, type TemporaryHome, temporaryHome } from "../support/mod.ts";

const KEY = formatPublicKey(keyPairFromSeed(new Uint8Array(32).fill(7)).publicKey);

/** Runs a command, which must succeed, and returns the lines that it prints. */
async function lines(args: string[], home: TemporaryHome): Promise<string[]> {
  const { code, stdout, stderr } = await runCli(args, { home });
  assert.deepEqual([code, stderr], [0, ""], args.join(" "));
  return stdout.split("\n").slice(0, -1);
}

/**
 * Fills a home: `world` is pinned to {@linkcode KEY}, `stored` is installed, and `@scope/tool` is in
 * the seed directory. Returns the publisher of both, as `ed25519:BASE64`.
 */
async function fill(home: TemporaryHome): Promise<string> {
  await lines(["trust", "add", "-q", "world", KEY], home);
  const [own] = await lines(["keygen", "-q", "--signing-only"], home);
  const source = join(home.path, "source");
  await Deno.mkdir(source);
  await Deno.writeTextFile(join(source, "file"), "text");
  for (const [name, version] of [["stored", "2.0.0"], ["@scope/tool", "1.2.0"]] as const) {
    const archivePath = join(home.path, `${name.replace("/", "+")}-${version}.tgz`);
    const about = ["--name", name, "--version", version, "-o", archivePath];
    await lines(["pack", "-q", source, ...about], home);
    const manifest = archivePath.replace(/\.tgz$/, ".minimal.json");
    if (name === "stored") {
      const store = new PackageStore(homePaths(home.path).packages, makeLink);
      await store.ensure();
      using _lock = await store.lock("add");
      const minimal = parseMinimal(await Deno.readTextFile(manifest));
      await using staged = await store.stage(minimal, archivePath, {
        limits: defaultArchiveLimits,
      });
      await staged.commit({ links: new Map(), direct: true, replace: false });
    } else {
      await Deno.mkdir(join(home.path, "seed"), { recursive: true });
      for (const path of [archivePath, manifest]) {
        await Deno.copyFile(path, join(home.path, "seed", path.slice(home.path.length + 1)));
      }
    }
  }
  return own!;
}

Deno.test("words lists packages, installed and seeded ones, and publishers, without network", async () => {
  await using home = await temporaryHome();
  const own = await fill(home);
  assert.deepEqual(await lines(["words", "packages"], home), ["stored", "world"]);
  assert.deepEqual(await lines(["words", "packages", "wo"], home), ["world"]);
  assert.deepEqual(await lines(["words", "packages", "x"], home), []);
  assert.deepEqual(await lines(["words", "packages", "stored@"], home), ["stored@2.0.0"]);
  assert.deepEqual(await lines(["words", "installed", ""], home), ["stored"]);
  assert.deepEqual(await lines(["words", "installed", "stored@2"], home), ["stored@2.0.0"]);
  assert.deepEqual(await lines(["words", "installed", "ed25519:"], home), [`${own}/stored`]);
  assert.deepEqual(await lines(["words", "installed", `${own}/stored@`], home), [
    `${own}/stored@2.0.0`,
  ]);
  assert.deepEqual(await lines(["words", "seeded"], home), ["@scope/tool"]);
  assert.deepEqual(await lines(["words", "seeded", "@scope/tool@"], home), ["@scope/tool@1.2.0"]);
  assert.deepEqual(await lines(["words", "seeded", "@scope/tool@2"], home), []);
  assert.deepEqual(await lines(["words", "publishers", "ed25519:"], home), [KEY]);
  assert.deepEqual(await lines(["words", "packages", "ed25519:"], home), [`${KEY}/world`]);
  assert.deepEqual(await lines(["words", "packages", `${KEY}/wo`], home), [`${KEY}/world`]);
  assert.deepEqual(await lines(["words", "packages", `${KEY}/x`], home), []);
  assert.deepEqual(await lines(["words", "publishers", "--json"], home), [
    JSON.stringify({ word: KEY }),
  ]);
});

Deno.test("words prints nothing without a home, and makes none", async () => {
  await using directory = await temporaryHome();
  const path = join(directory.path, "home");
  for (const kind of ["packages", "installed", "seeded", "publishers"]) {
    const { code, stdout, stderr } = await runCli(["words", kind, "--home", path], {});
    assert.deepEqual([code, stdout, stderr], [0, "", ""]);
  }
  assert.deepEqual([...Deno.readDirSync(directory.path)], []);
});

for (const shell of shells) {
  Deno.test({
    name: `${shell} completes commands, flags, names, keys, settings and files (${needed(shell)})`,
    ignore: !canComplete(shell),
    async fn() {
      await using home = await temporaryHome();
      await using other = await temporaryHome();
      await using directory = await temporaryHome();
      const own = await fill(home);
      await lines(["trust", "add", "-q", "elsewhere", KEY], other);
      const begun = KEY.slice(0, 12);
      const expected: [line: string, words: string[]][] = [
        ["libreseed depr", ["deprecate"]],
        ["libreseed help te", ["help", "testnet"]],
        ["libreseed get wor", ["get", "world"]],
        [`libreseed get ${begun}`, ["get", `${KEY}/world`]],
        [`libreseed info ${KEY}/wo`, ["info", `${KEY}/world`]],
        [`libreseed uninstall ${own}/st`, ["uninstall", `${own}/stored`]],
        [`libreseed uninstall ${own}/stored@`, ["uninstall", `${own}/stored@2.0.0`]],
        ["libreseed get --output x wor", ["get", "--output", "x", "world"]],
        ["libreseed uninstall st", ["uninstall", "stored"]],
        ["libreseed store ver", ["store", "verify"]],
        ["libreseed store verify st", ["store", "verify", "stored"]],
        ["libreseed remove @sc", ["remove", "@scope/tool"]],
        ["libreseed remove @scope/tool@", ["remove", "@scope/tool@1.2.0"]],
        ["libreseed trust add world ed", ["trust", "add", "world", KEY]],
        [`libreseed trust add world ${begun}`, ["trust", "add", "world", KEY]],
        [`libreseed verify --key ${begun}`, ["verify", "--key", KEY]],
        [`libreseed verify --key=${begun}`, ["verify", `--key=${KEY}`]],
        ["libreseed seed --encryption req", ["seed", "--encryption", "require"]],
        ["libreseed seed --encryption=req", ["seed", "--encryption=require"]],
        ["libreseed status --watch @sc", ["status", "--watch", "@scope/tool"]],
        ["libreseed seed --watch po", ["seed", "--watch", "poll"]],
        [`libreseed follow ${begun}`, ["follow", KEY]],
        [`libreseed unfollow ${begun}`, ["unfollow", KEY]],
        [`libreseed key revoke ${begun}`, ["key", "revoke", KEY]],
        ["libreseed yank stored@", ["yank", "stored@2.0.0"]],
        ["libreseed token sh", ["token", "show"]],
        ["libreseed completions zs", ["completions", "zsh"]],
        ["libreseed get --transport u", ["get", "--transport", "utp"]],
        ["libreseed seed --log-level de", ["seed", "--log-level", "debug"]],
        ["libreseed seed --no-dh", ["seed", "--no-dht"]],
        ["libreseed pack sour", ["pack", "source/"]],
        [
          `libreseed get --home ${other.path} els`,
          ["get", "--home", other.path, "elsewhere"],
        ],
        [`libreseed --home ${other.path} -q depr`, ["--home", other.path, "-q", "deprecate"]],
        [
          `libreseed --home ${other.path} get els`,
          ["--home", other.path, "get", "elsewhere"],
        ],
        [`libreseed --home=${other.path} get els`, [`--home=${other.path}`, "get", "elsewhere"]],
      ];
      const place = { directory: directory.path, home: home.path, cwd: home.path };
      const found = await completedIn(shell, expected.map(([line]) => line), place);
      for (const [i, [line, words]] of expected.entries()) {
        assert.deepEqual([line, found[i]], [line, words]);
      }
    },
  });
}
