/**
 * The whole story of a stolen signing key, told with the commands of everybody in it: the owner, the
 * thief, readers of several kinds, and a mirror.
 *
 * @module
 */

import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { cp } from "node:fs/promises";
import { eventually, type Home, newPlace, type Place } from "../../support/place.ts";

/** Makes an owner with one published package, and a thief with a copy of the owner's keys. */
async function robbed(place: Place) {
  const owner = await place.home(null);
  const root = join(place.path, "root.key");
  const identity = (await owner.must(["keygen", "--root-out", root])).trim();
  const source = await place.source("hello", "1.0.0");
  await owner.must(["publish", source]);
  const thief = await place.home(null);
  await cp(join(owner.path, "keys"), join(thief.path, "keys"), { recursive: true });
  return { owner, root, identity, source, thief };
}

/** Asserts that a command is refused because of a revoked key: exit code 4, with the reason. */
async function assertRefused(home: Home, args: string[], cwd?: string) {
  const { code, stdout, stderr } = await home.run(args, { ...(cwd && { cwd }) });
  const said = stdout + stderr;
  assert.equal(code, 4, `${args.join(" ")}: ${code}\n${said}`);
  assert.match(said, /revoked/);
  assert.match(said, /laptop stolen/);
}

Deno.test("after a theft everybody keeps what is good and refuses what the thief signs, also with the publisher gone", async () => {
  await using place = await newPlace();
  const { owner, root, identity, source, thief } = await robbed(place);
  const named = `${identity}/hello`;

  // Readers before the theft: one who has the identity pinned, one with a lock file, and a mirror.
  const [pinned, newcomer, byName, mirror] = [
    await place.home(null),
    await place.home(null),
    await place.home(null),
    await place.home(null),
  ];
  await using daemon = await owner.daemon();
  await pinned.must(["get", named]);
  const project = await Deno.makeTempDir({ dir: place.path, prefix: "project-" });
  await pinned.must(["install", "--save", named], { cwd: project });
  await mirror.must(["follow", identity]);
  await using mirroring = await mirror.daemon(["--mirror"]);
  await eventually(() => mirror.files().includes("hello-1.0.0.tgz"));

  // The thief publishes a version of its own, with a time of its own choice, and its daemon serves it.
  await using thiefs = await thief.daemon();
  const stolen = await place.source("hello", "9.9.9", "malware\n");
  await thief.must(["publish", stolen]);
  const victim = await place.home(null);
  await victim.must(["get", `${named}@9.9.9`]);
  const stolenProject = await Deno.makeTempDir({ dir: place.path, prefix: "project-" });
  await victim.must(["install", "--save", `${named}@9.9.9`], { cwd: stolenProject });

  await owner.must([
    ...["key", "revoke", "--current", "--reason", "laptop stolen", "--root", root, "--yes"],
  ]);
  // The owner's packages stay published, and new ones follow.
  assert.match(await owner.must(["publish", source]), /^hello@1\.0\.0\t/);
  const next = await place.source("hello", "1.1.0", "news\n");
  await owner.must(["publish", next]);

  // The thief tries again: every record that it can write, and new versions.
  await thief.run(["announce"]);
  const again = await thief.run(["publish", await place.source("hello", "9.9.10", "more\n")]);
  assert.equal(again.code, 1, again.stderr);
  assert.match(again.stderr, /is revoked/);
  // Another machine of the owner with the same key would learn of the revocation in the same way.
  const checks = (await thief.run(["doctor", "--json"])).stdout.trim().split("\n");
  const learned = checks.map((line) => JSON.parse(line)).find(({ name }) =>
    name === "known revocations"
  );
  assert.equal(learned.verdict, "fail");
  assert.match(await thief.must(["key", "show"]), /^revoked +since .*laptop stolen/m);
  assert.match(await thief.must(["key", "list"]), /revoked +since .*this home's$/m);

  for (const reader of [byName, newcomer, pinned, victim]) {
    const asked = reader === byName ? "hello" : named;
    assert.match(await reader.must(["resolve", asked]), /hello@1\.1\.0/);
    await assertRefused(reader, ["get", `${asked}@9.9.9`]);
    assert.match(await reader.must(["resolve", `${asked}@1.0.0`]), /hello@1\.0\.0/);
    await reader.must(["get", `${asked}@1.0.0`]);
  }
  // Offline too, once known: the archive that the victim has, and its lock file.
  const archive = join(victim.seed, "hello-9.9.9.tgz");
  await assertRefused(victim, ["verify", archive]);
  await assertRefused(victim, ["install"], stolenProject);
  await pinned.must(["install"], { cwd: project });

  // The publisher goes. The mirror has what is good, its keys and its list.
  // `follow` has the mirror look at once; by itself it looks every 50 minutes.
  await mirror.must(["follow", identity]);
  await eventually(() => mirror.files().includes("hello-1.1.0.tgz"));
  await daemon.end();
  const late = await place.home(null);
  assert.match(await late.must(["get", named]), /hello-1\.1\.0\.tgz/);
  await assertRefused(late, ["get", `${named}@9.9.9`]);
  assert(!mirror.files().includes("hello-9.9.9.tgz") || await refusesToSeed(mirror));
  await thiefs.end();
  await mirroring.end();
});

/** Whether a mirror that fetched a thief's archive before the revocation no longer seeds it. */
async function refusesToSeed(mirror: Home): Promise<boolean> {
  const lines = (await mirror.must(["list", "--json"])).trim().split("\n");
  return lines.map((line) => JSON.parse(line))
    .some((one) => basename(one.path) === "hello-9.9.9.tgz" && one.seeding === false);
}

Deno.test("a key that is certified for one name publishes no other, and is revoked by itself", async () => {
  await using place = await newPlace();
  const { owner, root, identity } = await robbed(place);
  const ci = await place.home(null);
  const key = (await ci.must(["keygen", "--signing-only"])).trim();
  const certificate = await owner.must([
    "key",
    "certify",
    key,
    "--names",
    "tool-*",
    "--root",
    root,
  ]);
  await Deno.writeTextFile(join(ci.path, "keys", "publisher.cert"), certificate);
  await ci.must(["publish", await place.source("tool-a", "1.0.0")]);
  const other = await ci.run(["publish", await place.source("hello", "2.0.0")]);
  assert.equal(other.code, 1, other.stderr);
  assert.match(other.stderr, /may not sign hello, only tool-\*/);
  await using _ = await ci.daemon();
  const reader = await place.home(null);
  await reader.must(["get", `${identity}/tool-a`]);
  assert.match(await reader.must(["resolve", `${identity}/hello`]), /hello@1\.0\.0/);
  await owner.must(["key", "revoke", key, "--reason", "laptop stolen", "--root", root, "--yes"]);
  await assertRefused(reader, ["get", `${identity}/tool-a@1.0.0`]);
  assert.match(await reader.must(["resolve", `${identity}/hello`]), /hello@1\.0\.0/);
});
