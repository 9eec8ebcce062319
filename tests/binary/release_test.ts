/** Tests a release: it is built, published with its own program, and downloaded. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import manifest from "../../deno.json" with { type: "json" };
import { build } from "../../scripts/compile.ts";
import { debianVersion } from "../../scripts/deb.ts";
import { startTestnet } from "../../src/testnet/mod.ts";
import { isInstalled } from "../support/installed.ts";
import { type CliResult, freePort, runCli, spawnCli, temporaryHome } from "../support/mod.ts";
import { binary, binaryTest, makeKey } from "./support.ts";

const script = fileURLToPath(new URL("../../scripts/release.ts", import.meta.url));
const host = Deno.build.target;
const programName = `libreseed-${host}`;
/** A compilation target that Deno does not support. */
const impossible = "pdp11-unknown-unix";

const debName = `libreseed_${debianVersion(manifest.version)}_${
  Deno.build.arch === "x86_64" ? "amd64" : "arm64"
}.deb`;

const runtime = Deno.env.get("DENORT_BIN");

function release(args: string[]): Promise<CliResult> {
  return runCli(args, {
    program: [Deno.execPath(), "run", "-q", "-A", script],
    env: { HOME: Deno.env.get("HOME")!, ...(runtime !== undefined && { DENORT_BIN: runtime }) },
    timeoutMs: 600_000,
  });
}

async function sha256(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}

binaryTest(
  "a release is built, published with its own program, and downloaded by its magnet link",
  async () => {
    await using directory = await temporaryHome();
    await using testnet = await startTestnet({ nodes: 20 });
    const [out, alice, bob] = ["out", "alice", "bob"].map((name) => join(directory.path, name));
    await makeKey(alice!);
    const network = ["--bootstrap", testnet.bootstrap, "--allow-local"];
    const port = ["--port", `${await freePort()}`];

    const made = await release([
      ...["--targets", host, "--out", out!, "--deb-level", "1", "--"],
      ...["--home", alice!, ...port, ...network],
    ]);
    assert.equal(made.code, 0, made.stderr);
    const [what, magnet] = made.stdout.trim().split("\t");
    assert.equal(what, `${manifest.name}@${manifest.version}`);
    assert.match(magnet!, /^magnet:\?xt=urn:btih:/);

    const names = [...Deno.readDirSync(out!)].map(({ name }) => name).sort();
    const debs = isInstalled("dpkg-deb") ? [debName] : [];
    const expectedNames = ["LICENSE", "install.sh", programName, ...debs].sort();
    assert.deepEqual(names, [...expectedNames, "SHA256SUMS", "SHA256SUMS.sig"].sort());
    const sums = await Deno.readTextFile(join(out!, "SHA256SUMS"));
    const expected = expectedNames
      .map(async (name) => `${await sha256(join(out!, name))}  ${name}\n`);
    assert.equal(sums, (await Promise.all(expected)).join(""));

    await using seeder = spawnCli(["seed", "--home", alice!, ...port, ...network], {
      program: [join(out!, programName)],
      timeoutMs: 600_000,
    });
    await seeder.waitForLine(/^ready/, "stdout");
    const got = join(directory.path, "got");
    const { code, stderr } = await runCli(
      ["get", magnet!, "-o", got, "--home", bob!, "--port", `${await freePort()}`, ...network],
      { program: [join(out!, programName)], timeoutMs: 600_000 },
    );
    assert.equal(code, 0, stderr);
    assert.equal(await sha256(join(got, programName)), await sha256(join(out!, programName)));
    const { stdout } = await runCli(["version"], { program: [join(got, programName)] });
    assert.equal(stdout, `libreseed ${manifest.version}\n`);

    // The build is reproducible: the same sources give the same bytes.
    const { path } = await build({ output: join(directory.path, "libreseed") });
    assert.equal(await sha256(path), await sha256(join(out!, programName)));
  },
);

binaryTest(
  "a release names a target that cannot be built and fails, except with --partial",
  async () => {
    await using directory = await temporaryHome();
    const out = join(directory.path, "out");
    const targets = ["--targets", `${impossible},${host}`, "--out", out, "--no-deb"];
    const failed = await release([...targets, "--no-publish"]);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, new RegExp(`^release: not made for ${impossible}; nothing`, "m"));
    assert(![...Deno.readDirSync(out)].some(({ name }) => name === "SHA256SUMS"));

    const again = await release([...targets, "--no-publish", "--partial"]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /out is not empty/);

    await Deno.remove(out, { recursive: true });
    const partial = await release([...targets, "--no-publish", "--partial"]);
    assert.equal(partial.code, 0, partial.stderr);
    assert.match(partial.stderr, new RegExp(`^release: ${impossible} could not be built`, "m"));
    assert.match(await Deno.readTextFile(join(out, "SHA256SUMS")), new RegExp(programName));
  },
);

binaryTest(
  "a release without a program for this machine cannot be published",
  async () => {
    await using directory = await temporaryHome();
    const out = join(directory.path, "out");
    const { code, stderr } = await release(["--targets", impossible, "--out", out]);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`the program for ${host} that publishes`));
  },
);

binaryTest("the program's glibc version and size are those in the docs", async () => {
  const bytes = await Deno.readFile(binary);
  assert.equal(Math.round(bytes.length / 1e6), 110);
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 64 << 20)) +
    new TextDecoder("latin1").decode(bytes.subarray(64 << 20));
  // In the program file, the name of a symbol version ends in a zero byte. The same text elsewhere
  // does not.
  const versions = [...text.matchAll(/\0GLIBC_2\.(\d+)(?:\.\d+)?(?=\0)/g)].map(([, minor]) =>
    Number(minor)
  );
  assert(versions.length > 0 && Math.max(...versions) <= 27, `${versions}`);
}, { ignore: Deno.build.os !== "linux" });
