/**
 * After the theft of a signing key: what a thief gets past readers and past the owner, told with commands.
 *
 * @module
 */

import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { type Home, newPlace, type Place } from "../../support/place.ts";

/** Makes an owner with one published package, and a thief with a copy of the owner's keys. */
async function robbed(place: Place) {
  const owner = await place.home(null);
  const root = join(place.path, "root.key");
  const identity = (await owner.must(["keygen", "--root-out", root])).trim();
  await owner.must(["publish", await place.source("hello", "1.0.0")]);
  const thief = await place.home(null);
  await cp(join(owner.path, "keys"), join(thief.path, "keys"), { recursive: true });
  return { owner, root, identity, named: `${identity}/hello`, thief };
}

function revoke(owner: Home, root: string, ...more: string[]) {
  return owner.must([
    ...["key", "revoke", "--current", "--reason", "laptop stolen", "--root", root, "--yes"],
    ...more,
  ]);
}

async function assertRefused(home: Home, args: string[]) {
  const { code, stdout, stderr } = await home.run(args);
  assert.equal(code, 4, `${args.join(" ")}: ${code}\n${stdout}${stderr}`);
  assert.match(stdout + stderr, /laptop stolen/);
}

Deno.test("a reader who took the thief's version as the newest gets the newest good version afterwards", async () => {
  await using place = await newPlace();
  const { owner, root, named, thief } = await robbed(place);
  await using _ = await owner.daemon();
  const victim = await place.home(null);
  await using thiefs = await thief.daemon();
  await thief.must(["publish", await place.source("hello", "9.9.9", "malware\n")]);
  assert.match(await victim.must(["get", named]), /hello-9\.9\.9\.tgz/);
  assert.match(await victim.must(["get", `${named}@>=1`]), /hello-9\.9\.9\.tgz/);
  await thiefs.end();
  await revoke(owner, root);
  assert.match(await victim.must(["get", named]), /hello-1\.0\.0\.tgz/);
  assert.match(await victim.must(["get", `${named}@>=1`]), /hello-1\.0\.0\.tgz/);
  assert.match(await victim.must(["resolve", "hello"]), /hello@1\.0\.0/);
});

Deno.test("an owner who has fetched the thief's version lists it as good neither by itself nor by its own signature", async () => {
  await using place = await newPlace();
  const { owner, root, named, thief } = await robbed(place);
  await using thiefs = await thief.daemon();
  await thief.must(["publish", await place.source("hello", "9.9.9", "malware\n")]);
  await owner.must(["get", `${named}@9.9.9`]);
  await revoke(owner, root);
  const reader = await place.home(null);
  await using _ = await owner.daemon();
  await assertRefused(reader, ["get", `${named}@9.9.9`]);
  assert.match(await reader.must(["get", named]), /hello-1\.0\.0\.tgz/);
  await thiefs.end();
});

Deno.test("what a revoked key has signed after --since is not signed again by the new key", async () => {
  await using place = await newPlace();
  const { owner, root, named } = await robbed(place);
  await owner.must(["publish", await place.source("hello", "2.0.0")]);
  // The one version is named, the other is dated after this day.
  await revoke(owner, root, "--since", "2026-01-01", "--good", "hello@1.0.0");
  await using _ = await owner.daemon();
  const reader = await place.home(null);
  await assertRefused(reader, ["get", `${named}@2.0.0`]);
  assert.match(await reader.must(["get", named]), /hello-1\.0\.0\.tgz/);
});

Deno.test("a publisher keeps its first-seen time under a name when its key is revoked", async () => {
  await using place = await newPlace();
  const { owner, root, identity } = await robbed(place);
  const reader = await place.home(null);
  const firstSeen = async () => {
    const { publisher, firstSeen } = JSON.parse(
      await reader.must(["resolve", "--all", "--json", "hello"]),
    );
    assert.equal(publisher, identity);
    return firstSeen;
  };
  const before = await firstSeen();
  await revoke(owner, root);
  assert.equal(await firstSeen(), before);
});

Deno.test("a newcomer refuses a revoked key's archive by torrent and by a magnet link without a record", async () => {
  await using place = await newPlace();
  const { owner, root, thief } = await robbed(place);
  await using _ = await owner.daemon();
  await using thiefs = await thief.daemon();
  await thief.must(["publish", await place.source("hello", "9.9.9", "malware\n")]);
  await revoke(owner, root);
  const newcomer = await place.home(null);
  const torrent = join(thief.seed, "hello-9.9.9.torrent");
  await assertRefused(newcomer, ["get", torrent]);
  await thiefs.end();
});

Deno.test("a machine that has learned of a revocation as a reader signs no record without it", async () => {
  await using place = await newPlace();
  const { owner, root, named, thief: second } = await robbed(place);
  const stolen = JSON.parse(await owner.must(["key", "show", "--json"])).signingKey;
  await revoke(owner, root);
  await owner.must(["publish", await place.source("hello", "2.0.0")]);
  // The second machine has the old record beside its key, and reads the new one only as a reader.
  assert.match(await second.must(["resolve", named]), /hello@2\.0\.0/);
  const other = (await (await place.home(null)).must(["keygen", "--signing-only"])).trim();
  // All nodes withhold the newest record from a home that has the same knowledge, and none answers.
  const alone = await place.home(null);
  await cp(join(second.path, "keys"), join(alone.path, "keys"), { recursive: true });
  await cp(join(second.path, "trust.log"), join(alone.path, "trust.log"));
  await alone.must([
    ...["key", "certify", other, "--root", root, "--bootstrap", "none", "--timeout", "1s"],
  ]);
  const keys = (await alone.must(["key", "list", "--json"])).trim().split("\n")
    .map((line) => JSON.parse(line));
  const states = new Map(keys.map(({ key, state }) => [key, state]));
  assert.equal(states.get(stolen), "revoked");
  assert.equal(states.get(other), "in force");
});

Deno.test("a revocation that was killed after the keys had changed is completed by the same command", async () => {
  await using place = await newPlace();
  const { owner, root, named } = await robbed(place);
  const stolen = JSON.parse(await owner.must(["key", "show", "--json"])).signingKey;
  // The killed command has changed the keys and nothing else.
  const killed = await place.home(null);
  await cp(owner.path, killed.path, { recursive: true });
  await revoke(owner, root, "--bootstrap", "none", "--timeout", "1s");
  await Deno.remove(join(killed.path, "keys"), { recursive: true });
  await cp(join(owner.path, "keys"), join(killed.path, "keys"), { recursive: true });
  const reader = await place.home(null);
  await using _ = await killed.daemon();
  await reader.must(["get", named]);
  const again = ["key", "revoke", stolen, "--reason", "other", "--root", root, "--yes", "--json"];
  const { code, stdout, stderr } = await killed.run(again);
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).revoked, stolen);
  assert.match(stderr, /1 package signed again/);
  assert.match(await reader.must(["get", named]), /hello-1\.0\.0\.tgz/);
  const next = await place.home(null);
  assert.match(await next.must(["get", named]), /hello-1\.0\.0\.tgz/);
  const { signingKey, signingKeys, revokedKeys } = JSON.parse(
    await next.must(["info", named, "--json"]),
  );
  assert.deepEqual(signingKeys, [{ key: signingKey }]);
  assert.notEqual(signingKey, stolen);
  assert.deepEqual(revokedKeys.map(({ key }: { key: string }) => key), [stolen]);
  assert.match(
    await next.must(["info", named]),
    /\n {2}its keys {5}ed25519:\S+\n {15}ed25519:\S+ revoked since \S+: laptop stolen\n {2}signed/,
  );
});

Deno.test("a new machine refuses a lock file with a thief's version", async () => {
  await using place = await newPlace();
  const { owner, root, named, thief } = await robbed(place);
  await using _ = await owner.daemon();
  await using thiefs = await thief.daemon();
  await thief.must(["publish", await place.source("hello", "9.9.9", "malware\n")]);
  const victim = await place.home(null);
  const cwd = await Deno.makeTempDir({ dir: place.path, prefix: "project-" });
  await victim.must(["install", "--save", `${named}@9.9.9`], { cwd });
  await revoke(owner, root);
  const machine = await place.home(null);
  const { code, stdout, stderr } = await machine.run(["install"], { cwd });
  assert.equal(code, 4, stdout + stderr);
  assert.match(stdout + stderr, /laptop stolen/);
  await thiefs.end();
});

Deno.test("yanks and tags of a thief end with its key, also where readers and the owner have seen them", async () => {
  await using place = await newPlace();
  const { owner, root, named, thief } = await robbed(place);
  await owner.must(["publish", await place.source("hello", "0.9.0")]);
  await using _ = await owner.daemon();
  await thief.must(["yank", "hello@1.0.0", "--reason", "not good"]);
  await thief.must(["tag", "hello@0.9.0", "latest"]);
  const reader = await place.home(null);
  assert.match(await reader.must(["resolve", named]), /hello@0\.9\.0/);
  await owner.must(["info", named]);
  await revoke(owner, root);
  const newcomer = await place.home(null);
  for (const home of [reader, newcomer, owner]) {
    assert.match(await home.must(["resolve", named]), /hello@1\.0\.0/);
  }
});

Deno.test("a thief who puts the owner's records again does not take what the owner has published from it", async () => {
  await using place = await newPlace();
  const { owner, root, named, thief } = await robbed(place);
  await using _ = await owner.daemon();
  await thief.must(["get", named]);
  await thief.must(["manifest", "put", join(thief.seed, "hello-1.0.0.minimal.json")]);
  // The owner's home finds the newer record, and keeps that one.
  await owner.must(["announce"]);
  await revoke(owner, root);
  const reader = await place.home(null);
  assert.match(await reader.must(["get", named]), /hello-1\.0\.0\.tgz/);
});
