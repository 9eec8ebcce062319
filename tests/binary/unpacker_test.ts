/**
 * Tests that the runtime confines a faulty unpacker, which writes to any path that an archive
 * names. The program is compiled from changed sources, without the check of paths.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatPublicKey, writeKeyFile } from "../../src/identity/mod.ts";
import { startTestnet } from "../../src/testnet/mod.ts";
import { freePort, runCli, spawnCli, temporaryHome } from "../support/mod.ts";
import { gzip, makeTar, manifestEntry, signer } from "../support/package_archives.ts";
import { binaryTest, keyPath } from "./support.ts";

const checkout = fileURLToPath(new URL("../../", import.meta.url));

/** Changes of the sources: file, a text that occurs in it once, and the replacement. */
const changes: readonly [file: string, text: string, replacement: string][] = [
  [
    "src/package/paths/path_rules.ts",
    "if (path.length > limits.maxPathBytes) return tooLong(path, limits);",
    "if (path.length > 0) return path.length;",
  ],
  // The directories above the target exist already.
  [
    "src/package/verifying/unpack.ts",
    "Deno.mkdirSync(directory);",
    'if (!path.endsWith("..")) Deno.mkdirSync(directory);',
  ],
];

/** Copies the sources, and removes the check of paths. */
async function copyWithoutCheck(to: string): Promise<void> {
  for (const name of ["src", "scripts", "main.ts", "deno.json", "deno.lock"]) {
    await copy(join(checkout, name), join(to, name));
  }
  await Deno.symlink(join(checkout, "node_modules"), join(to, "node_modules"));
  for (const [file, text, replacement] of changes) {
    const source = await Deno.readTextFile(join(to, file));
    assert.equal(source.split(text).length, 2, `${file} holds ${text} once`);
    await Deno.writeTextFile(join(to, file), source.replace(text, replacement));
  }
}

async function copy(from: string, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for (const { name } of Deno.readDirSync(from)) await copy(join(from, name), join(to, name));
}

/** Runs Deno in a directory. Returns the exit code and all output. */
async function deno(cwd: string, ...args: string[]): Promise<{ code: number; text: string }> {
  const command = new Deno.Command(Deno.execPath(), { args, cwd, stdin: "null" });
  const { code, stdout, stderr } = await command.output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

binaryTest("the runtime refuses an unpacker that leaves the directory of get -o", async () => {
  await using directory = await temporaryHome();
  const path = (...names: string[]) => join(directory.path, ...names);
  const [sources, program] = [path("sources"), path("program")];
  await Deno.mkdir(sources);
  await copyWithoutCheck(sources);
  const built = await deno(
    sources,
    "run",
    "-qA",
    "--no-check",
    "scripts/compile.ts",
    "--output",
    program,
  );
  assert.equal(built.code, 0, built.text);
  const makeArchive = async (name: string, evil: string) => {
    const files = { [evil]: "evil", "good": "good" };
    const entries = Object.entries(files).map(([name, contents]) => ({ name, contents }));
    const tar = await makeTar([manifestEntry(files, { name }), ...entries]);
    await Deno.writeFile(path(`${name}-1.0.0.tgz`), gzip(tar));
    return path(`${name}-1.0.0.tgz`);
  };
  const archive = await makeArchive("beside", "../../evil");
  // The rest of the store lies beside a package.
  const deeper = await makeArchive("above", "../../../../evil");

  // Without the runtime's permissions, this unpacker leaves the directory.
  await Deno.mkdir(path("outside"));
  const unpack = `
    import { verifyArchive } from "./src/package/mod.ts";
    await verifyArchive({ archivePath: Deno.args[0], unpackTo: Deno.args[1] });
  `;
  await Deno.writeTextFile(join(sources, "unpack.ts"), unpack);
  const target = path("outside", "got");
  const { text } = await deno(sources, "run", "-qA", "--no-check", "unpack.ts", archive, target);
  assert.equal(await Deno.readTextFile(path("outside", "evil")).catch(() => text), "evil");

  await using testnet = await startTestnet({ nodes: 20 });
  await writeKeyFile(keyPath(path("alice")), signer);
  const network = ["--bootstrap", testnet.bootstrap, "--allow-local"];
  const options = { program: [program] };
  await using seeder = spawnCli(
    ["seed", "--home", path("alice"), "--port", `${await freePort()}`, ...network],
    options,
  );
  await seeder.waitForLine(/^ready/, "stdout");
  for (const one of [archive, deeper]) {
    const { code, stderr } = await runCli(["publish", one, "--home", path("alice")], options);
    assert.equal(code, 0, stderr);
  }

  await Deno.mkdir(path("project"));
  const publisher = formatPublicKey(signer.publicKey);
  for (
    const args of [
      ["get", `${publisher}/beside`, "-o", "got"],
      ["get", `${publisher}/above`, "-o", "got"],
      ["install", `${publisher}/above`],
    ]
  ) {
    const { code, stderr } = await runCli(
      [...args, "--home", path("bob"), "--port", `${await freePort()}`, ...network],
      { ...options, cwd: path("project") },
    );
    assert.notEqual(code, 0, stderr);
    assert.match(stderr, /evil.*Requires write access/s);
  }
  assert.deepEqual([...Deno.readDirSync(path("project"))], []);
  for (const place of [path(), path("bob"), path("bob", "packages")]) {
    const names = [...Deno.readDirSync(place)].map(({ name }) => name);
    assert(!names.includes("evil"), place);
  }
});
