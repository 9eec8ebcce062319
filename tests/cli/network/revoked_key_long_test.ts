/**
 * A stolen signing key that its publisher revokes: what each kind of reader does before and after.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { writeGoodList } from "../../../src/fetching/mod.ts";
import { formatPublicKey } from "../../../src/identity/mod.ts";
import { TestIdentity, writeIdentity } from "../../support/identities.ts";
import { eventually, magnetIn, newPlace } from "../../support/place.ts";

const NOW = Date.now();

async function sha256Of(path: string): Promise<Uint8Array> {
  return new Uint8Array(createHash("sha256").update(await Deno.readFile(path)).digest());
}

Deno.test("after a revocation, readers who had pinned, who are new, who come by name, mirrors and lock files refuse what a thief signed", async () => {
  await using place = await newPlace();
  const publisher = new TestIdentity();
  const [before, after] = [await publisher.certify(), await publisher.certify()];
  const identity = publisher.text;
  const [owner, thief, pinned, fresh, mirror, last] = [
    await place.home(before.pair),
    await place.home(before.pair),
    await place.home(null),
    await place.home(null),
    await place.home(null),
    await place.home(null),
  ];
  const record = await publisher.record({ seq: NOW, signingKeys: [before.certificate] });
  for (const home of [owner, thief]) await writeIdentity(home.path, before, record);
  await owner.must(["publish", await place.source("hello", "1.0.0")]);
  const archive = join(owner.seed, "hello-1.0.0.tgz");
  await using owning = await owner.daemon();
  await pinned.must(["get", "hello"]);

  // The thief has the signing key and its certificate.
  const magnet = magnetIn(
    await thief.must(["publish", await place.source("hello", "9.9.9", "bad\n")]),
  );
  await using stealing = await thief.daemon();
  const project = await Deno.makeTempDir({ dir: place.path });
  await pinned.must(["install", "--save", `${identity}/hello@9.9.9`], { cwd: project });
  await mirror.must(["follow", identity]);
  const mirrorPort = ["--mirror"];
  const mirroring = await mirror.daemon(mirrorPort);
  try {
    await eventually(() => mirror.files().filter((name) => name.endsWith(".tgz")).length === 2);

    // The owner revokes the key, lists the archive of 1.0.0 as good, and signs it with another key.
    const next = await place.home(after.pair);
    const revoking = await publisher.record({
      seq: NOW + 1,
      signingKeys: [after.certificate],
      revokedKeys: [{ key: before.publicKey, sinceMs: NOW, reason: "laptop stolen" }],
      good: [(await sha256Of(archive)).subarray(0, 16)],
    });
    await writeIdentity(next.path, after, revoking);
    await next.must(["publish", archive]);
    await using nextSeeding = await next.daemon();

    for (
      const [who, home, what] of [
        ["who had pinned", pinned, "hello"],
        ["who comes new with the identity", fresh, `${identity}/hello`],
        ["who comes new by name", last, "hello"],
      ] as const
    ) {
      const [line] = (await home.must(["resolve", what])).split("\n");
      const { version, signer } = JSON.parse(line!);
      assert.deepEqual(
        [version, signer.key],
        ["1.0.0", formatPublicKey(after.publicKey)],
        who,
      );
      await home.must(["get", what]);
      for (const bad of [`${identity}/hello@9.9.9`, magnet]) {
        const { code, stderr } = await home.run(["get", bad]);
        assert.equal(code, 4, `${who}: ${bad}: ${stderr}`);
        assert.match(stderr, /revoked since .*laptop stolen/);
      }
    }
    // The lock file names a version of the revoked key, which is in the store.
    const locked = await pinned.run(["install"], { cwd: project });
    assert.equal(locked.code, 4, locked.stderr);
    assert.match(locked.stderr, /hello@9\.9\.9.* is revoked since/);
    const linked = await pinned.run(["link", "hello@9.9.9"], { cwd: project });
    assert.equal(linked.code, 4, linked.stderr);
    const stored = await pinned.run(["store", "verify", "hello@9.9.9"]);
    assert.equal(stored.code, 4, stored.stderr);
    assert.match(
      stored.stdout,
      /^hello@9\.9\.9 \S+: refused\n {2}hello@9\.9\.9 .* is revoked since/,
    );
    const bad = join(thief.seed, "hello-9.9.9.tgz");
    const verified = await pinned.run(["verify", bad]);
    assert.equal(verified.code, 4, verified.stderr);
    assert.match(verified.stdout, /failed at key: .* is revoked since/);
    await pinned.must(["verify", archive]);
    await using pinnedDaemon = await pinned.daemon();
    const status = await pinned.must(["status"], { cwd: project });
    assert.match(
      status,
      /the key \S+ of \S+ is revoked since \S+ \("laptop stolen"\); pinned: hello; seeded no more: hello@9\.9\.9; installed: hello@9\.9\.9; in the lock file here: hello@9\.9\.9/,
    );
    const { revokedKeys } = JSON.parse(await pinned.must(["status", "--json"]));
    assert.deepEqual(revokedKeys, [{
      key: formatPublicKey(before.publicKey),
      identity,
      sinceMs: NOW,
      reason: "laptop stolen",
      pins: ["hello"],
      followed: false,
      archives: ["hello@9.9.9"],
      installed: ["hello@9.9.9"],
      locked: [],
    }]);
    await pinnedDaemon.end();

    // The mirror learns of it by itself at its next look, here after a restart.
    await mirroring.end();
    await mirror.must(["follow", identity]);
    await using again = await mirror.daemon(mirrorPort);
    await eventually(async () => {
      const listed = (await mirror.must(["list", "--json"])).trim().split("\n")
        .map((line) => JSON.parse(line));
      const problems = listed.map(({ version, seeding, problem }) => [version, seeding, problem]);
      const [good, refused] = problems.sort();
      return good![1] === true && refused![1] === false &&
        /is revoked since/.test(refused![2] as string);
    });
    assert.match(
      await mirror.must(["status"]),
      /the key \S+ of \S+ is revoked .*; followed; seeded no more: hello@9\.9\.9/,
    );
    // Also with the publisher gone, and with the state database lost.
    await owning.end();
    await stealing.end();
    await nextSeeding.end();
    for (const suffix of ["", "-wal", "-shm"]) {
      await Deno.remove(join(pinned.path, `state.db${suffix}`)).catch(() => {});
    }
    const offline = await pinned.run(["install"], { cwd: project });
    assert.equal(offline.code, 4, offline.stderr);
    await pinned.must(["get", `${identity}/hello`]);
    await again.end();
  } finally {
    await mirroring.end().catch(() => {});
  }
});

Deno.test("a list of good archives is fetched from who seeds it, and decides also without the network later", async () => {
  await using place = await newPlace();
  const publisher = new TestIdentity();
  const [before, after] = [await publisher.certify(), await publisher.certify()];
  const identity = publisher.text;
  const owner = await place.home(before.pair);
  const record = await publisher.record({ seq: NOW, signingKeys: [before.certificate] });
  await writeIdentity(owner.path, before, record);
  for (const version of ["1.0.0", "9.9.9"]) {
    await owner.must(["publish", await place.source("hello", version)]);
  }
  const [good, bad] = ["1.0.0", "9.9.9"].map((one) => join(owner.seed, `hello-${one}.tgz`));
  const hashes = await Promise.all(
    Array.from({ length: 100 }, (_, i) => i === 0 ? sha256Of(good!) : new Uint8Array(32).fill(i)),
  );
  const goodList = await writeGoodList(owner.seed, publisher.root.publicKey, hashes);
  const revoking = await publisher.record({
    seq: NOW + 1,
    signingKeys: [after.certificate],
    revokedKeys: [{ key: before.publicKey, sinceMs: NOW }],
    goodList,
  });
  const next = await place.home(after.pair);
  await writeIdentity(next.path, after, revoking);
  await next.must(["publish", await place.source("other", "1.0.0")]);
  await using owning = await owner.daemon();
  const reader = await place.home(null);
  await reader.must(["get", `${identity}/hello@1.0.0`]);
  const { code, stderr } = await reader.run(["get", `${identity}/hello@9.9.9`]);
  assert.equal(code, 4, stderr);
  assert.match(stderr, /not among those that the publisher lists as good/);
  await owning.end();
  await reader.must(["verify", good!]);
  assert.equal((await reader.run(["verify", bad!])).code, 4);
  // A reader that cannot reach the list takes nothing of the revoked key.
  const late = await place.home(null);
  const refused = await late.run(["get", "--timeout", "3s", `${identity}/hello@1.0.0`]);
  assert.equal(refused.code, 4, refused.stderr);
  assert.match(refused.stderr, /list of good archives .*could not be/);
});
