/** Tests `libreseed keygen` by running the program as a child process. */

import assert from "node:assert/strict";
import { parsePublicKey } from "../../src/identity/mod.ts";
import { runCli, temporaryHome } from "../support/mod.ts";

Deno.test("keygen prints only the identity, and only the owner can read the private keys", async () => {
  await using directory = await temporaryHome();
  const home = `${directory.path}/new home`;
  const rootPath = `${directory.path}/root.key`;
  const args = ["keygen", "--root-out", rootPath, "--home", home];
  const { code, stdout, stderr } = await runCli(args);
  assert.equal(code, 0);
  assert.equal(parsePublicKey(stdout.trimEnd()).length, 32);
  assert.equal(stdout.split("\n").length, 2);
  const path = `${home}/keys/publisher.key`;
  assert(stderr.includes(path));
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  assert.equal((await Deno.stat(rootPath)).mode! & 0o777, 0o600);
  assert.equal((await Deno.stat(`${home}/keys`)).mode! & 0o777, 0o700);
  const certificate = JSON.parse(await Deno.readTextFile(`${home}/keys/publisher.cert`));
  assert.equal(certificate.root, stdout.trimEnd());
  const shown = await runCli(["key", "show", "--json", "--home", home]);
  const { identity, signingKey, root } = JSON.parse(shown.stdout);
  assert.deepEqual([identity, signingKey, root], [stdout.trimEnd(), certificate.key, null]);
});

Deno.test("keygen leaves a root key in the home only if it is told to", async () => {
  await using home = await temporaryHome();
  const refused = await runCli(["keygen", "--home", home.path, "--json"]);
  assert.deepEqual([refused.code, refused.stdout], [2, ""]);
  assert.equal(JSON.parse(refused.stderr).error.code, "TERMINAL_NEEDED");
  await assert.rejects(Deno.stat(`${home.path}/keys`), Deno.errors.NotFound);
  const { code, stderr } = await runCli(["keygen", "--root-in-home", "--home", home.path]);
  assert.equal(code, 0);
  assert(stderr.includes("libreseed key root move"), stderr);
  assert.equal((await Deno.stat(`${home.path}/keys/root.key`)).mode! & 0o777, 0o600);
  const twice = await runCli(["keygen", "--root-in-home", "--signing-only", "--home", home.path]);
  assert.equal(twice.code, 2);
});

Deno.test("keygen never overwrites a key", async () => {
  await using home = await temporaryHome();
  const args = ["keygen", "--root-in-home", "--home", home.path, "-q"];
  const first = await runCli(args);
  assert.equal(first.code, 0);
  const path = `${home.path}/keys/publisher.key`;
  const before = await Deno.readTextFile(path);
  const second = await runCli(args);
  assert.deepEqual([second.code, second.stdout], [1, ""]);
  assert(second.stderr.startsWith("libreseed: ") && second.stderr.includes(path));
  // The key is what is in the way, also where the root key has no place to go.
  const third = await runCli(["keygen", "--home", home.path]);
  assert.deepEqual([third.code, third.stderr], [1, second.stderr]);
  assert.equal(await Deno.readTextFile(path), before);
});

Deno.test("keygen --json prints key, fingerprint and path, or an error, as JSON", async () => {
  await using home = await temporaryHome();
  const args = ["keygen", "--root-in-home", "--home", home.path, "--json"];
  const { code, stdout, stderr } = await runCli(args);
  assert.equal(code, 0);
  const result = JSON.parse(stdout);
  assert.deepEqual(Object.keys(result), [
    ...["publicKey", "fingerprint", "path", "signingKey", "root"],
  ]);
  assert.equal(result.path, `${home.path}/keys/publisher.key`);
  assert.match(result.fingerprint, /^[0-9a-f]{4}( ?[-:]?[0-9a-f]{4}){3}$/);
  for (const line of stderr.trimEnd().split("\n")) JSON.parse(line);
  const again = await runCli(args);
  assert.equal(again.code, 1);
  assert.equal(JSON.parse(again.stderr).error.code, "KEY_EXISTS");
});
