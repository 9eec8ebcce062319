/** Tests what `libreseed doctor` reports when one thing in the home is broken. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../../../src/base/mod.ts";
import { NameKeeper } from "../../../src/host/records/name_keeper.ts";
import { readKeyFile } from "../../../src/identity/mod.ts";
import { StateDatabase } from "../../../src/store/mod.ts";
import { signedEntry } from "../../support/signed.ts";
import { packInto, patient, verdicts } from "./patient.ts";
import { nobodyMet } from "../../support/fake_rendezvous.ts";

/**
 * Stores a name index entry of the home's publisher. The entry's date is three days in the future.
 */
async function publishAhead(home: string): Promise<void> {
  const clock = { ...systemClock, now: () => Date.now() + 3 * 86_400_000 };
  const keys = await readKeyFile(join(home, "keys", "publisher.key"));
  const times = { firstSeenMs: clock.now(), timestampMs: clock.now() };
  using state = StateDatabase.open(join(home, "state.db"), clock);
  const keeper = new NameKeeper({
    state,
    store: { lookUp: () => Promise.reject(), put: () => Promise.reject() },
    clock,
    intervalMs: () => 3_600_000,
    onWarning: () => {},
    caller: nobodyMet,
  });
  keeper.keep("sick", signedEntry(keys, "sick", { version: "1.0.0", ...times }));
}

const illnesses: {
  title: string;
  harm(path: string): Promise<unknown> | void;
  check: string;
  verdict: "warn" | "fail";
  says: RegExp;
}[] = [
  {
    title: "a key that others can read",
    harm: (path) => Deno.chmod(join(path, "keys", "publisher.key"), 0o640),
    check: "key",
    verdict: "fail",
    says: /chmod 600 .*publisher\.key/,
  },
  {
    title: "a key file that is none",
    harm: (path) => Deno.writeTextFile(join(path, "keys", "publisher.key"), "no key\n"),
    check: "key",
    verdict: "fail",
    says: /is not a key file/,
  },
  {
    title: "a key directory that others can look into",
    harm: (path) => Deno.chmod(join(path, "keys"), 0o755),
    check: "key",
    verdict: "warn",
    says: /keys is open to others \(mode 0755\).*chmod 700 .*keys/,
  },
  {
    title: "a key directory that others can write to",
    harm: (path) => Deno.chmod(join(path, "keys"), 0o777),
    check: "key",
    verdict: "fail",
    says: /others can replace files in .*keys \(mode 0777\)/,
  },
  {
    title: "a key that is a link to nowhere",
    async harm(path) {
      await Deno.remove(join(path, "keys", "publisher.key"));
      await Deno.symlink("/nowhere/publisher.key", join(path, "keys", "publisher.key"));
    },
    check: "key",
    verdict: "fail",
    says: /is a link to \/nowhere\/publisher\.key: move the key file itself there/,
  },
  {
    title: "a key that is a link to a sound key",
    async harm(path) {
      const key = join(path, "keys", "publisher.key");
      await Deno.rename(key, join(path, "elsewhere.key"));
      await Deno.symlink(join(path, "elsewhere.key"), key);
    },
    check: "key",
    verdict: "fail",
    says: /is a link to .*elsewhere\.key: move the key file itself there/,
  },
  {
    title: "a key that has a second name",
    harm: (path) => Deno.link(join(path, "keys", "publisher.key"), join(path, "copy")),
    check: "key",
    verdict: "warn",
    says: /the key file has 2 names/,
  },
  {
    title: "a home that others can write to",
    harm: (path) => Deno.chmod(path, 0o777),
    check: "home",
    verdict: "fail",
    says: /others can replace files in .* \(mode 0777\): run: chmod 700/,
  },
  {
    title: "an archive of other bytes than were signed",
    async harm(path) {
      const archive = await packInto(path);
      const bytes = await Deno.readFile(archive);
      bytes[bytes.length - 1]! ^= 1;
      await Deno.writeFile(archive, bytes);
    },
    check: "archives",
    verdict: "fail",
    says: /sick-1\.0\.0\.tgz is not what its publisher signed: remove it/,
  },
  {
    title: "an archive without its manifest",
    harm: async (path) => Deno.remove((await packInto(path)).replace(/tgz$/, "minimal.json")),
    check: "archives",
    verdict: "warn",
    says: /sick-1\.0\.0\.minimal\.json.*libreseed list/,
  },
  {
    title: "a seed directory that others can write to",
    harm: (path) => Deno.chmod(join(path, "seed"), 0o777),
    check: "seed directory",
    verdict: "warn",
    says: /chmod go-w .*seed/,
  },
  {
    title: "a symbolic link in the home that leads out of it",
    harm: (path) => Deno.symlink("/etc", join(path, "aside")),
    check: "links",
    verdict: "warn",
    says: /aside is a symbolic link to \/etc, which leads out of the home: put what/,
  },
  {
    title: "a state.db that has a second name",
    harm: (path) => Deno.link(join(path, "state.db"), join(path, "second")),
    check: "links",
    verdict: "warn",
    says: /state\.db is a file with 2 names \(hard links\).*cp -p/,
  },
  {
    title: "a link in the seed directory that leads out of it",
    harm: (path) => Deno.symlink("/etc", join(path, "seed", "etc")),
    check: "seed directory",
    verdict: "warn",
    says: /seed\/etc: a symbolic link.*remove/,
  },
  {
    title: "a file in the seed directory that has a second name elsewhere",
    async harm(path) {
      await Deno.writeTextFile(join(path, "notes"), "");
      await Deno.link(join(path, "notes"), join(path, "seed", "notes"));
    },
    check: "seed directory",
    verdict: "warn",
    says: /seed\/notes: a file with several names \(hard links\).*not seeded: .*cp -p/,
  },
  {
    title: "a file where the seed directory should be",
    async harm(path) {
      await Deno.remove(join(path, "seed"), { recursive: true });
      await Deno.writeTextFile(join(path, "seed"), "");
    },
    check: "seed directory",
    verdict: "fail",
    says: /seed cannot be written.*--dir/,
  },
  {
    title: "a state.db of other bytes",
    harm: (path) => Deno.writeTextFile(join(path, "state.db"), "no database".repeat(1_000)),
    check: "state.db",
    verdict: "fail",
    says: /not a database.*put aside/,
  },
  {
    title: "a state.db with a page of zeros",
    async harm(path) {
      using file = await Deno.open(join(path, "state.db"), { write: true });
      await file.seek(4096, Deno.SeekMode.Start);
      await file.write(new Uint8Array(4096));
    },
    check: "state.db",
    verdict: "fail",
    says: /state\.db cannot be used/,
  },
  {
    title: "a state.db of a newer libreseed",
    harm(path) {
      using database = new DatabaseSync(join(path, "state.db"));
      database.exec("PRAGMA user_version = 999");
    },
    check: "state.db",
    verdict: "fail",
    says: /newer libreseed \(schema 999\)/,
  },
  {
    title: "a state.db that others can read",
    harm: (path) => Deno.chmod(join(path, "state.db"), 0o644),
    check: "state.db",
    verdict: "warn",
    says: /chmod 600 .*state\.db/,
  },
  {
    title: "a temporary of a process that was killed",
    async harm(path) {
      const stale = join(path, "seed", ".tmp-1-stale");
      await Deno.writeTextFile(stale, "");
      await Deno.utime(stale, 0, Date.now() / 1_000 - 7_200);
    },
    check: "temporaries",
    verdict: "warn",
    says: /\.tmp-1-stale left by/,
  },
  {
    title: "a publish with the clock ahead",
    harm: publishAhead,
    check: "name entries",
    verdict: "fail",
    says: /readers do not find sick by name: .*dated in the future.*`libreseed publish` again/,
  },
  {
    title: "a state.db from the future",
    harm: (path) => Deno.utime(join(path, "state.db"), 0, Date.now() / 1_000 + 3_600),
    check: "clock",
    verdict: "fail",
    says: /state\.db was written 3\d{3} s later/,
  },
];

for (const { title, harm, check, verdict, says } of illnesses) {
  Deno.test(`${title}: ${verdict}, with the way to fix it`, async () => {
    await using there = await patient();
    await harm(there.path);
    const before = await Deno.readFile(join(there.path, "state.db"));
    const { code, checks } = await there.doctor();
    assert.deepEqual(verdicts(checks), { [check]: verdict });
    assert.equal(code, verdict === "fail" ? 1 : 0);
    const { what, mend } = checks.get(check)!;
    assert.match(`${what}: ${mend}`, says);
    assert.deepEqual(await Deno.readFile(join(there.path, "state.db")), before, "it mends nothing");
  });
}

Deno.test("a state.db locked by another program is reported as locked, not as damaged", async () => {
  await using there = await patient();
  const path = join(there.path, "state.db");
  using database = new DatabaseSync(path);
  database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  const { code, checks } = await there.doctor();
  assert.deepEqual([code, verdicts(checks)], [1, { "state.db": "fail" }]);
  const { what, mend } = checks.get("state.db")!;
  assert.match(what, /database is locked/);
  assert.equal(mend, "end the program that has it open, or wait for it");
});
