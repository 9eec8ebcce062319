/**
 * Tests which files `pack` and `publish` select, and the output of `--dry-run`, by running the
 * program as a child process.
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { extract } from "tar-stream";
import { runCli, temporaryHome } from "../support/mod.ts";

/** Makes a working directory, which is the user's home directory too. */
async function workplace(files: Record<string, string>) {
  const directory = await temporaryHome();
  const path = await Deno.realPath(directory.path);
  const source = join(path, "source");
  for (const [name, contents] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(source, name)), { recursive: true });
    await Deno.writeTextFile(join(source, name), contents);
  }
  const env = { HOME: path, LIBRESEED_DHT: "false", LIBRESEED_PORT: "0" };
  const run = (args: string[], cwd = source) => runCli(args, { cwd, env });
  return {
    ...{ path, source, run },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** Lists the paths in an archive, except its manifest. */
async function pathsIn(archive: string): Promise<string[]> {
  const tar = extract();
  tar.end(gunzipSync(await Deno.readFile(archive)));
  const paths: string[] = [];
  for await (const entry of tar) {
    paths.push(entry.header.name);
    entry.resume();
  }
  return paths.slice(1);
}

const described = { "package.json": '{"name":"hello","version":"1.0.0"}' };

Deno.test("pack leaves out the home and the default home when they lie in the packed directory", async () => {
  await using place = await workplace({ ...described, "a.js": "a" });
  for (const home of [["--home", "./.libreseed"], ["--home", "my home"]]) {
    assert.equal((await place.run(["keygen", "--signing-only", ...home])).code, 0);
    const { code, stderr } = await place.run(["pack", "-v", ".", "-o", "../a.tgz", ...home]);
    assert.equal(code, 0, stderr);
    assert(stderr.includes(`left out ${home[1]!.replace("./", "")}`), stderr);
    assert.deepEqual(await pathsIn(join(place.path, "a.tgz")), ["a.js", "package.json"]);
    await Deno.remove(join(place.source, home[1]!), { recursive: true });
  }
  // The default libreseed home lies in the user's home directory.
  await Deno.writeTextFile(join(place.path, "package.json"), described["package.json"]);
  assert.equal((await place.run(["keygen", "--signing-only"])).code, 0);
  const all = ["pack", place.path, "--include-ignored", "-o", "../b.tgz"];
  const packed = await place.run(all);
  assert.equal(packed.code, 0, packed.stderr);
  const paths = await pathsIn(join(place.path, "b.tgz"));
  assert(paths.includes("source/a.js"), paths.join());
  assert(!paths.some((path) => path.includes(".libreseed")), paths.join());
  // The default libreseed home is excluded from the package even if the command uses another home.
  const other = join(place.source, "other");
  assert.equal((await place.run(["keygen", "--signing-only", "--home", other])).code, 0);
  const again = await place.run([...all, "--home", other]);
  assert.equal(again.code, 0, again.stderr);
  assert(
    !(await pathsIn(join(place.path, "b.tgz"))).some((path) => path.includes("publisher.key")),
  );
  const itself = await place.run([
    ...["pack", join(place.path, ".libreseed"), "--dry-run", "--name=a", "--version=1.0.0"],
  ]);
  assert.deepEqual([itself.code, itself.stdout], [2, ""]);
  assert.match(itself.stderr, /belongs to libreseed/);
});

Deno.test("a dry run lists paths and bytes, and needs and creates neither home nor archive", async () => {
  await using place = await workplace({
    ...described,
    "src/a b.js": "12345",
    "secret.txt": "s",
    "node_modules/x/i.js": "x",
    ".npmignore": "secret.txt\n",
  });
  for (const command of ["pack", "publish"]) {
    const { code, stdout, stderr } = await place.run([command, ".", "--dry-run"]);
    assert.deepEqual([code, stdout], [0, "34\tpackage.json\n5\tsrc/a b.js\n"], stderr);
    assert.equal(stderr, "hello@1.0.0: 2 files, 39 B\n");
    const json = await place.run([command, ".", "--dry-run", "--json", "-q"]);
    assert.deepEqual(JSON.parse(json.stdout), {
      name: "hello",
      version: "1.0.0",
      files: [{ path: "package.json", bytes: 34 }, { path: "src/a b.js", bytes: 5 }],
      bytes: 39,
      leftOut: [".npmignore", "node_modules", "secret.txt"],
      secrets: [],
    });
    const all = await place.run([
      command,
      ".",
      "--dry-run",
      "--include-ignored",
      "--version=2.0.0",
    ]);
    assert.match(all.stdout, /^1\tnode_modules\/x\/i\.js$/m);
    assert.equal(all.stderr, "hello@2.0.0: 5 files, 52 B\n");
  }
  assert.deepEqual([...Deno.readDirSync(place.path)].map(({ name }) => name), ["source"]);
  assert.equal([...Deno.readDirSync(place.source)].length, 5);
});

Deno.test("a dry run of several paths continues after a failing one, as publish does", async () => {
  await using place = await workplace({ ...described, ".gitignore": "*\n", "a.js": "a" });
  const good = join(place.path, "good");
  await Deno.mkdir(good);
  await Deno.writeTextFile(join(good, "package.json"), '{"name":"good","version":"1.0.0"}');
  const paths = ["publish", "--dry-run", place.source, "nowhere", good];
  const { code, stdout, stderr } = await place.run(paths);
  assert.deepEqual([code, stdout], [7, "33\tpackage.json\n"], stderr);
  assert.match(stderr, /^libreseed: .*\.gitignore leaves out the rest of .*source/m);
  assert.match(stderr, /^libreseed: .*nowhere/m);
});

Deno.test("a dry run lists the files of an archive, and refuses an archive of npm", async () => {
  await using place = await workplace({ ...described, "a.js": "abc" });
  assert.equal((await place.run(["keygen", "--signing-only"])).code, 0);
  assert.equal((await place.run(["pack", ".", "-o", "../a.tgz"])).code, 0);
  const { code, stdout, stderr } = await place.run(["publish", "--dry-run", "../a.tgz"]);
  assert.deepEqual([code, stdout], [0, "3\ta.js\n34\tpackage.json\n"], stderr);
  assert.equal((await place.run(["pack", "--dry-run", "../a.tgz"])).code, 2);
  await Deno.mkdir(join(place.path, "package"));
  await Deno.writeTextFile(join(place.path, "package", "index.js"), "x");
  for (const name of ["npm.tgz", "npm.tar.gz"]) {
    const tar = new Deno.Command("tar", { args: ["czf", name, "package"], cwd: place.path });
    assert((await tar.output()).success);
    for (const command of [["publish", "--dry-run"], ["publish"], ["add"]]) {
      const refused = await place.run([...command, join("..", name)]);
      assert.deepEqual([refused.code, refused.stdout], [1, ""], refused.stderr);
      assert.match(refused.stderr, /tarball of npm.*: unpack it, then publish the directory/);
    }
    const verified = await place.run(["verify", join("..", name)]);
    assert.equal(verified.code, 4);
    assert.match(verified.stdout, /failed at full-manifest: .*tarball of npm/);
  }
});

Deno.test("pack warns of every name that is invalid on Windows, and packs it", async () => {
  await using place = await workplace({ ...described, "a:b": "1", "sub/nul.txt": "2", "ok": "3" });
  assert.equal((await place.run(["keygen", "--signing-only"])).code, 0);
  const { code, stderr } = await place.run(["pack", "."]);
  assert.equal(code, 0);
  assert.match(
    stderr,
    /^libreseed: warning: cannot be unpacked on Windows: "a:b" .*"sub\/nul\.txt"/,
  );
  const dry = await place.run(["pack", ".", "--dry-run", "-q"]);
  assert.match(dry.stderr, /warning: .*"a:b"/);
});

Deno.test("pack and publish warn of an ignore file without effect", async () => {
  const files = { "package.json": '{"name":"a","version":"1.0.0","files":["a.js"]}', "a.js": "1" };
  await using place = await workplace({ ...files, ".libreseedignore": "a.js\n" });
  assert.equal((await place.run(["keygen", "--signing-only"])).code, 0);
  for (const args of [["pack", "."], ["pack", ".", "--dry-run"], ["publish", "."]]) {
    const { stderr } = await place.run(args);
    assert.match(stderr, /warning: \.libreseedignore has no effect: `files` of package\.json/);
  }
});

Deno.test("pack and publish warn of dependencies of npm, which they do not read", async () => {
  const names = ["a", "b", "c", "d", "e\u001b[31m", "f", "g"];
  const dependencies = Object.fromEntries(names.map((name) => [name, "^1"]));
  const about = { name: "a", version: "1.0.0", dependencies };
  await using place = await workplace({ "package.json": JSON.stringify(about), "a.js": "1" });
  assert.equal((await place.run(["keygen", "--signing-only"])).code, 0);
  for (const args of [["pack", "."], ["pack", ".", "--dry-run"], ["publish", "."]]) {
    const { stderr } = await place.run(args);
    assert.match(
      stderr,
      /warning: `dependencies` of package\.json are npm's and are not read: a, b, c, d, e\S* and 2 more/,
    );
    assert(!stderr.includes("\u001b"), "a terminal would obey the name");
  }
  const known = JSON.stringify({ ...about, libreseed: { dependencies: {} } });
  await Deno.writeTextFile(join(place.source, "package.json"), known);
  const { stderr } = await place.run(["pack", "."]);
  assert(!stderr.includes("warning"), stderr);
});

Deno.test("a stale ignore file that hides everything is named", async () => {
  await using place = await workplace({ ...described, "a.js": "1", ".libreseedignore": "*\n" });
  assert.equal((await place.run(["keygen", "--signing-only"])).code, 0);
  for (const args of [["pack", "."], ["publish", "."], ["pack", ".", "--dry-run"]]) {
    const { code, stdout, stderr } = await place.run(args);
    assert.deepEqual([code, stdout], [1, ""], stderr);
    assert.match(stderr, /Nothing but package\.json would go into.*\.libreseedignore leaves out/);
  }
  assert.equal((await place.run(["pack", ".", "--include-ignored"])).code, 0);
});
