import assert from "node:assert/strict";
import { join } from "node:path";
import { fromHex, NO_FLAGS, toHex } from "../../../../src/base/mod.ts";
import {
  displaces,
  MirrorSpace,
  RANKS,
  type Standing,
} from "../../../../src/host/records/mirror_space.ts";
import { keyPairFromSeed } from "../../../../src/identity/mod.ts";
import type { MinimalManifest } from "../../../../src/package/mod.ts";
import { SeedDirectory, StateDatabase } from "../../../../src/store/mod.ts";
import { rememberVerified } from "../../../../src/fetching/mod.ts";
import { FakeClock } from "../../../support/fake_clock.ts";
import { temporaryHome } from "../../../support/mod.ts";
import { signedMinimal } from "../../../support/signed.ts";

const T = Date.UTC(2026, 5, 1);
const DAY_MS = 86_400_000;
const [first, second] = [31, 32].map((fill) => keyPairFromSeed(new Uint8Array(32).fill(fill)));
const LENGTH = 1_000;

/** A mirror with a seed directory of archives of 1,000 bytes each. */
async function mirror() {
  const directory = await temporaryHome();
  const clock = new FakeClock(T);
  const state = StateDatabase.open(join(directory.path, "state.db"), clock);
  const seeds = new SeedDirectory(join(directory.path, "seed"));
  await seeds.ensure();
  const uploading = new Set<string>();
  const notices: string[] = [];
  const evicted: string[] = [];
  let number = 0;
  const listed = new Map<string, MinimalManifest[]>();
  const space = new MirrorSpace({
    ...{ state, seeds, clock },
    uploading: () => Promise.resolve(uploading),
    evict: async ({ name, version }) => {
      evicted.push(`${name}@${version}`);
      await Deno.remove(join(seeds.path, `${name}-${version}.tgz`));
    },
    onNotice: (message) => notices.push(message),
    onWarning: assert.fail,
  });
  return {
    ...{ clock, state, seeds, space, uploading, notices, evicted },
    /** Lists a version by its followed publisher. */
    list(name: string, version: string, keys = first!): MinimalManifest {
      const minimal = signedMinimal({
        ...{ name, version, length: LENGTH, timestamp: T },
        archiveSha256: `sha256:${"cd".repeat(32)}`,
        btih: (++number).toString(16).padStart(40, "0"),
      }, keys);
      const key = toHex(keys.publicKey);
      listed.set(key, [...listed.get(key) ?? [], minimal]);
      state.follows.add(keys.publicKey, T);
      state.follows.settle(keys.publicKey, [], T, listed.get(key)!);
      return minimal;
    },
    /** Lists a version and puts its archive into the seed directory, mirrored or by the user. */
    async have(name: string, version: string, { keys = first!, isUsers = false } = {}) {
      const minimal = this.list(name, version, keys);
      const archivePath = join(seeds.path, `${name}-${version}.tgz`);
      await Deno.writeFile(archivePath, new Uint8Array(LENGTH));
      const { size: sizeBytes, mtime, ino } = await Deno.stat(archivePath);
      if (!isUsers) state.mirrored.hold(fromHex(minimal.btih)!, clock.now());
      const stamp = { sizeBytes, mtimeMs: mtime!.getTime(), inode: ino ?? 0 };
      const entry = { ...stamp, archivePath, minimal, name, version };
      rememberVerified(state, entry as unknown as Parameters<typeof rememberVerified>[1]);
      return minimal;
    },
    ask(minimal: MinimalManifest, times: number) {
      for (let i = 0; i < times; i++) state.mirrored.ask(fromHex(minimal.btih)!, clock.now());
    },
    flag(name: string, flags: { yanked?: string; deprecated?: string }) {
      const { yanked, deprecated } = flags;
      state.offers.settle(first!.publicKey, name, {
        seq: 1,
        flags: {
          ...NO_FLAGS,
          ...(yanked && { yanked: new Map([[yanked, ""]]) }),
          ...(deprecated && { deprecated: new Map([[deprecated, ""]]) }),
        },
      });
    },
    async [Symbol.asyncDispose]() {
      state[Symbol.dispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

Deno.test("yanked archives leave first, then deprecated ones, older ones, and what nobody asks for", async () => {
  await using at = await mirror();
  await at.have("asked", "1.0.0");
  await at.have("lone", "1.0.0");
  const old = await at.have("old", "1.0.0");
  await at.have("old", "2.0.0");
  await at.have("bad", "1.0.0");
  await at.have("poor", "1.0.0");
  at.flag("bad", { yanked: "1.0.0" });
  at.flag("poor", { deprecated: "1.0.0" });
  at.ask(old, 0);
  const asked = at.state.follows.search("asked", 1)[0]!;
  at.ask(asked, 3);
  assert.equal(await at.space.free(4 * LENGTH), 4 * LENGTH);
  assert.deepEqual(at.evicted, ["bad@1.0.0", "poor@1.0.0", "old@1.0.0", "lone@1.0.0"]);
  assert.equal(at.notices.length, 4);
  assert.match(at.notices[0]!, /bad@1\.0\.0 has left .* its publisher has yanked it/);
  assert.deepEqual(at.space.left?.map((one) => one.package), at.evicted);
});

Deno.test("archives of the user, those in use, and the coming one stay", async () => {
  await using at = await mirror();
  await at.have("users", "1.0.0", { isUsers: true });
  const used = await at.have("used", "1.0.0");
  const claimed = await at.have("claimed", "1.0.0");
  const coming = await at.have("coming", "1.0.0");
  at.uploading.add(used.btih);
  at.state.mirrored.claim(fromHex(claimed.btih)!);
  assert.equal(await at.space.free(10 * LENGTH, coming), 0);
  assert.deepEqual(at.evicted, []);
  at.uploading.clear();
  assert.equal(await at.space.free(10 * LENGTH), 2 * LENGTH);
  assert.deepEqual(at.evicted.sort(), ["coming@1.0.0", "used@1.0.0"]);
});

Deno.test("two publishers that are wanted alike do not replace each other's archives", async () => {
  await using at = await mirror();
  const mine = await at.have("mine", "1.0.0", { keys: first! });
  const theirs = at.list("theirs", "1.0.0", second!);
  assert.equal(await at.space.hasRoomFor(theirs, LENGTH), false, "both are new");
  at.ask(mine, 5);
  await at.space.free(LENGTH);
  await at.have("theirs", "1.0.0", { keys: second! });
  // The archive that has left was asked for, so it comes back, and then stays.
  assert.equal(await at.space.hasRoomFor(mine, LENGTH), true);
  await at.space.free(LENGTH);
  await at.have("mine", "1.0.0", { keys: first! });
  assert.equal(await at.space.hasRoomFor(theirs, LENGTH), false);
});

Deno.test("a newest version displaces an older one, and an older one displaces nothing", async () => {
  await using at = await mirror();
  const old = await at.have("pkg", "1.0.0");
  const newest = at.list("pkg", "2.0.0");
  const prerelease = at.list("pkg", "3.0.0-rc.1");
  assert.equal(await at.space.hasRoomFor(newest, LENGTH), true);
  assert.equal(
    await at.space.hasRoomFor(newest, 2 * LENGTH),
    false,
    "there is not so much to free",
  );
  assert.equal(await at.space.hasRoomFor(prerelease, LENGTH), false);
  at.ask(old, 4);
  assert.equal(await at.space.hasRoomFor(newest, LENGTH), false, "peers want the older one");
  await at.clock.advance(60 * DAY_MS);
  assert.equal(await at.space.hasRoomFor(newest, LENGTH), true, "they wanted it two months ago");
});

Deno.test("no two archives displace each other", () => {
  const worths = [0, 0.1, 0.5, 1, 1.4, 1.6, 2, 2.1, 10, 1e9];
  const all: Standing[] = RANKS.flatMap((rank) =>
    worths.flatMap((worth) => [true, false].map((isNewest) => ({ rank, worth, isNewest })))
  );
  for (const a of all) {
    for (const b of all) {
      assert.ok(!(displaces(a, b) && displaces(b, a)), JSON.stringify([a, b]));
    }
  }
});

Deno.test("an archive whose file is missing has left, so that a copy by hand is the user's", async () => {
  await using at = await mirror();
  const gone = await at.have("gone", "1.0.0");
  await Deno.remove(join(at.seeds.path, "gone-1.0.0.tgz"));
  assert.equal(await at.space.free(LENGTH), 0);
  assert.equal(at.state.mirrored.isHeld(fromHex(gone.btih)!), false);
  await Deno.writeFile(join(at.seeds.path, "gone-1.0.0.tgz"), new Uint8Array(LENGTH));
  assert.equal(await at.space.free(LENGTH), 0);
  assert.deepEqual(at.evicted, []);
});

Deno.test("an archive that is not followed any more leaves before those that are", async () => {
  await using at = await mirror();
  await at.have("mine", "1.0.0", { keys: first! });
  const theirs = await at.have("theirs", "1.0.0", { keys: second! });
  at.ask(theirs, 9);
  at.state.follows.remove(second!.publicKey);
  await at.space.free(LENGTH);
  assert.deepEqual(at.evicted, ["theirs@1.0.0"]);
});
