/** Tests `libreseed pack` and `libreseed verify` by running the program as a child process. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { contentHash, serializeFull, signFull } from "../../src/package/mod.ts";
import { TestIdentity } from "../support/identities.ts";
import { runCli, spawnCli, temporaryHome } from "../support/mod.ts";
import { gzip, makeTar, sha256 } from "../support/package_archives.ts";

/** Makes a home with a key, and a directory to pack. */
async function workplace() {
  const directory = await temporaryHome();
  const home = join(directory.path, "home");
  const { code, stdout } = await runCli(["keygen", "--signing-only", "-q", "--home", home]);
  assert.equal(code, 0);
  const source = join(directory.path, "my söurce");
  await Deno.mkdir(join(source, "sub"), { recursive: true });
  await Deno.writeTextFile(join(source, "package.json"), '{"name":"demo","version":"1.0.0"}');
  await Deno.writeTextFile(join(source, "sub", "ü b.txt"), "hello");
  const cwd = join(directory.path, "work");
  await Deno.mkdir(cwd);
  const run = (args: string[], env: Record<string, string> = {}) =>
    runCli(args, { cwd, home, env });
  return {
    ...{ home, source, cwd, run, publicKey: stdout.trimEnd() },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

Deno.test("pack prints only the archive's path, and writes manifest and torrent beside it", async () => {
  await using place = await workplace();
  const { code, stdout, stderr } = await place.run(["pack", place.source]);
  assert.equal(code, 0);
  assert.equal(stdout, `${join(await Deno.realPath(place.cwd), "demo-1.0.0.tgz")}\n`);
  assert.match(stderr, /^packed demo@1\.0\.0, /);
  const names = [...Deno.readDirSync(place.cwd)].map((entry) => entry.name).sort();
  assert.deepEqual(names, ["demo-1.0.0.minimal.json", "demo-1.0.0.tgz", "demo-1.0.0.torrent"]);
});

Deno.test("pack takes name, version and file from its flags, before or after the directory", async () => {
  await using place = await workplace();
  const one = await place.run([
    ...["pack", "-q", "--name", "@acme/x", "--version", "2.0.0-rc.1", place.source],
  ]);
  assert.deepEqual([one.code, one.stderr], [0, ""]);
  assert(one.stdout.endsWith("/@acme+x-2.0.0-rc.1.tgz\n"), one.stdout);
  const two = await place.run(["pack", place.source, "-q", "--version=2.0.0", "-o", "ö name.tgz"]);
  assert.equal(two.code, 0);
  assert(two.stdout.endsWith("/ö name.tgz\n"), two.stdout);
});

Deno.test("pack --json prints all data to fetch and verify the archive", async () => {
  await using place = await workplace();
  const { code, stdout } = await place.run(["pack", "--json", place.source]);
  assert.equal(code, 0);
  const packed = JSON.parse(stdout);
  assert.deepEqual(Object.keys(packed), [
    ...["name", "version", "path", "minimal", "torrent", "sha256", "infohash", "length", "magnet"],
  ]);
  assert.deepEqual([packed.name, packed.version], ["demo", "1.0.0"]);
  const archive = await Deno.readFile(packed.path);
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", archive)).toHex();
  assert.deepEqual([packed.sha256, packed.length], [sha256, archive.length]);
  const minimal = JSON.parse(await Deno.readTextFile(packed.minimal));
  assert.deepEqual([minimal.btih, minimal.pubkey], [packed.infohash, place.publicKey]);
  assert(packed.magnet.startsWith(`magnet:?xt=urn:btih:${packed.infohash}&`), packed.magnet);
  assert(packed.magnet.includes("&xs=urn:btpk:") && packed.magnet.includes("&s="), packed.magnet);
});

Deno.test("the same files give the same archive at any time", async () => {
  await using place = await workplace();
  const { stdout: one } = await place.run(["pack", place.source, "--out", "one.tgz"]);
  const { stdout: two } = await place.run(["pack", place.source, "--out", "two.tgz"]);
  assert.deepEqual(await Deno.readFile(one.trimEnd()), await Deno.readFile(two.trimEnd()));
});

Deno.test("pack fails with a reason and the exit code of its kind", async () => {
  await using place = await workplace();
  const cases: [string[], number, string, Record<string, string>?][] = [
    [["pack", "nowhere"], 3, "nowhere"],
    [["pack", place.source, "--version", "one"], 2, "one"],
    [["pack", place.source, "--name", "No Name"], 2, "No Name"],
    [["pack", place.source, "--out", "x.zip"], 2, ".tgz"],
    [["pack", place.source, "--max-files", "1"], 1, "more than 1"],
    [["pack", place.source], 2, "SOURCE_DATE_EPOCH", { SOURCE_DATE_EPOCH: "yesterday" }],
    [["pack", place.source, "--home", "/nonexistent"], 3, "libreseed keygen"],
  ];
  for (const [args, expected, part, env] of cases) {
    const { code, stdout, stderr } = await place.run(args, env);
    assert.equal(code, expected, `${args}: ${stderr}`);
    assert.equal(stdout, "");
    assert(stderr.startsWith("libreseed: ") && stderr.includes(part), stderr);
  }
  assert.deepEqual([...Deno.readDirSync(place.cwd)], []);
});

Deno.test("verify prints a verdict per file, and says when it checked only the inner half", async () => {
  await using place = await workplace();
  await place.run(["pack", "-q", place.source, "--out=-a b.tgz"]);
  const whole = await place.run(["verify", "--", "-a b.tgz"]);
  assert.deepEqual([whole.code, whole.stderr], [0, ""]);
  assert.equal(
    whole.stdout,
    `-a b.tgz: ok demo@1.0.0 ${place.publicKey}
`,
  );
  await Deno.remove(join(place.cwd, "-a b.minimal.json"));
  const half = await place.run(["verify", "./-a b.tgz"]);
  assert.equal(half.code, 0);
  assert.equal(
    half.stdout,
    `./-a b.tgz: ok (inner half only, no minimal manifest) demo@1.0.0 ${place.publicKey}\n`,
  );
});

Deno.test("verify exits with 4 if all archives fail, and with 7 if some do", async () => {
  await using place = await workplace();
  await place.run(["pack", "-q", place.source, "--out", "good.tgz"]);
  await place.run(["pack", "-q", place.source, "--out", "bad.tgz"]);
  const path = join(place.cwd, "bad.tgz");
  const bytes = await Deno.readFile(path);
  bytes[bytes.length >> 1]! ^= 1;
  await Deno.writeFile(path, bytes);
  const bad = await place.run(["verify", "bad.tgz"]);
  assert.equal(bad.code, 4);
  assert.match(bad.stdout, /^bad\.tgz: failed at archive-hash: .+\n$/);
  assert.equal(bad.stderr, "");
  const mixed = await place.run(["verify", "bad.tgz", "good.tgz", "gone.tgz", "-q"]);
  assert.equal(mixed.code, 7);
  const lines = mixed.stdout.trimEnd().split("\n");
  assert.deepEqual(lines.map((line) => line.split(":")[0]), ["bad.tgz", "good.tgz", "gone.tgz"]);
  assert.equal((await place.run(["verify", "bad.tgz", "bad.tgz"])).code, 4);
  assert.equal((await place.run(["verify", "gone.tgz"])).code, 3);
});

Deno.test("a damaged minimal manifest fails the verification and does not count as missing", async () => {
  await using place = await workplace();
  await place.run(["pack", "-q", place.source, "--out", "a.tgz"]);
  const cases: [Uint8Array, number][] = [
    [new Uint8Array(0), 4],
    [new TextEncoder().encode("{}"), 4],
    [new Uint8Array([0xff]), 4],
    [new Uint8Array(100_000), 1],
  ];
  for (const [spoilt, expected] of cases) {
    await Deno.writeFile(join(place.cwd, "a.minimal.json"), spoilt);
    const { code, stdout } = await place.run(["verify", "a.tgz"]);
    assert.equal(code, expected, stdout);
    assert.match(stdout, /^a\.tgz: failed at /);
  }
});

Deno.test("verify --key requires a publisher", async () => {
  await using place = await workplace();
  await place.run(["pack", "-q", place.source, "--out", "a.tgz"]);
  assert.equal((await place.run(["verify", "a.tgz", "--key", place.publicKey])).code, 0);
  const other = await place.run(["verify", "a.tgz", "--key", "00".repeat(32)]);
  assert.equal(other.code, 4);
  assert.match(other.stdout, /^a\.tgz: failed at minimal-signature: /);
  await Deno.remove(join(place.cwd, "a.minimal.json"));
  assert.equal((await place.run(["verify", "a.tgz", "--key", "00".repeat(32)])).code, 4);
  const nonsense = await place.run(["verify", "a.tgz", "--key", "nonsense"]);
  assert.deepEqual([nonsense.code, nonsense.stdout], [2, ""]);
});

Deno.test("verify --json prints one object per file", async () => {
  await using place = await workplace();
  await place.run(["pack", "-q", place.source, "--out", "a.tgz"]);
  const { code, stdout, stderr } = await place.run(["verify", "--json", "a.tgz", "gone.tgz"]);
  assert.equal(code, 7);
  assert.equal(stderr, "");
  const [good, bad] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(good, {
    ...{ file: "a.tgz", ok: true, name: "demo", version: "1.0.0" },
    ...{ publicKey: place.publicKey, complete: true, unpackedBytes: 38 },
  });
  assert.deepEqual(Object.keys(bad), ["file", "ok", "step", "code", "message"]);
  assert.deepEqual([bad.file, bad.ok, bad.code], ["gone.tgz", false, "ARCHIVE_NOT_FOUND"]);
});

Deno.test("Ctrl-C ends pack with 130 and leaves nothing behind", async () => {
  await using place = await workplace();
  // A sparse file: its holes read as zeros. Packing takes long, but the file needs no disk space.
  const big = await Deno.create(join(place.source, "big"));
  await big.truncate(8 * 1024 ** 3);
  big.close();
  await using packing = spawnCli(["pack", place.source, "--max-ratio", "2000"], {
    cwd: place.cwd,
    home: place.home,
  });
  while ([...Deno.readDirSync(place.cwd)].length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  packing.kill("SIGINT");
  const { code, stdout, stderr } = await packing.result;
  assert.deepEqual([code, stdout, stderr], [130, "", ""]);
  assert.deepEqual([...Deno.readDirSync(place.cwd)], []);
});

Deno.test("SIGTERM ends verify with 143 while it reads an archive", async () => {
  await using place = await workplace();
  const many = join(place.source, "many");
  await Deno.mkdir(many);
  for (let i = 0; i < 3_000; i++) Deno.writeTextFileSync(join(many, `${i}`), "");
  const { code, stdout } = await place.run(["pack", place.source]);
  assert.equal(code, 0);
  // The archive is listed 500 times, so that `verify` is still running when the signal arrives.
  const archives = Array<string>(500).fill(stdout.trim());
  const verifying = spawnCli(["verify", "-v", ...archives], { cwd: place.cwd, home: place.home });
  await using _ended = verifying;
  await verifying.waitForLine(/: full-manifest$/, "stderr");
  verifying.kill("SIGTERM");
  const result = await verifying.result;
  assert.equal(result.code, 143);
  assert.ok(result.stdout.split("\n").length < 500, "all were verified");
});

Deno.test("verify names a wrong unpacked size, and passes the archive all the same", async () => {
  await using place = await workplace();
  const signer = await new TestIdentity().certify();
  const files = { "a.txt": sha256("hello") };
  const fields = { name: "hello", version: "1.0.0", files, contentHash: contentHash(files) };
  for (const [claimed, isWrong] of [[5, false], [6, true]] as const) {
    const full = await signFull({ ...fields, ext: { unpackedBytes: claimed } }, signer);
    const tar = await makeTar([
      { name: "manifest.json", contents: serializeFull(full) },
      { name: "a.txt", contents: "hello" },
    ]);
    await Deno.writeFile(join(place.cwd, "hello.tgz"), gzip(tar));
    const { code, stdout, stderr } = await place.run(["verify", "--json", "hello.tgz"]);
    assert.equal(code, 0, stderr);
    const { ok, unpackedBytes, claimedUnpackedBytes } = JSON.parse(stdout);
    assert.deepEqual([ok, unpackedBytes, claimedUnpackedBytes], [true, 5, isWrong ? 6 : undefined]);
    const text = await place.run(["verify", "hello.tgz"]);
    assert.equal(
      /claims that the files have 6 bytes together, but they have 5/.test(text.stderr),
      isWrong,
    );
  }
});
