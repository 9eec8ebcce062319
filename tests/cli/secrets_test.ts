/**
 * Tests secrets in directories that are packed, by running the program as a child process: `pack`
 * refuses secrets, a dry run lists secrets, `--allow-secret` permits single paths.
 */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { dirname, join } from "node:path";
import { runCli, temporaryHome } from "../support/mod.ts";

/** Generates a private key, in PEM, that protects nothing. */
function pem(): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

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
  const run = (args: string[]) => runCli(args, { cwd: source, env });
  await run(["keygen", "--signing-only"]);
  return {
    ...{ path, source, run },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

const described = { "package.json": '{"name":"hello","version":"1.0.0"}' };

Deno.test("pack refuses secrets with exit code 1, names each, and writes nothing", async () => {
  await using place = await workplace({ ...described, "a/server.key": pem(), "x.txt": pem() });
  const { code, stdout, stderr } = await place.run(["pack", ".", "-o", "../a.tgz", "--json"]);
  assert.deepEqual([code, stdout], [1, ""], stderr);
  const { error } = JSON.parse(stderr.trimEnd().split("\n").at(-1)!);
  assert.equal(error.code, "SECRET_FOUND");
  assert.deepEqual(error.detail.secrets.map(({ path }: { path: string }) => path), [
    "a/server.key",
    "x.txt",
  ]);
  assert.match(error.message, /--allow-secret PATH/);
  assert.deepEqual(
    Array.from(Deno.readDirSync(place.path), ({ name }) => name).sort(),
    [".libreseed", "source"],
  );
});

Deno.test("--allow-secret accepts a secret at one path and may be repeated", async () => {
  await using place = await workplace({ ...described, "a/server.key": pem(), "x.txt": pem() });
  const one = await place.run(["pack", ".", "-o", "../a.tgz", "--allow-secret", "x.txt"]);
  assert.equal(one.code, 1);
  assert(one.stderr.includes("a/server.key") && !one.stderr.includes('"x.txt"'), one.stderr);
  const both = ["--allow-secret", "x.txt", "--allow-secret=a/server.key"];
  const two = await place.run(["pack", ".", "-o", "../a.tgz", ...both]);
  assert.equal(two.code, 0, two.stderr);
});

Deno.test("a dry run lists the files, then the secrets, and exits with 1", async () => {
  await using place = await workplace({ ...described, "b.js": "b", "server.key": pem() });
  for (const command of ["pack", "publish"]) {
    const { code, stdout, stderr } = await place.run([command, "--dry-run", ".", "--json"]);
    assert.equal(code, 1, stderr);
    const { files, secrets } = JSON.parse(stdout);
    assert.equal(files.length, 3);
    assert.deepEqual(secrets, [{ path: "server.key", kind: "private key" }]);
    assert.match(stderr, /SECRET_FOUND/);
    const allowed = [command, "--dry-run", ".", "--allow-secret", "server.key", "--json"];
    const fine = await place.run(allowed);
    assert.deepEqual([fine.code, JSON.parse(fine.stdout).secrets], [0, []], fine.stderr);
  }
});

Deno.test("a dry run of an archive names the secrets in it", async () => {
  await using place = await workplace({ ...described, "server.key": pem() });
  const packed = await place.run(["pack", ".", "-o", "../a.tgz", "--allow-secret", "server.key"]);
  assert.equal(packed.code, 0, packed.stderr);
  const { code, stdout, stderr } = await place.run(["publish", "--dry-run", "../a.tgz"]);
  assert.equal(code, 1);
  assert.match(stdout, /\tserver\.key$/m);
  assert.match(stderr, /server\.key.*private key/);
});

Deno.test("secrets in excluded files are no obstacle", async () => {
  await using place = await workplace({
    ...described,
    ".gitignore": "*.key\n.env\n",
    "server.key": pem(),
    ".env": "PASSWORD=hunter2\n",
    ".npmrc": "//r/:_authToken=abc\n",
    "a.js": "a",
  });
  const { code, stderr } = await place.run(["pack", ".", "-o", "../a.tgz"]);
  assert.equal(code, 0, stderr);
});

Deno.test("another home in the directory is refused, and the home in use is left out", async () => {
  await using place = await workplace({ ...described, "a.js": "a" });
  await place.run(["keygen", "--signing-only", "--home", "./one"]);
  await place.run(["keygen", "--signing-only", "--home", "./deep/other"]);
  const { code, stderr } = await place.run(["pack", ".", "-o", "../a.tgz", "--home", "./one"]);
  assert.equal(code, 1);
  assert(stderr.includes("deep/other/keys/publisher.key"), stderr);
  assert(!stderr.includes('"one/'), stderr);
});

Deno.test("pack, publish and add warn of an --allow-secret that matches no file", async () => {
  await using place = await workplace({ ...described, "server.key": pem() });
  const told = /--allow-secret sever\.key matches no file/;
  const mistyped = ["--allow-secret", "sever.key"];
  const refused = await place.run(["pack", ".", "-o", "../a.tgz", ...mistyped]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, told);
  const both = [...mistyped, "--allow-secret", "./server.key"];
  for (
    const args of [
      ["pack", "--dry-run", ".", ...both],
      ["pack", ".", "-o", "../a.tgz", ...both],
      ["publish", "--dry-run", ".", ...both],
      ["publish", "--dry-run", "../a.tgz", ...both],
      ["add", "../a.tgz", ...both],
    ]
  ) {
    const { code, stderr } = await place.run(args);
    assert.equal(code, 0, stderr);
    assert.match(stderr, told, args.join(" "));
    assert.doesNotMatch(stderr, /allow-secret \.\/server\.key/);
  }
});

Deno.test("a refused add creates no home, and a successful one does", async () => {
  await using place = await workplace({ ...described, "server.key": pem() });
  const packed = await place.run([
    ...["pack", ".", "-o", "../a.tgz"],
    ...["--allow-secret", "server.key"],
  ]);
  assert.equal(packed.code, 0, packed.stderr);
  const home = join(place.path, "new");
  const refusals = [["../a.tgz", 1], ["../none.tgz", 3], ["package.json", 2]] as const;
  for (const [file, expected] of refusals) {
    const { code, stderr } = await place.run(["add", file, "--home", home]);
    assert.equal(code, expected, stderr);
    await assert.rejects(Deno.stat(home), Deno.errors.NotFound);
  }
  const added = await place.run([
    "add",
    "../a.tgz",
    "--allow-secret",
    "server.key",
    "--home",
    home,
  ]);
  assert.equal(added.code, 0, added.stderr);
  assert((await Deno.stat(home)).isDirectory);
});

Deno.test("pack notes the archives that it has searched, and none in which a secret was allowed", async () => {
  await using place = await workplace({ ...described, "server.key": pem() });
  const allowed = ["pack", ".", "-o", "../a.tgz", "--allow-secret", "server.key"];
  const one = await place.run(allowed);
  assert.equal(one.code, 0, one.stderr);
  const log = join(place.path, ".libreseed", "searched.log");
  await assert.rejects(Deno.stat(log), Deno.errors.NotFound);
  await Deno.remove(join(place.source, "server.key"));
  const two = await place.run(["pack", ".", "-o", "../b.tgz", "--json"]);
  assert.equal(two.code, 0, two.stderr);
  const { sha256 } = JSON.parse(two.stdout);
  const [line, ...rest] = (await Deno.readTextFile(log)).split("\n");
  assert.match(line!, new RegExp(`^sha256:${sha256} \\d+\\.\\d+\\.\\d+`));
  assert.deepEqual(rest, [""]);
});
