/**
 * Tests `upgrade --self` and `upgrade --rollback` with the compiled program on a testnet. The newer
 * programs are shell scripts, because only their way to the program's place is tested.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  BUILT_IN_PUBLISHER,
  PROGRAM_PACKAGE,
  programFileName,
  programFiles,
  STATE_SCHEMA_VERSION,
  version,
} from "../../src/base/mod.ts";
import { type Home, newPlace, type Place } from "../support/place.ts";
import { binary, binaryTest } from "./support.ts";

const script = (name: string) => `#!/bin/sh\necho "libreseed ${name}"\n`;

/** Copies the program, so that it may be replaced. Returns its path. */
async function install(place: Place): Promise<string> {
  const directory = await Deno.makeTempDir({ dir: place.path, prefix: "bin-" });
  const program = join(directory, "libreseed");
  await Deno.copyFile(binary, program);
  return program;
}

/** Publishes a release that has a script for this machine. */
async function release(place: Place, publisher: Home, name: string): Promise<void> {
  const directory = await Deno.makeTempDir({ dir: place.path, prefix: "release-" });
  const file = join(directory, programFileName(Deno.build.target));
  await Deno.writeTextFile(file, script(name), { mode: 0o755 });
  await Deno.writeTextFile(join(directory, "LICENSE"), "MIT\n");
  const about = ["--name", PROGRAM_PACKAGE, "--version", name];
  await publisher.must(["publish", "-q", directory, ...about]);
}

async function versionOf(program: string): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args: ["version"] }).output();
  return new TextDecoder().decode(stdout).trim();
}

function namesIn(path: string): string[] {
  return Array.from(Deno.readDirSync(path), ({ name }) => name).sort();
}

async function sumOf(path: string): Promise<string> {
  return createHash("sha256").update(await Deno.readFile(path)).digest("hex");
}

binaryTest("the program replaces itself by the newest one, and keeps the old one", async () => {
  await using place = await newPlace();
  const [publisher, user] = [await place.home(), await place.home(null)];
  await using daemon = await publisher.daemon();
  const program = await install(place);
  const options = { program: [program] };
  const from = ["--from", publisher.publicKey];

  if (BUILT_IN_PUBLISHER === "") {
    const { code, stderr } = await user.run(["upgrade", "--self"], options);
    assert.equal(code, 2);
    assert.match(stderr, /names no publisher of libreseed: .*--from KEY/);
  }
  await release(place, publisher, "0.0.1");
  const none = await user.run(["upgrade", "--self", ...from], options);
  assert.deepEqual([none.code, none.stdout], [0, ""], none.stderr);
  assert.match(none.stderr, /is up to date; 0\.0\.1 is offered/);
  assert.deepEqual(namesIn(join(program, "..")), ["libreseed"]);

  await release(place, publisher, "99.0.0");
  const done = await user.run(["upgrade", "--self", "--json", ...from], options);
  assert.equal(done.code, 0, done.stderr);
  const { previous, note } = programFiles(program);
  assert.deepEqual(JSON.parse(done.stdout), {
    name: PROGRAM_PACKAGE,
    publisher: publisher.publicKey,
    before: version,
    version: "99.0.0",
    path: program,
    previous,
  });
  assert.match(done.stderr, /upgrade --rollback/);
  assert.equal(await versionOf(program), "libreseed 99.0.0");
  assert.equal((await Deno.stat(program)).mode! & 0o777, (await Deno.stat(binary)).mode! & 0o777);
  assert.equal(await sumOf(previous), await sumOf(binary));
  assert.equal(await versionOf(previous), `libreseed ${version}`);
  assert.deepEqual(JSON.parse(await Deno.readTextFile(note)), {
    version,
    stateSchema: STATE_SCHEMA_VERSION,
    sha256: `sha256:${await sumOf(binary)}`,
  });
  assert.deepEqual(namesIn(join(program, "..")), [
    "libreseed",
    "libreseed.previous",
    "libreseed.previous.json",
  ]);
  await daemon.end();
});

binaryTest(
  "a release without a program for this machine, or of a stranger, changes nothing",
  async () => {
    await using place = await newPlace();
    const [publisher, user] = [await place.home(), await place.home(null)];
    await using daemon = await publisher.daemon();
    const program = await install(place);
    const source = await place.source(PROGRAM_PACKAGE, "99.0.0");
    await publisher.must(["publish", "-q", source]);
    const stranger = (await place.home()).publicKey;
    for (
      const [from, pattern] of [
        [publisher.publicKey, new RegExp(programFileName(Deno.build.target))],
        [stranger, /has no record of what/],
      ] as const
    ) {
      const { code, stdout, stderr } = await user.run(["upgrade", "--self", "--from", from], {
        program: [program],
      });
      assert.deepEqual([code, stdout], [3, ""], stderr);
      assert.match(stderr, pattern);
      assert.equal(await sumOf(program), await sumOf(binary));
      assert.deepEqual(namesIn(join(program, "..")), ["libreseed"]);
    }
    await daemon.end();
  },
);

binaryTest(
  "a rollback restores program and state, and is refused while a daemon runs",
  async () => {
    await using place = await newPlace({ nodes: 1 });
    const user = await place.home();
    const program = await install(place);
    const options = { program: [program] };
    const { previous, note } = programFiles(program);

    const nothing = await user.run(["upgrade", "--rollback"], options);
    assert.equal(nothing.code, 3, nothing.stderr);
    assert.match(nothing.stderr, /no upgrade has kept a program/);

    await Deno.writeTextFile(previous, script("0.0.9"), { mode: 0o755 });
    const sha256 = `sha256:${await sumOf(previous)}`;
    const stateSchema = STATE_SCHEMA_VERSION - 1;
    await Deno.writeTextFile(note, JSON.stringify({ version: "0.0.9", stateSchema, sha256 }));
    await user.must(["trust", "add", "later", user.publicKey], options);
    const state = join(user.path, "state.db");

    const missing = await user.run(["upgrade", "--rollback"], options);
    assert.equal(missing.code, 3, missing.stderr);
    assert.match(missing.stderr, /before-\d+ is missing: nothing was changed/);
    const copy = `${state}.before-${STATE_SCHEMA_VERSION}`;
    {
      using raw = new DatabaseSync(copy);
      raw.exec(`CREATE TABLE old (a); PRAGMA user_version = ${stateSchema}`);
    }
    {
      await using daemon = await user.daemon([], options);
      const refused = await user.run(["upgrade", "--rollback"], options);
      assert.deepEqual([refused.code, refused.stdout], [6, ""], refused.stderr);
      assert.match(refused.stderr, /is in use by process \d+.*libreseed stop/);
      await daemon.end();
    }
    assert.equal(await sumOf(program), await sumOf(binary));

    assert.equal(
      await user.must(["upgrade", "--rollback"], options),
      `libreseed ${version} → 0.0.9\n`,
    );
    assert.equal(await versionOf(program), "libreseed 0.0.9");
    assert.deepEqual(namesIn(join(program, "..")), ["libreseed"]);
    {
      using raw = new DatabaseSync(state, { readOnly: true });
      assert.equal(raw.prepare("PRAGMA user_version").get()!.user_version, stateSchema);
    }
    using kept = new DatabaseSync(
      join(user.path, "aside", `state.db.schema-${STATE_SCHEMA_VERSION}`),
    );
    assert.equal(kept.prepare("SELECT count(*) AS n FROM pins").get()!.n, 1);
  },
);

binaryTest("a release that a thief has signed with a revoked key is passed over", async () => {
  await using place = await newPlace();
  const [owner, thief, user] = [
    await place.home(null),
    await place.home(null),
    await place.home(null),
  ];
  const root = join(place.path, "root.key");
  await owner.must(["keygen", "-q", "--root-out", root]);
  const { identity } = JSON.parse(await owner.must(["key", "show", "--json"]));
  await Deno.mkdir(join(thief.path, "keys"), { mode: 0o700 });
  for (const name of ["publisher.key", "publisher.cert"]) {
    await Deno.copyFile(join(owner.path, "keys", name), join(thief.path, "keys", name));
  }
  await using ownersDaemon = await owner.daemon();
  await release(place, owner, "98.0.0");
  await using thiefsDaemon = await thief.daemon();
  await release(place, thief, "99.0.0");
  // Before the revocation, the thief's release is the newest one.
  const earlier = await place.home(null);
  const shown = await earlier.must(["resolve", "--json", `${identity}/${PROGRAM_PACKAGE}`]);
  assert.match(shown, /99\.0\.0/);
  await owner.must(["key", "revoke", "--current", "--reason", "stolen", "--yes", "--root", root]);

  const program = await install(place);
  const { code, stdout, stderr } = await user.run(["upgrade", "--self", "--from", identity], {
    program: [program],
  });
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `libreseed ${version} → 98.0.0\n`);
  assert.equal(await versionOf(program), "libreseed 98.0.0");
  await thiefsDaemon.end();
  await ownersDaemon.end();
});
