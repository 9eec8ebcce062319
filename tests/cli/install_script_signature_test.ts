/** Tests how `scripts/install.sh` verifies the publisher's signature of a release. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { signatureFile } from "../../scripts/release_signature.ts";
import { formatPublicKey, keyPairFromSeed, type Signer } from "../../src/identity/mod.ts";
import { TestIdentity } from "../support/identities.ts";
import { type CliResult, runCli, type TemporaryHome, temporaryHome } from "../support/mod.ts";

const script = fileURLToPath(new URL("../../scripts/install.sh", import.meta.url));
const programName = `libreseed-${Deno.build.target}`;
const program = '#!/bin/sh\necho "libreseed 1.0.0"\n';
const sum = createHash("sha256").update(program).digest("hex");
const sums = `${"0".repeat(64)}  LICENSE\n${sum}  ${programName}\n`;
/** A time of which the certificates of these tests are made, Unix milliseconds. */
const past = 1_700_000_000_000;

const plain = keyPairFromSeed(new Uint8Array(32).fill(5));
const owner = new TestIdentity();
const ownKey = await owner.certify({ fromMs: past });
const otherKey = await new TestIdentity().certify({ fromMs: past });
const identity = owner.text;

/** Runs the installer with a web server that has the files of a release. */
async function install(
  files: Record<string, string | undefined>,
  { args = [], home, env, from = script }: {
    args?: string[];
    home: TemporaryHome;
    env?: Record<string, string>;
    from?: string;
  },
): Promise<CliResult> {
  const all: Record<string, string | undefined> = { [programName]: program, SHA256SUMS: sums };
  Object.assign(all, files);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const file = all[new URL(request.url).pathname.slice(1)];
    return file === undefined ? new Response("", { status: 404 }) : new Response(file);
  });
  try {
    const base = `http://127.0.0.1:${server.addr.port}`;
    return await runCli([...args, base], { program: ["sh", from], home, env });
  } finally {
    await server.shutdown();
  }
}

async function isInstalled(home: TemporaryHome): Promise<boolean> {
  return await Deno.stat(join(home.path, ".local/bin/libreseed")).then(() => true, () => false);
}

for (
  const [what, signer, key] of [
    ["a certified key", ownKey, identity],
    [
      "a key whose certificate has not ended",
      await owner.certify({ fromMs: past, untilMs: 9_000_000_000_000 }),
      identity,
    ],
    ["a key without a root key", plain, formatPublicKey(plain.publicKey)],
  ] as [string, Signer, string][]
) {
  Deno.test(`a release that is signed by ${what} is installed, and checked without a word`, async () => {
    await using home = await temporaryHome();
    const files = { "SHA256SUMS.sig": await signatureFile(signer, sums) };
    for (const args of [["--key", key], [`--key=${key}`]]) {
      const { code, stderr } = await install(files, { args, home });
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /not checked/);
      assert(await isInstalled(home));
    }
    // The key may also come from a variable, or be part of the script.
    const from = join(home.path, "install.sh");
    const text = await Deno.readTextFile(script);
    await Deno.writeTextFile(from, text.replace("\npublisher=\n", `\npublisher=${key}\n`));
    for (const options of [{ env: { INSTALL_KEY: key } }, { from }]) {
      const { code, stderr } = await install(files, { ...options, home });
      assert.equal(code, 0, stderr);
      assert.doesNotMatch(stderr, /not checked/);
    }
  });
}

const good = await signatureFile(ownKey, sums);
const [certificateLine, signatureLine] = good.trimEnd().split("\n") as [string, string];
const ended = await owner.certify({ fromMs: past, untilMs: past + 1 });
const limited = await owner.certify({ fromMs: past, names: ["@libreseed/*"] });
const refused: Record<string, [files: Record<string, string | undefined>, RegExp]> = {
  "without a signature": [{}, /cannot fetch .*SHA256SUMS\.sig/],
  "with an empty signature": [{ "SHA256SUMS.sig": "" }, /is not signed by ed25519:/],
  "with other sums than the signed ones": [
    { "SHA256SUMS.sig": good, SHA256SUMS: `${sums}${sum}  more\n` },
    /is not signed by ed25519:/,
  ],
  "that another publisher has signed": [
    { "SHA256SUMS.sig": await signatureFile(otherKey, sums) },
    /has not signed the certificate/,
  ],
  "whose certificate is another publisher's": [
    {
      "SHA256SUMS.sig": `${
        (await signatureFile(otherKey, sums)).split("\n")[0]
      }\n${signatureLine}\n`,
    },
    /has not signed the certificate/,
  ],
  "that is signed by a key without the certificate": [
    { "SHA256SUMS.sig": `${signatureLine}\n` },
    /is not signed by ed25519:/,
  ],
  "that is signed by another key than the certified one": [
    {
      "SHA256SUMS.sig": `${certificateLine}\n${
        (await signatureFile(otherKey, sums)).split("\n")[1]
      }\n`,
    },
    /is not signed by ed25519:/,
  ],
  "whose certificate has ended": [
    { "SHA256SUMS.sig": await signatureFile(ended, sums) },
    /certificate in SHA256SUMS\.sig has ended/,
  ],
  "whose certificate is limited to names": [
    { "SHA256SUMS.sig": await signatureFile(limited, sums) },
    /is not one for releases/,
  ],
  "with noise for a signature": [
    { "SHA256SUMS.sig": "certificate ? $(id)\nsignature ;;\n" },
    /has not signed the certificate/,
  ],
};
for (const [what, [files, pattern]] of Object.entries(refused)) {
  Deno.test(`a release ${what} is not installed`, async () => {
    await using home = await temporaryHome();
    const { code, stderr } = await install(files, { args: ["--key", identity], home });
    assert.equal(code, 1, stderr);
    assert.match(stderr, pattern);
    assert(!await isInstalled(home));
  });
}

Deno.test("a key that is none is refused", async () => {
  await using home = await temporaryHome();
  for (const key of ["x", "ed25519:", "ed25519:AAAA", `ed25519:${"?".repeat(44)}`]) {
    const { code, stderr } = await install({ "SHA256SUMS.sig": good }, {
      args: ["--key", key],
      home,
    });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /is no key/);
    assert(!await isInstalled(home));
  }
});

Deno.test("an installer that cannot check says so in one line, and installs", async () => {
  const cases: [string, string[], RegExp][] = [
    ["", [], /not checked: no key of the publisher is known \(--key\)\n/],
    ["missing", ["--key", identity], /not checked: openssl is not installed\n/],
    // An openssl that is too old for Ed25519.
    ["exit 1", ["--key", identity], /not checked: this openssl does not know Ed25519\n/],
  ];
  for (const [openssl, args, pattern] of cases) {
    await using home = await temporaryHome();
    const tools = join(home.path, "tools");
    await Deno.mkdir(tools);
    let path = `${tools}:${home.path}/.local/bin:${Deno.env.get("PATH")}`;
    if (openssl === "missing") {
      path = `${tools}:${home.path}/.local/bin`;
      for (const tool of "sh uname mkdir mktemp rm awk sha256sum cut chmod mv curl".split(" ")) {
        const { stdout } = await runCli(["-c", `command -v ${tool}`], { program: ["sh"] });
        await Deno.symlink(stdout.trim(), join(tools, tool));
      }
    } else if (openssl !== "") {
      await Deno.writeTextFile(join(tools, "openssl"), `#!/bin/sh\n${openssl}\n`, { mode: 0o755 });
    }
    const env = { PATH: path };
    const { code, stderr } = await install({ "SHA256SUMS.sig": good }, { args, home, env });
    assert.equal(code, 0, stderr);
    assert.match(stderr, pattern);
    assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    assert(await isInstalled(home));
  }
});
