/**
 * Tests that the publisher's private key never reaches another thread while the compiled program
 * publishes.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { startTestnet } from "../../src/testnet/mod.ts";
import { freePort, runCli, spawnCli, type TemporaryHome, temporaryHome } from "../support/mod.ts";
import { binary, binaryTest, buildProbe, keyPath, makeKey, packageSource } from "./support.ts";

let directory: TemporaryHome;
let probe: string;

if (binary !== "") {
  Deno.test.beforeAll(async () => {
    directory = await temporaryHome();
    probe = await buildProbe(directory.path);
  });
  Deno.test.afterAll(() => directory.remove());
}

/**
 * Returns the 32 secret bytes of an Ed25519 key in PEM. They are the last bytes of the PKCS #8
 * structure.
 */
function secretOf(pem: string): Uint8Array {
  const body = pem.split("\n").filter((line) => line !== "" && !line.startsWith("-----")).join("");
  return Uint8Array.fromBase64(body).slice(-32);
}

/**
 * Encodes bytes as text in all common forms: hexadecimal, and base64 at each of the three
 * alignments.
 */
function formsOf(bytes: Uint8Array): string[] {
  const base64 = [0, 1, 2].map((before) => {
    const shifted = new Uint8Array(before + bytes.length);
    shifted.set(bytes, before);
    // The first and last base64 digits are omitted where they depend on neighbouring bytes.
    return shifted.toBase64().replace(/=+$/, "").slice(before === 0 ? 0 : before + 1, -1);
  });
  const url = base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"));
  return [bytes.toHex(), bytes.toHex().toUpperCase(), ...base64, ...url];
}

/** Returns the textual forms of `bytes` (hexadecimal, base64) that occur in the text. */
function found(text: string, bytes: Uint8Array): string[] {
  return formsOf(bytes).filter((form) => text.includes(form));
}

binaryTest("the scan finds bytes in hexadecimal and in base64 at every alignment", () => {
  const bytes = Uint8Array.from({ length: 32 }, (_, i) => 7 * i + 250);
  for (let before = 0; before < 4; before++) {
    const around = new Uint8Array([...Array(before).fill(65), ...bytes, 66, 67]);
    assert.equal(found(around.toHex(), bytes).length > 0, true);
    assert.equal(found(around.toBase64(), bytes).length > 0, true, `${before} bytes before`);
  }
  assert.deepEqual(found(new Uint8Array(100).toBase64(), bytes), []);
  return Promise.resolve();
});

binaryTest(
  "while publishing, no message between the threads holds the private key",
  async () => {
    await using testnet = await startTestnet({ nodes: 20 });
    for (const withDaemon of [false, true]) {
      await using home = await temporaryHome();
      const keys = await makeKey(home.path);
      const secret = secretOf(await Deno.readTextFile(keyPath(home.path)));
      const source = await packageSource(join(home.path, "source"));
      const messages = join(home.path, "messages");
      const options = {
        home,
        program: [probe],
        env: {
          PROBE_MESSAGES: messages,
          LIBRESEED_BOOTSTRAP: testnet.bootstrap,
          LIBRESEED_ALLOW_LOCAL: "true",
          LIBRESEED_PORT: `${await freePort()}`,
        },
      };
      const daemon = withDaemon ? spawnCli(["seed"], options) : undefined;
      try {
        await daemon?.waitForLine(/^ready/, "stdout");
        const args = ["publish", source, "--name=secretive", "--version=1.0.0"];
        const { code, stderr } = await runCli(args, options);
        assert.equal(code, 0, stderr);
      } finally {
        await daemon?.[Symbol.asyncDispose]();
      }
      const text = await Deno.readTextFile(messages);
      // The messages contain the public key, which shows that the search examines the relevant
      // messages.
      assert.notDeepEqual(found(text, keys.publicKey), []);
      // The command calls the engine through a port, of which each thread tells what it sends.
      for (const direction of ["command to", "command from", "libreseed-command port"]) {
        assert(text.includes(`"direction":"${direction}"`), direction);
      }
      if (!withDaemon) assert(text.includes('"direction":"libreseed-engine port"'));
      assert.deepEqual(found(text, secret), []);
      assert(!text.includes("PRIVATE KEY"));
    }
  },
);
