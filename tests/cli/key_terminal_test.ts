/** Tests what `keygen` and `key` ask at a terminal, by running the program at one. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { keyPairFromSeed, readKeyFile, seedOfRecoveryCode } from "../../src/identity/mod.ts";
import { formatPublicKey } from "../../src/identity/mod.ts";
import { runCli, temporaryHome } from "../support/mod.ts";
import { atTerminal } from "../support/terminal_cli.ts";

const hello = fileURLToPath(new URL("../../examples/hello", import.meta.url));
const hasScript = await new Deno.Command("script", { args: ["--version"] }).output()
  .then(({ success }) => success, () => false);
/** `script` of util-linux makes the terminals of these tests. */
const ignore = !hasScript;

/** Runs `keygen` at a terminal, and returns identity and recovery code. */
async function keygen(home: string): Promise<{ identity: string; groups: string[] }> {
  await using keygen = atTerminal(["keygen"], { home });
  const line = /\n {2}((?:[0-9a-z]{5} ?){7})\n/;
  const groups = [await keygen.waitFor(line), await keygen.waitFor(/ {2}((?:[0-9a-z]{5} ?){7})\n/)]
    .flatMap(([, groups]) => groups!.trim().split(" "));
  for (let asked = 0; asked < 2; asked++) {
    const [, number] = await keygen.waitFor(/Group (\d+) of the code: /);
    await keygen.type(groups[Number(number) - 1]!);
  }
  const [identity] = await keygen.waitFor(/ed25519:\S+/);
  assert.equal(await keygen.code(), 0);
  return { identity, groups };
}

Deno.test({
  name: "keygen shows the root key once as a code, which is the root key of the identity",
  ignore,
  async fn() {
    await using home = await temporaryHome();
    const { identity, groups } = await keygen(home.path);
    const pair = keyPairFromSeed(seedOfRecoveryCode(groups.join(" ")));
    assert.equal(formatPublicKey(pair.publicKey), identity);
    const names = [...Deno.readDirSync(join(home.path, "keys"))].map(({ name }) => name);
    assert.deepEqual(
      names.sort(),
      [".lock", "publisher.cert", "publisher.key", "publisher.record"],
    );
    const shown = await runCli(["key", "show", "--json"], { home });
    assert.equal(JSON.parse(shown.stdout).identity, identity);
  },
});

Deno.test({
  name: "keygen whose user ends the input, or repeats wrong groups, makes no key",
  ignore,
  async fn() {
    await using home = await temporaryHome();
    await using wrong = atTerminal(["keygen"], { home: home.path });
    await wrong.answer(
      [/Group \d+ of the code: /, "abcde"],
      [/Group \d+ of the code: /, ""],
      [/Group \d+ of the code: /, "12345"],
    );
    assert.equal(await wrong.code(), 1);
    await using ended = atTerminal(["keygen"], { home: home.path });
    await ended.waitFor(/Group \d+ of the code: /);
    await ended.type("\x04");
    assert.equal(await ended.code(), 1);
    await assert.rejects(Deno.stat(join(home.path, "keys", "publisher.key")), Deno.errors.NotFound);
  },
});

Deno.test({
  name: "a passphrase is asked for without showing it, and three wrong ones change nothing",
  ignore,
  async fn() {
    await using home = await temporaryHome();
    assert.equal((await runCli(["keygen", "--signing-only"], { home })).code, 0);
    const path = join(home.path, "keys", "publisher.key");
    await using encrypt = atTerminal(["key", "encrypt"], { home: home.path });
    await encrypt.answer(
      [/New passphrase for [^:]*: /, "one"],
      [/The same again: /, "two"],
      [/not the same\.\n[^]*New passphrase [^:]*: /, "correct horse"],
      [/The same again: /, "correct horse"],
    );
    assert.equal(await encrypt.code(), 0);
    assert(!encrypt.shown.includes("horse"), encrypt.shown);
    const encrypted = await Deno.readTextFile(path);
    await using pack = atTerminal(["pack", hello, "-o", join(home.path, "a.tgz")], {
      home: home.path,
    });
    await pack.answer([/Passphrase of [^:]*: /, "correct horse"]);
    assert.equal(await pack.code(), 0, pack.shown);
    assert.match(encrypted, /BEGIN ENCRYPTED PRIVATE KEY/);
    await using wrong = atTerminal(["key", "decrypt"], { home: home.path });
    await wrong.answer(
      [/Passphrase of [^:]*: /, "a"],
      [/Passphrase of [^:]*: /, "b"],
      [/Passphrase of [^:]*: /, "c"],
    );
    assert.equal(await wrong.code(), 1);
    assert.match(wrong.shown, /Nothing was changed/);
    assert.equal(await Deno.readTextFile(path), encrypted);
    await using decrypt = atTerminal(["key", "decrypt"], { home: home.path });
    await decrypt.answer([/Passphrase of [^:]*: /, "correct horse"]);
    assert.equal(await decrypt.code(), 0);
    assert.equal((await readKeyFile(path)).publicKey.length, 32);
  },
});

Deno.test({
  name: "Ctrl-C at a question for a passphrase ends it, and the terminal shows input again",
  ignore,
  async fn() {
    await using home = await temporaryHome();
    assert.equal((await runCli(["keygen", "--signing-only"], { home })).code, 0);
    await using encrypt = atTerminal(["key", "encrypt"], { home: home.path });
    await encrypt.waitFor(/New passphrase for [^:]*: /);
    await encrypt.type("\x03");
    assert.equal(await encrypt.code(), 1);
    const key = await Deno.readTextFile(join(home.path, "keys", "publisher.key"));
    assert.match(key, /BEGIN PRIVATE KEY/);
  },
});
