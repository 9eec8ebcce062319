import assert from "node:assert/strict";
import { join } from "node:path";
import { formatPublicKey } from "../../src/identity/mod.ts";
import { parseMinimal } from "../../src/package/mod.ts";
import { runCli, temporaryHome } from "../support/mod.ts";
import { interopTest } from "../support/interop_test_case.ts";
import { libreseed, writePayload } from "./seeded_package.ts";

/** Runs a tool, and asserts that it succeeds with an empty standard error. */
async function tool(program: string, ...args: string[]) {
  const result = await runCli(args, { program: [program] });
  assert.equal(result.code, 0, result.stderr);
  assert.equal(result.stderr, "");
  return result;
}

/** Makes a home with a key, and an archive with `pack`. */
async function packedPackage(home: string) {
  await libreseed(["keygen", "--signing-only"], home);
  const dir = join(home, "package");
  await writePayload(dir);
  await Deno.chmod(join(dir, "README.md"), 0o755);
  const archive = join(home, "hello-1.0.0.tgz");
  const flags = ["--json", "--name=hello", "--version=1.0.0", `--out=${archive}`];
  return { dir, archive, packed: JSON.parse(await libreseed(["pack", ...flags, dir], home)) };
}

await interopTest(
  "openssl reads the same public key from the key file",
  ["openssl"],
  async () => {
    await using home = await temporaryHome();
    const publicKey = (await libreseed(["keygen", "--signing-only"], home.path)).trim();
    const path = join(home.path, "keys", "publisher.key");
    const { stdoutBytes } = await tool(
      "openssl",
      "pkey",
      "-in",
      path,
      "-pubout",
      "-outform",
      "DER",
    );
    // RFC 8410: a SubjectPublicKeyInfo in DER has 44 bytes; the last 32 are the Ed25519 key.
    assert.equal(stdoutBytes.length, 44);
    assert.equal(formatPublicKey(stdoutBytes.subarray(12)), publicKey);
    const { stdout } = await tool("openssl", "pkey", "-in", path, "-noout", "-text");
    assert.match(stdout, /^ED25519 Private-Key:/);
  },
);

await interopTest(
  "tar lists and unpacks an archive, and gzip finds no error",
  ["tar", "gzip", "diff"],
  async () => {
    await using home = await temporaryHome();
    const { dir, archive } = await packedPackage(home.path);
    await tool("gzip", "--test", archive);
    const { stdout } = await tool("tar", "-tzf", archive);
    assert.deepEqual(stdout.trim().split("\n"), ["manifest.json", "README.md", "lib/data.bin"]);
    const unpacked = join(home.path, "unpacked");
    await Deno.mkdir(unpacked);
    await tool("tar", "-xzf", archive, "-C", unpacked, "--exclude=manifest.json");
    await tool("diff", "--recursive", dir, unpacked);
    assert.equal((await Deno.stat(join(unpacked, "README.md"))).mode! & 0o777, 0o755);
    assert.equal((await Deno.stat(join(unpacked, "lib/data.bin"))).mode! & 0o777, 0o644);
  },
);

await interopTest(
  "sha256sum and stat agree with the minimal manifest",
  ["sha256sum", "stat"],
  async () => {
    await using home = await temporaryHome();
    const { archive, packed } = await packedPackage(home.path);
    const minimal = parseMinimal(await Deno.readFile(packed.minimal));
    const sum = (await tool("sha256sum", archive)).stdout.split(" ")[0];
    assert.equal(minimal.archiveSha256, `sha256:${sum}`);
    assert.equal((await tool("stat", "--format=%s", archive)).stdout.trim(), `${minimal.length}`);
  },
);

await interopTest(
  "transmission-show and aria2 read the torrent file with the infohash of the minimal manifest",
  ["transmission-show", "aria2c"],
  async () => {
    await using home = await temporaryHome();
    const { packed } = await packedPackage(home.path);
    const { btih } = parseMinimal(await Deno.readFile(packed.minimal));
    assert.equal(packed.infohash, btih);
    const shown = (await tool("transmission-show", packed.torrent)).stdout;
    assert.match(shown, new RegExp(`Hash: ${btih}`));
    assert.match(shown, /hello-1\.0\.0\.tgz/);
    const listed = (await tool("aria2c", "--no-conf", "--show-files", packed.torrent)).stdout;
    assert.match(listed, new RegExp(`Info Hash: ${btih}`));
  },
);
