/** Tests `libreseed key` with child processes on a testnet. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { toHex } from "../../../src/base/mod.ts";
import { parsePublicKey, readKeyFile, recoveryGroups, seedOf } from "../../../src/identity/mod.ts";
import { goodListFileName } from "../../../src/fetching/mod.ts";
import { torrentOfBytes } from "../../../src/package/mod.ts";
import {
  decodeItem,
  decodePublisherRecord,
  publisherSalt,
  targetOf,
} from "../../../src/records/mod.ts";
import { newPlace } from "../../support/place.ts";
import { hasSshAgent, SshAgent } from "../../support/ssh_agent.ts";

/** Makes a home with an identity whose root key is in a file. */
async function publisher(place: Awaited<ReturnType<typeof newPlace>>) {
  const home = await place.home(null);
  const root = join(place.path, `root-${crypto.randomUUID()}.key`);
  const identity = (await home.must(["keygen", "--root-out", root])).trim();
  const target = toHex(targetOf(parsePublicKey(identity), publisherSalt()));
  return { home, root, identity, holders: () => place.testnet.holders(target).length };
}

Deno.test("a CI's key that is certified for one name publishes that name and no other", async () => {
  await using place = await newPlace();
  const { home, root, identity, holders } = await publisher(place);
  const ci = await place.home(null);
  const key = (await ci.must(["keygen", "--signing-only"])).trim();
  const file = join(ci.path, "keys", "publisher.cert");
  const certify = ["key", "certify", key, "--names", "hello", "--until", "1d", "--root", root];
  assert.equal((await home.must([...certify, "-o", file])).trim(), key);
  assert(holders() > 0);
  await ci.must(["publish", await place.source("hello", "1.0.0")]);
  const other = await ci.run(["publish", await place.source("other", "1.0.0")]);
  assert.notEqual(other.code, 0);
  assert.match(other.stderr, /may not sign other, only hello/);
  const shown = JSON.parse(await ci.must(["key", "show", "--json"]));
  assert.deepEqual([shown.identity, shown.signingKey, shown.root], [identity, key, null]);
  const keys = (await home.must(["key", "list", "--json"])).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assert.deepEqual(keys.map(({ state, names }) => [state, names]), [
    ["in force", null],
    ["in force", ["hello"]],
  ]);
});

Deno.test("a key is revoked with the recovery code, and what the home has stays good", async () => {
  await using place = await newPlace();
  const { home, root, identity, holders } = await publisher(place);
  await home.must(["publish", await place.source("hello", "1.0.0")]);
  const before = JSON.parse(await home.must(["key", "show", "--json"])).signingKey;
  const code = recoveryGroups(seedOf(await readKeyFile(root)));
  const revoke = ["key", "revoke", "--current", "--reason", "stolen", "--root", "-"];
  const wrong = code.with(3, code[3]!.replace(/^./, (c) => c === "a" ? "b" : "a"));
  const mistyped = await home.run([...revoke, "--yes"], { stdin: wrong.join(" ") });
  assert.deepEqual([mistyped.code, mistyped.stdout], [2, ""]);
  assert.match(mistyped.stderr, /group 4 has a wrong character/);
  const silent = await home.run(revoke, { stdin: code.join(" ") });
  assert.equal(silent.code, 2);
  assert.match(silent.stderr, /--yes/);
  assert.equal(JSON.parse(await home.must(["key", "show", "--json"])).signingKey, before);

  const revoked = await home.run([...revoke, "--yes", "--json"], { stdin: code.join(" ") });
  assert.equal(revoked.code, 0, revoked.stderr);
  const result = JSON.parse(revoked.stdout);
  assert.deepEqual([result.identity, result.revoked], [identity, before]);
  assert.match(revoked.stderr, /stays good: hello@1\.0\.0 sha256:[0-9a-f]{64}/);
  assert(holders() > 0);
  const after = JSON.parse(await home.must(["key", "show", "--json"]));
  assert.deepEqual([after.signingKey, after.signingKeys], [result.key, [result.key]]);
  const [, line] = (await home.must(["key", "list", "--json"])).trim().split("\n");
  const { key, state, reason } = JSON.parse(line!);
  assert.deepEqual([key, state, reason], [before, "revoked", "stolen"]);
  await home.must(["publish", await place.source("hello", "1.0.1")]);
});

Deno.test("archives that were signed again stay good when the key before is revoked", async () => {
  await using place = await newPlace();
  const { home, root } = await publisher(place);
  await home.must(["publish", await place.source("hello", "1.0.0")]);
  const before = JSON.parse(await home.must(["key", "show", "--json"])).signingKey;
  const archive = join(home.seed, "hello-1.0.0.tgz");
  const manifest = archive.replace(/tgz$/, "minimal.json");
  const mirrored = join(place.path, "hello-1.0.0.tgz");
  await Deno.copyFile(archive, mirrored);
  await Deno.copyFile(manifest, mirrored.replace(/tgz$/, "minimal.json"));
  await home.must(["key", "rotate", "--root", root]);
  const revoke = ["key", "revoke", before, "--reason", "stolen", "--yes", "--root", root];
  const revoked = await home.run(revoke);
  assert.equal(revoked.code, 0, revoked.stderr);
  assert.match(revoked.stderr, /stays good: hello@1\.0\.0/);
  // A copy with the manifest that the revoked key has signed.
  await home.must(["verify", mirrored]);
});

Deno.test({
  name: "an SSH agent signs as root key, and as signing key of a publish",
  ignore: !hasSshAgent,
  async fn() {
    await using place = await newPlace();
    await using agent = await SshAgent.start(place.path);
    const options = { env: { SSH_AUTH_SOCK: agent.socket } };
    const root = `ssh-agent:${agent.fingerprint}`;
    const home = await place.home(null);
    // The root key is in the agent, and this machine gets a signing key.
    await home.must(["key", "rotate", "--root", root], options);
    const shown = JSON.parse(await home.must(["key", "show", "--json"]));
    assert.equal(shown.identity, `ed25519:${agent.publicKey}`);
    await home.must(["publish", await place.source("hello", "1.0.0")]);
    // Another publisher's signing key is in the agent.
    const { home: other, root: file } = await publisher(place);
    const refused = await other.run(["publish", "--key", root, await place.source("a", "1.0.0")], {
      ...options,
    });
    assert.equal(refused.code, 4, refused.stderr);
    assert(refused.stderr.includes(`key certify ed25519:${agent.publicKey}`), refused.stderr);
    await other.must(["key", "certify", `ed25519:${agent.publicKey}`, "--root", file]);
    await other.must(["publish", "--key", root, await place.source("a", "1.0.0")], options);
    const [archive] = other.files().filter((name) => name.endsWith(".tgz"));
    const identity = JSON.parse(await other.must(["key", "show", "--json"])).identity;
    await other.must(["verify", "--key", identity, join(other.seed, archive!)]);
  },
});

Deno.test("without an answer and without a record, no record is signed that may leave keys out", async () => {
  await using place = await newPlace();
  const { root } = await publisher(place);
  const lost = await place.home(null);
  const offline = await lost.run(["key", "rotate", "--root", root, "--no-dht"]);
  assert.equal(offline.code, 5, offline.stderr);
  await assert.rejects(Deno.stat(join(lost.path, "keys", "publisher.key")), Deno.errors.NotFound);
});

Deno.test("good archives that are too many for the record are a list in the seed directory", async () => {
  await using place = await newPlace();
  const { home, root, identity } = await publisher(place);
  const paths: string[] = [];
  for (let i = 0; i < 17; i++) paths.push(await place.source(`pkg-${i}`, "1.0.0"));
  await home.must(["publish", ...paths]);
  const revoke = ["key", "revoke", "--current", "--reason", "stolen", "--yes", "--root", root];
  const { code, stderr } = await home.run(revoke);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /kept as good: 17 archives of revoked keys/);
  const list = goodListFileName(parsePublicKey(identity));
  const bytes = await Deno.readFile(join(home.seed, list));
  assert.equal(bytes.length, 17 * 16);
  const item = decodeItem(await Deno.readFile(join(home.path, "keys", "publisher.record")));
  const { good, goodList } = decodePublisherRecord(item.value);
  assert.equal(good, undefined);
  assert.deepEqual(goodList, torrentOfBytes(list, bytes).infoHash);
  // The next revocation keeps the list, and adds what the new key has signed since.
  await home.must(["publish", await place.source("later", "1.0.0")]);
  const again = await home.run(revoke);
  assert.equal(again.code, 0, again.stderr);
  assert.equal((await Deno.readFile(join(home.seed, list))).length, 18 * 16);
});
