/** Tests what `libreseed key` does with key files, without a terminal, by running the program. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runCli, temporaryHome } from "../support/mod.ts";

const hello = fileURLToPath(new URL("../../examples/hello", import.meta.url));

/** A home with an identity whose root key stays in it, and a passphrase file. */
async function newHome() {
  const directory = await temporaryHome();
  const home = join(directory.path, "home");
  const at = (name: string) => join(directory.path, name);
  await Deno.writeTextFile(at("pw"), "correct horse\n");
  await Deno.writeTextFile(at("wrong"), "battery staple\n");
  const run = async (args: string[], passphrase?: string) => {
    const env = passphrase === undefined ? {} : { LIBRESEED_PASSPHRASE_FILE: at(passphrase) };
    return await runCli(args, { home, env, cwd: directory.path });
  };
  const must = async (args: string[], passphrase?: string) => {
    const { code, stdout, stderr } = await run(args, passphrase);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  await must(["keygen", "--root-in-home"]);
  const identity = async (args: string[] = []) =>
    JSON.parse(await must(["key", "show", "--json", ...args])).identity;
  const files = async (path = join(home, "keys")) => {
    const found: Record<string, string> = {};
    for await (const { name } of Deno.readDir(path)) {
      found[name] = await Deno.readTextFile(join(path, name));
    }
    return found;
  };
  const dispose = () => directory[Symbol.asyncDispose]();
  return { home, at, run, must, identity, files, [Symbol.asyncDispose]: dispose };
}

Deno.test("encrypted keys sign with the passphrase file only, and openssl reads them", async () => {
  await using place = await newHome();
  const { run, must, files, at } = place;
  const plain = await files();
  assert.equal((await run(["key", "encrypt"])).code, 2);
  assert.deepEqual(await files(), plain);
  await must(["key", "encrypt"], "pw");
  const encrypted = await files();
  for (const name of ["publisher.key", "root.key"]) {
    const { success, stdout } = await new Deno.Command("openssl", {
      args: ["pkey", "-in", join(place.home, "keys", name), "-passin", `file:${at("pw")}`],
    }).output();
    assert(success);
    assert.equal(new TextDecoder().decode(stdout), plain[name]);
  }
  // A command that does not sign needs no passphrase.
  await must(["key", "list"]);
  const silent = await run(["pack", hello, "-o", at("a.tgz"), "--json"]);
  assert.deepEqual([silent.code, silent.stdout], [2, ""]);
  assert.equal(
    JSON.parse(silent.stderr.trim().split("\n").at(-1)!).error.code,
    "PASSPHRASE_NEEDED",
  );
  const wrong = await run(["pack", hello, "-o", at("a.tgz"), "--json"], "wrong");
  assert.equal(wrong.code, 1);
  assert.equal(JSON.parse(wrong.stderr.trim().split("\n").at(-1)!).error.code, "PASSPHRASE_WRONG");
  assert.equal((await run(["key", "decrypt"], "wrong")).code, 1);
  assert.equal((await run(["key", "encrypt"], "pw")).code, 1);
  assert.deepEqual(await files(), encrypted);
  await must(["pack", hello, "-o", at("a.tgz")], "pw");
  assert.match(await must(["verify", at("a.tgz"), "--key", await place.identity()]), /ok hello@/);
  await must(["key", "decrypt"], "pw");
  assert.deepEqual(await files(), plain);
});

Deno.test("a backup restores keys, pins and what is known, but no root key, in a home without keys", async () => {
  await using place = await newHome();
  const { run, must, at } = place;
  const friend = `ed25519:${"A".repeat(43)}=`;
  await must(["trust", "add", "friend", friend]);
  // Nothing is found without the DHT, and followed all the same.
  await must(["follow", "--no-dht", "--port", "0", `${friend}/tool@^2`]);
  await must(["follow", "--no-dht", "--port", "0", "0".repeat(63) + "1"]);
  assert.equal((await run(["key", "backup", at("bk")])).code, 2);
  await must(["key", "backup", at("bk")], "pw");
  assert.equal((await Deno.stat(at("bk"))).mode! & 0o777, 0o600);
  assert.equal((await run(["key", "backup", at("bk")], "pw")).code, 1, "it is overwritten");
  assert.equal((await run(["key", "restore", at("bk")], "pw")).code, 1, "keys are overwritten");
  const other = ["--home", at("other")];
  const wrong = await run(["key", "restore", at("bk"), ...other], "wrong");
  assert.equal(wrong.code, 1);
  await assert.rejects(Deno.stat(join(at("other"), "keys")), Deno.errors.NotFound);
  assert.equal((await run(["key", "restore", at("pw"), ...other], "pw")).code, 1);
  const missing = await run(["key", "restore", at("nothing"), ...other], "pw");
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /There is no backup \/\S+\/nothing\. Check the path\n$/);
  await must(["key", "restore", at("bk"), ...other], "pw");
  assert.equal(await place.identity(other), await place.identity());
  const { "root.key": _, ...kept } = await place.files();
  assert.deepEqual(await place.files(join(at("other"), "keys")), kept);
  assert.match(
    await must(["trust", "list", ...other]),
    new RegExp(`^friend\t${friend.replace("+", ".")}`),
  );
  const following = await must(["following", ...other]);
  assert.equal(following, await must(["following"]));
  assert.match(following, /^ed25519:\S+\/tool@\^2\t0 versions\tnever\ned25519:\S{44}\t0 versions/);
});

Deno.test("the root key is moved out of the home, of which doctor and publish remind", async () => {
  await using place = await newHome();
  const { run, must, at } = place;
  const doctor = await run(["doctor", "--no-dht", "--port", "0"]);
  assert.match(doctor.stdout, /^warn +key +the root key lies in the home/m);
  const publish = ["publish", hello, "--bootstrap", "none", "--timeout", "1s", "--port", "0"];
  const reminder = /warning: the root key lies in the home .*`libreseed key root move FILE`/;
  assert.match((await run(publish)).stderr, reminder);
  for (const path of [join(place.home, "elsewhere"), at("pw")]) {
    assert.notEqual((await run(["key", "root", "move", path])).code, 0);
  }
  const root = (await place.files())["root.key"];
  await must(["key", "root", "move", at("root.key")]);
  assert.equal((await place.files())["root.key"], undefined);
  assert.equal(await Deno.readTextFile(at("root.key")), root);
  assert.equal((await Deno.stat(at("root.key"))).mode! & 0o777, 0o600);
  assert.equal((await run(["key", "root", "move", at("again.key")])).code, 3);
  assert.doesNotMatch((await run(publish)).stderr, reminder);
  const healthy = await run(["doctor", "--no-dht", "--port", "0"]);
  assert.match(healthy.stdout, /^ok +key /m);
});

Deno.test("key refuses command lines that mean nothing, and changes nothing", async () => {
  await using place = await newHome();
  const before = await place.files();
  const lines = [
    ["certify"],
    ["certify", "ed25519:x"],
    ["certify", "1".repeat(64), "--names", "A B"],
    ["certify", "1".repeat(64), "--until", "soon"],
    ["certify", "1".repeat(64), "--reason", "x"],
    ["rotate", "1".repeat(64)],
    ["rotate", "--names", "a"],
    ["revoke", "--reason", "x"],
    ["revoke", "--current"],
    ["revoke", "--current", "1".repeat(64), "--reason", "x"],
    ["revoke", "--current", "--reason", "x".repeat(65)],
    ["revoke", "--current", "--reason", "x", "--since", "yesterday"],
    ["encrypt", "x"],
    ["encrypt", "--yes"],
    ["root", "copy", "x"],
    ["backup"],
    ["restore"],
  ];
  for (const line of lines) {
    const { code, stdout, stderr } = await place.run(["key", ...line], "pw");
    assert.deepEqual([line, code, stdout], [line, 2, ""], stderr);
  }
  assert.deepEqual(await place.files(), before);
});
